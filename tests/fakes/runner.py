"""A runner whose programs are Python functions: for tests of those who start programs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Completed

__all__ = ["Call", "FakeRunner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a program was started with."""

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    stdin: bytes
    directory: Path | None


@dataclass(slots=True)
class FakeRunner:
    """Starts the function that stands under ``argv[0]``; it gets the call and returns what the program would."""

    programs: Mapping[str, Callable[[Call], Completed]]
    calls: list[Call] = field(default_factory=list)

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...],
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 600.0,
    ) -> Completed:
        """Run a function as a program. Raises EnvironmentFault TB5901 (unknown, no directory), TB5902 (too slow)."""
        if not argv or "\0" in "".join(argv) or argv[0] not in self.programs or not (directory or Path()).is_dir():
            raise EnvironmentFault.of("TB5901", f"cannot start {argv[:1]}", hint="give the fake such a program")
        call = Call(argv=argv, environment=environment, stdin=stdin, directory=directory)
        self.calls.append(call)
        results: list[Completed] = []
        thread = threading.Thread(target=lambda: results.append(self.programs[argv[0]](call)), daemon=True)
        thread.start()
        thread.join(timeout)
        if not results:
            raise EnvironmentFault.of("TB5902", f"{argv[0]} did not end within {timeout:g} s", hint="be quicker")
        return results[0]
