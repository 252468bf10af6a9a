"""Bare network files, ONNX or TorchScript without a description: asked about, measured and made packages.

`questions` asks and offers what was measured, `parse` checks answers, `write_package` writes the package.
"""

from drua.bare.ask import parse, questions, write_package

__all__ = ["parse", "questions", "write_package"]
