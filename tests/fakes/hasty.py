"""A runner whose bounded processes are ended sooner than by their real limits, so that tests are quick."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from twinbuild.ports import Completed
from twinbuild.process.runner import SubprocessRunner

__all__ = ["Hasty"]


@dataclass(frozen=True, slots=True)
class Hasty:
    """Runs ``_main`` of this module of ``build`` with a second of processor time and a quarter of the memory."""

    module: str

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...],
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 600.0,
    ) -> Completed:
        """As ``ports.Runner`` does."""
        program = (
            f"import sys; from twinbuild.build import bounded, {self.module}; "
            f"bounded.bound.__kwdefaults__.update(seconds=1, memory=256 << 20); sys.exit({self.module}._main())"
        )
        before = os.times().children_user
        done = SubprocessRunner().run(
            (argv[0], "-P", "-s", "-c", program),
            environment=environment,
            stdin=stdin,
            directory=directory,
            timeout=timeout,
        )
        assert os.times().children_user - before < 5, "it was ended by its real limits"
        return done
