"""Reference: what bioimageio.core makes of a package."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SERVER = Path(__file__).with_name("core_server.py")
PYTHON = Path(os.environ.get("DRUA_ORACLE", ROOT / ".venv-oracle/bin/python"))


class CannotError(Exception):
    """What the reference says where it cannot."""


class Reference:
    """A process with bioimageio.core, to be closed.

    `seconds` is how long its last prediction took, without opening the model, and `by` what ran the network.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.by = ""
        if not PYTHON.exists():
            raise FileNotFoundError(f"{PYTHON} with bioimageio.core is not there: run make oracle")
        self._process = subprocess.Popen(
            [str(PYTHON), str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": "", "DRUA_TORCH": place_of_torch()},
        )
        self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def predict(
        self,
        package: Path,
        inputs: Mapping[str, np.ndarray],
        block: Mapping[str, Mapping[str, int]] | None = None,
        weights: str | None = "onnx",
    ) -> dict[str, np.ndarray]:
        """Return the outputs by name, in the axes of the description, for inputs in theirs.

        Parameters
        ----------
        package : Path
            A package's folder, or its description.
        inputs : mapping
            Arrays by the names of the inputs.
        block : mapping, optional
            The sides of a tile, by input and axis; whole if absent.
        weights : str or None
            The format of the weights; None for what it chooses.

        Raises
        ------
        CannotError
            If the reference cannot.
        """
        with tempfile.TemporaryDirectory() as folder:
            files = {name: str(Path(folder) / f"{number}-in.npy") for number, name in enumerate(inputs)}
            for name, path in files.items():
                np.save(path, inputs[name])
            description = package if package.is_file() else package / "bioimageio.yaml"
            request = {
                "package": str(description),
                "inputs": files,
                "block": block,
                "weights": weights,
                "out": folder,
            }
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._answer())
            if "error" in answer:
                raise CannotError(answer["error"])
            self.seconds, self.by = answer["seconds"], answer["by"]
            return {name: np.load(path) for name, path in answer["outputs"].items()}

    def _answer(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{PYTHON} ended: does it have bioimageio.core? Run make oracle")
        return line.strip()


def place_of_torch() -> str:
    """Return the folder with PyTorch: DRUA_TORCH, or this environment's packages; once is heavy enough."""
    if os.environ.get("DRUA_TORCH"):
        return os.environ["DRUA_TORCH"]
    found = importlib.util.find_spec("torch")
    return "" if found is None or found.origin is None else str(Path(found.origin).parents[1])
