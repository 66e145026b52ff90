"""The image's own interpreter, in the build that this machine can run, unpacked while byte code must be made."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from twinbuild.build.base import unpack_interpreter
from twinbuild.build.bytecode import PROGRAM_DIGEST, Compiler
from twinbuild.build.debs import opened_debs
from twinbuild.build.rootfs import materialise
from twinbuild.codec.canonical import digest_of
from twinbuild.debian.unpack import merge
from twinbuild.errors import BuildError
from twinbuild.model.image import BuiltLayer
from twinbuild.model.plan import Interpreter, InterpreterBuild, LayerDerivation
from twinbuild.ports import Runner, Store

__all__ = ["Workshop", "runnable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A directory for one build, with the interpreters that its layers need and the programs that it may start."""

    runner: Runner
    directory: Path
    roots: tuple[tuple[Interpreter, InterpreterBuild, Path], ...]
    below: tuple[BuiltLayer, ...] = ()  # finished layers that others are made on or from

    @classmethod
    @contextmanager
    def open(
        cls,
        store: Store,
        runner: Runner,
        scratch: Path,
        layers: tuple[LayerDerivation, ...],
        below: tuple[BuiltLayer, ...] = (),
    ) -> Iterator[Self]:
        """Make the directory below ``scratch`` and unpack the interpreters; all of it is deleted afterwards."""
        scratch.mkdir(parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix="build-", dir=scratch))
        try:
            roots: dict[Interpreter, tuple[InterpreterBuild, Path]] = {}
            for layer in layers:
                interpreter: Interpreter | None = getattr(layer.recipe, "bytecode", None)
                if interpreter is not None and interpreter not in roots:
                    build = runnable(interpreter, os.uname().machine)
                    roots[interpreter] = build, directory / f"interpreter-{len(roots)}"
                    _unpack(interpreter, build, roots[interpreter][1], store)
            yield cls(
                runner=runner,
                directory=directory,
                roots=tuple((interpreter, build, root) for interpreter, (build, root) in roots.items()),
                below=below,
            )
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def built(self, layer: LayerDerivation) -> BuiltLayer:
        """The finished layer of a derivation, one of ``below``."""
        key = digest_of(layer)
        return next(built for built in self.below if built.derivation == key)

    def compiler(self, interpreter: Interpreter) -> Compiler:
        """The compiler that an interpreter of ``open``'s layers is. Raises BuildError TB5011 for another program."""
        if interpreter.program != PROGRAM_DIGEST:
            raise BuildError.of(
                "TB5011",
                f"byte code is to be made by program {interpreter.program}, but this installation has {PROGRAM_DIGEST}",
                hint="install the version of twinbuild that made the plan, or plan again",
            )
        build, root = next((build, root) for known, build, root in self.roots if known == interpreter)
        return Compiler(runner=self.runner, root=root, platform=build.platform, executable=interpreter.executable)


def runnable(interpreter: Interpreter, machine: str) -> InterpreterBuild:
    """The build of an interpreter for a machine as ``uname -m`` names it. Raises BuildError TB5013."""
    for build in interpreter.builds:
        if build.platform.machine == machine:
            return build
    have = ", ".join(str(build.platform) for build in interpreter.builds)
    raise BuildError.of(
        "TB5013",
        f"byte code needs Python {interpreter.version} on this {machine} machine, but the lock has it for {have} alone",
        hint="add this machine's platform to `environment.platforms` and lock again, build on another machine, "
        "or say `build: {bytecode: false}`",
    )


def _unpack(interpreter: Interpreter, build: InterpreterBuild, root: Path, store: Store) -> None:
    """What the interpreter needs to start and to compile: no documents, and no character sets of the C library."""
    root.mkdir()
    if build.base:
        unpack_interpreter(interpreter, build, root, store)
    if not build.debs:
        return
    with opened_debs(build.debs, store) as packages:
        entries = [
            entry
            for entry in merge(packages, build.platform).root.entries()
            if not entry.path.startswith(("usr/share/", "var/", "etc/")) and "/gconv/" not in entry.path
        ]
        materialise(entries, root)
