"""A worker without an engine, for WorkerProcessTest: standard library only.

Argument 1 says what is wrong with it: good, noisy, early, missing, silent, old, holder, stuck.
"""

import importlib
import json
import mmap
import os
import subprocess
import sys
import time

sys.stdin.reconfigure(encoding="utf-8")
mode = sys.argv[1]
out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
os.dup2(2, 1)
mapped = {}


def say(kind, **fields):
    """Write one response."""
    out.write(json.dumps({"responseType": kind, **fields}, ensure_ascii=False) + "\n")


def echo(task, inputs):
    """Return the image in the granted segment."""
    image = inputs["image"]
    size = inputs["size"]
    say("UPDATE", task=task, message="écho", current=1, maximum=2)
    say("NEED", task=task, bytes=size)
    grant = granted()
    mapped[grant][:size] = mapped[image["segment"]][:size]
    say("COMPLETION", task=task, outputs={"text": inputs["text"], "segment": grant})


def granted():
    """Answer what comes until a segment is granted."""
    while True:
        request = json.loads(sys.stdin.readline())
        if request["requestType"] == "GRANT":
            return request["segment"]
        answer(request)


def answer(request):
    """Answer what needs no task."""
    if request["requestType"] == "ATTACH":
        attach(request["segments"])
    elif request["requestType"] == "PING":
        say("PONG", id=request["id"])


def attach(segments):
    """Map segments."""
    for segment in segments:
        descriptor = os.open(segment["path"], os.O_RDWR)
        mapped[segment["name"]] = mmap.mmap(descriptor, segment["bytes"])
        os.close(descriptor)
    say("ATTACHED", segments=[segment["name"] for segment in segments])


def die(exit_code):
    """End with the exit code, or by a signal."""
    sys.stderr.write("the last words\n")
    sys.stderr.flush()
    if exit_code is None:
        os.kill(os.getpid(), 9)
    os._exit(exit_code)


def execute(task, op, inputs):
    """Do what the operation names."""
    say("LAUNCH", task=task)
    if op == "echo" and "image" in inputs:
        echo(task, inputs)
    elif op == "echo":
        say("COMPLETION", task=task, outputs=inputs)
    elif op == "garbage":
        sys.stdout.write("a stray print\n")  # goes to the log, as in the real worker
        out.write("not JSON at all\n")
    elif op == "die":
        die(inputs.get("exit"))
    elif op == "sleep":
        time.sleep(60)
    elif op == "chatter":
        for i in range(1000):
            sys.stderr.write(f"line {i} {'x' * 1000}\n")
        say("COMPLETION", task=task, outputs={})


if mode == "early":
    sys.stderr.write("cannot open the libc of the moon\n")
    sys.exit(3)
if mode == "missing":
    importlib.import_module("drua_is_not_installed_here")
if mode == "silent":
    time.sleep(60)
if mode == "holder":
    # Keeps stdin, stdout, stderr and the protocol open after this process has died.
    sleeper = [sys.executable, "-c", "import time; time.sleep(20)"]
    subprocess.Popen(sleeper, pass_fds=[out.fileno()])  # noqa: S603
if mode == "noisy":
    out.write("a site-packages hook says hello\n")
say("HELLO", protocol=2 if mode == "old" else 1, engine="0.0.1", python="3", pid=os.getpid(), devices=["cpu"])
if mode == "stuck":
    time.sleep(60)
for line in sys.stdin:
    request = json.loads(line)
    if request["requestType"] == "EXECUTE":
        execute(request["task"], request["op"], request["inputs"])
    elif request["requestType"] == "SHUTDOWN":
        break
    else:
        answer(request)
