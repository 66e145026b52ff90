"""A runner that does what a bounded process does in this one: for tests of what it answers.

That it has a process of its own, which the kernel bounds, is for the tests of ``build.bounded`` and of its modules.
"""

from __future__ import annotations

import importlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from twinbuild.ports import Completed

__all__ = ["Here"]


class Here:
    """Runs ``_main`` of the module that a bounded process is asked to run."""

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...],  # the port's
        stdin: bytes = b"",
        directory: Path | None = None,  # the port's
        timeout: float = 600.0,  # the port's
    ) -> Completed:
        """As ``ports.Runner`` does."""
        module = importlib.import_module(argv[-1])
        said = io.BytesIO()
        with pytest.MonkeyPatch.context() as patch, io.TextIOWrapper(said, "utf-8", write_through=True) as stream:
            patch.setattr(module, "bound", lambda: None)
            patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", stream)
            status: int = module._main()
            return Completed(status=status, stdout=said.getvalue(), stderr=b"")
