"""`drua models list | info | add | remove | test`."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from drua.console import Bar, Device, Json, console, errors, plain, print_json, print_pairs, settings_of
from drua.errors import Cancelled, SettingError, UntrustedModelError

models_app = typer.Typer(help="List, describe, install, remove and test models.", no_args_is_help=True)


@models_app.command("list")
def list_models(as_json: Json = False) -> None:
    """List the installed models, and the packages that cannot be used with the reason."""
    from drua.model_operations import list_all

    found = list_all()
    if as_json:
        print_json(found)
        return
    table = Table("id", "task", "licence", "MB", "tested", "description", box=None)
    table.columns[0].no_wrap = True  # what other commands need must be whole
    for card in found["models"]:
        size = f"{card['bytes'] / 1e6:.1f}"
        text = card["description"] if not card["problem"] else f"cannot run: {_text_of(card['problem'])}"
        table.add_row(card["id"], card["task"], card["licence"], size, _tested(card["tested"]), plain(text))
    console.print(table)
    for each in found["broken"]:
        errors.print(f"[yellow]broken:[/yellow] {plain(each['folder'])}: {plain(_text_of(each['error']))}")


@models_app.command()
def info(model: str, as_json: Json = False) -> None:
    """Describe one model and its settings."""
    from drua.model_operations import describe

    card = describe(model)["card"]
    if as_json:
        print_json(card)
        return
    print_pairs(card["name"], _facts(card))
    console.print(card["description"], markup=False)
    for item in card["settings"]:
        console.print(f"  {item['name']}={item['default']}  {item['help'] or item['label']}", markup=False)


@models_app.command()
def add(
    source: Annotated[
        str, typer.Argument(help="A folder, a zip, an ONNX or TorchScript file, or the address of one.")
    ],
    replace: Annotated[bool, typer.Option(help="Replace an installed model with the same id.")] = False,
    allow_code: Annotated[
        str | None,
        typer.Option(
            metavar="SHA256", help="Let the Python file with this SHA-256 run once, to convert the weights."
        ),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An answer about a bare network; repeat for more."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Install a model."""
    from drua import model_operations

    answers = settings_of(answer or [])
    try:
        with Bar(source, quiet=as_json, unit="") as progress:
            found = model_operations.inspect(source, progress)
        code = found.get("code")
        if code and allow_code is None:
            allow_code = _allowed(source, code, quiet=as_json)
        if found["kind"] == "network":
            answers = _answers(found, answers, quiet=as_json)
        with Bar(source, quiet=as_json, unit="") as progress:
            added = model_operations.add(
                source,
                progress,
                answers=answers if found["kind"] == "network" else None,
                allow_code=allow_code,
                replace=replace,
            )
    except Cancelled:
        errors.print("stopped; what was downloaded is kept, and the next attempt goes on there")
        sys.exit(1)
    card = added["card"]
    if as_json:
        print_json(added)
        return
    console.print(f"{card['id']} is installed in {card['folder']}", markup=False)
    for note in added["notes"]:
        errors.print(f"[yellow]note:[/yellow] {plain(note)}")
    if card["problem"]:
        errors.print(f"[yellow]note:[/yellow] it cannot run here: {plain(_text_of(card['problem']))}")


@models_app.command()
def remove(model: str, as_json: Json = False) -> None:
    """Delete an installed model."""
    from drua import model_operations

    removed = model_operations.remove(model)
    if as_json:
        print_json(removed)
    else:
        console.print(f"{model} is removed", markup=False)


@models_app.command()
def test(model: str, device: Device = "auto", as_json: Json = False) -> None:
    """Run a model on its own test input, whole and in tiles, and compare with its expected output."""
    from drua import model_operations

    tested = model_operations.test(model, device)
    if as_json:
        print_json(tested["outcome"])
    else:
        console.print(tested["text"], markup=False)
    if not tested["outcome"]["passed"]:
        sys.exit(1)


def _allowed(source: str, code: dict[str, str], *, quiet: bool) -> str:
    """Show the code that a package needs and return its SHA-256 if the person at the terminal allows it."""
    command = f"drua models add {shlex.quote(source)} --allow-code {code['sha256']}"
    if not quiet:
        console.rule(code["file"])
        console.print(code["text"], markup=False)
        console.rule(f"SHA-256 {code['sha256']}")
    if not quiet and console.is_terminal and sys.stdin.isatty():
        errors.print(plain(f"{code['why']}. It runs in a process of its own, without network."))
        if typer.confirm("Have you read it, and do you trust it?", err=True):
            return code["sha256"]
    raise UntrustedModelError(code["why"], remedy=f"read it and, if you trust it, run: {command}")


def _answers(found: dict[str, Any], given: dict[str, str], *, quiet: bool) -> dict[str, Any]:
    """Return the given answers about a bare network, and at a terminal those to all other questions."""
    ask = not quiet and console.is_terminal and sys.stdin.isatty()
    if ask:
        console.print(
            f"{found['file']} says little of itself. Enter takes what is in brackets.", markup=False
        )
    answers: dict[str, Any] = dict(given)
    open_questions = [each for each in found["questions"] if each["name"] not in answers]
    missing = [each["name"] for each in open_questions if each["default"] is None]
    if missing and not ask:
        if not quiet:
            console.print(_questionnaire(found["questions"]))
        raise SettingError(
            f"{found['file']} is a network without a description, and nothing tells its {', '.join(missing)}",
            remedy="give "
            + " ".join(f"--set {name}=..." for name in missing)
            + ", or run this at a terminal",
        )
    for question in open_questions if ask else ():
        choices = f" ({', '.join(question['choices'])})" if question["choices"] else ""
        if question["help"]:
            console.print(f"  {question['help']}", markup=False, style="dim")
        answers[question["name"]] = typer.prompt(
            f"{question['label']}{choices}", default=question["default"], err=True
        )
    return answers


def _questionnaire(questions: list[dict[str, Any]]) -> Table:
    """Return what can be answered by --set, as a table."""
    table = Table("--set", "default", "what", box=None)
    table.columns[0].no_wrap = True
    for each in questions:
        default = "needed" if each["default"] is None else str(each["default"])
        choices = f" ({', '.join(each['choices'])})" if each["choices"] else ""
        table.add_row(each["name"], plain(default), plain(f"{each['label']}{choices}. {each['help']}"))
    return table


def _facts(card: dict[str, Any]) -> dict[str, str]:
    sizes = ", ".join(f"{letter} {size:g} {card['unit']}" for letter, size in card["pixel_size"].items())
    return {
        "id": card["id"],
        "version": card["version"] or "not stated",
        "task": card["task"],
        "licence": card["licence"],
        "authors": ", ".join(card["authors"]) or "not stated",
        "tags": ", ".join(card["tags"]) or "none",
        "inputs": "; ".join(map(_tensor, card["inputs"])),
        "outputs": "; ".join(map(_tensor, card["outputs"])),
        "pixel size": sizes or "any",
        "made for": card["made_for"] or "not stated",
        **({"intensities": card["intensities"]} if card["intensities"] else {}),
        "weights": ", ".join(card["weights"]),
        "size": f"{card['bytes'] / 1e6:.1f} MB",
        "folder": card["folder"],
        "cover": card["cover"] or "none",
        "tested": _tested(card["tested"]),
        "problem": _text_of(card["problem"]) if card["problem"] else "none",
    }


def _tensor(tensor: dict[str, Any]) -> str:
    channels = f" ({', '.join(tensor['channels'])})" if tensor["channels"] else ""
    return f"{tensor['name']} {tensor['axes']}{channels}{', optional' if tensor.get('optional') else ''}"


def _tested(record: dict[str, Any] | None) -> str:
    if record is None:
        return "no"
    return f"{'passed' if record['passed'] else 'FAILED'} on {record['device']}, {record['created'][:10]}"


def _text_of(error: dict[str, str]) -> str:
    return f"{error['message']}; {error['remedy']}" if error["remedy"] else error["message"]
