"""PyTorch's own forward passes of a network of ours: a line for each request, and its seconds as the answer.

python torch_peer.py NETWORK.py SIDE: NETWORK.py has the class `NucleiNet`. Its weights are random here, which
takes the same time. A request is 'eager' or 'channels_last', a number of passes and one of threads.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import torch


def _network(path: Path) -> Any:
    found = importlib.util.spec_from_file_location("network", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.NucleiNet().eval()


def main() -> None:
    """Answer until stdin ends."""
    side = int(sys.argv[2])
    image = torch.rand(1, 1, side, side)
    plain = _network(Path(sys.argv[1]))
    last = _network(Path(sys.argv[1])).to(memory_format=torch.channels_last)
    forms = {"eager": (plain, image), "channels_last": (last, image.to(memory_format=torch.channels_last))}
    with torch.inference_mode():
        for network, given in forms.values():
            network(given)
        print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
        for line in sys.stdin:
            form, passes, threads = line.split()
            network, given = forms[form]
            torch.set_num_threads(int(threads))
            network(given)  # threads that slept wake up
            started = time.perf_counter()
            for _ in range(int(passes)):
                network(given)[:, :2].sigmoid()
            print((time.perf_counter() - started) / int(passes), flush=True)


if __name__ == "__main__":
    main()
