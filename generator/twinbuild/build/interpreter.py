"""The image's own interpreter, unpacked for the time of a build where byte code must be made."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from twinbuild.build.bytecode import PROGRAM_DIGEST, Compiler
from twinbuild.build.debs import opened_debs
from twinbuild.build.rootfs import materialise
from twinbuild.debian.unpack import merge
from twinbuild.errors import BuildError
from twinbuild.model.plan import Interpreter, LayerDerivation
from twinbuild.model.platform import Platform
from twinbuild.ports import Runner, Store

__all__ = ["Workshop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A directory for one build, with the interpreters that its layers need and the programs that it may start."""

    runner: Runner
    directory: Path
    roots: tuple[tuple[Interpreter, Path], ...]

    @classmethod
    @contextmanager
    def open(cls, store: Store, runner: Runner, scratch: Path, layers: tuple[LayerDerivation, ...]) -> Iterator[Self]:
        """Make the directory below ``scratch`` and unpack the interpreters; all of it is deleted afterwards."""
        scratch.mkdir(parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix="build-", dir=scratch))
        try:
            roots: dict[Interpreter, Path] = {}
            for layer in layers:
                interpreter: Interpreter | None = getattr(layer.recipe, "bytecode", None)
                if interpreter is not None and interpreter not in roots:
                    roots[interpreter] = directory / f"interpreter-{len(roots)}"
                    _unpack(interpreter, layer.platform, roots[interpreter], store)
            yield cls(runner=runner, directory=directory, roots=tuple(roots.items()))
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def compiler(self, interpreter: Interpreter, platform: Platform) -> Compiler:
        """The compiler that an interpreter of ``open``'s layers is. Raises BuildError TB5011 for another program."""
        if interpreter.program != PROGRAM_DIGEST:
            raise BuildError.of(
                "TB5011",
                f"byte code is to be made by program {interpreter.program}, but this installation has {PROGRAM_DIGEST}",
                hint="install the version of twinbuild that made the plan, or plan again",
            )
        root = dict(self.roots)[interpreter]
        return Compiler(runner=self.runner, root=root, platform=platform, executable=interpreter.executable)


def _unpack(interpreter: Interpreter, platform: Platform, root: Path, store: Store) -> None:
    """What the interpreter needs to start and to compile: no documents, and no module beside the standard library."""
    with opened_debs(interpreter.debs, store) as packages:
        entries = [
            entry
            for entry in merge(packages, platform).root.entries()
            if not entry.path.startswith(("usr/share/", "var/", "etc/"))
        ]
        root.mkdir()
        materialise(entries, root)
