"""Build steps: a command in the sandbox, with declared inputs alone → its declared outputs as the entries of a layer.

``StepRecipe`` is the contract. The root file system and the inputs are put on disk, the command runs without a network
and as an ordinary user, and what it left below ``/outputs`` is held against what the spec declares.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from twinbuild.build.clock import fixed_clock
from twinbuild.build.collect import collect
from twinbuild.build.content import BlobContent
from twinbuild.build.interpreter import Workshop
from twinbuild.build.outputs import checked_outputs, places
from twinbuild.build.rootfs import discard, materialise
from twinbuild.build.sandbox import Bind, Confinement, Sandbox
from twinbuild.build.stepfailure import explained, failed, foreign
from twinbuild.build.unpack import as_base, layer_tree, stack_entries
from twinbuild.errors import BuildError, TwinbuildError
from twinbuild.model.plan import LayerDerivation, LayerRecipe, StepRecipe
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Directory, Entry, File
from twinbuild.oci.stack import Stack, read_stack
from twinbuild.ports import Store

__all__ = ["STEPS", "prerequisites", "step_entries"]

STEPS: Final = "step/2"  # changes with whatever a step can observe, and with what becomes of its outputs
_WRITABLE: Final = ("outputs", "work")
_CLOCK: Final = "usr/lib/twinbuild-clock"
_PRELOAD: Final = "etc/ld.so.preload"
_DEPTH: Final = 256  # directories; ``collect`` refuses what is deeper
_SKEW: Final = 3600.0  # seconds between this process's clock and the kernel's that no machine has by itself


def prerequisites(recipe: LayerRecipe) -> tuple[LayerDerivation, ...]:
    """The layers that must be built before a recipe's."""
    return (*recipe.root, *recipe.steps) if isinstance(recipe, StepRecipe) else ()


@contextmanager
def step_entries(
    recipe: StepRecipe, platform: Platform, store: Store, workshop: Workshop, *, epoch: int
) -> Iterator[Iterable[Entry]]:
    """The entries of a step's layer; their contents can be read while the context is open.

    Raises BuildError TB5301 and TB5303 to TB5311 (what the step did), TB5921 (what cannot enter an image), TB5012 (a
    plan of another twinbuild); EnvironmentFault TB5302 (no sandbox, another architecture).
    """
    if recipe.runner != STEPS:
        raise BuildError.of(
            "TB5012",
            f"the plan relies on steps run as {recipe.runner}, but this installation has {STEPS}",
            hint="install the version of twinbuild that made the plan, or plan again",
        )
    if platform.machine != os.uname().machine:
        raise foreign(recipe, platform, os.uname().machine)
    place = Path(tempfile.mkdtemp(prefix="step-", dir=workshop.directory)).resolve()
    try:
        root = _directory(place / "root")
        stack = _furnish(recipe, root, store, workshop)
        for path in (*_WRITABLE, *(f"outputs/{path}" for path in places(recipe))):
            _directory(place / path)
        _run(recipe, place, workshop, epoch=epoch, machine=platform.machine)
        _make_readable(place, "outputs")
        yield checked_outputs(recipe, _left(recipe, place / "outputs"), stack)
    finally:
        discard(place)


def _directory(path: Path) -> Path:
    """Make one that a step sees the same whatever this process's umask is."""
    path.mkdir()
    path.chmod(0o755)
    return path


def _furnish(recipe: StepRecipe, root: Path, store: Store, workshop: Workshop) -> Stack:
    """Put the root file system and the inputs on disk; what the root has, without the inputs."""
    layers = (*recipe.base, *as_base(tuple(workshop.built(layer) for layer in recipe.root)))
    stack, _ = read_stack(layers, store.open)
    materialise(stack_entries(stack, layers, store, stack.places), root)
    materialise((Directory(path=path) for path in ("inputs", *_WRITABLE) if path not in stack.places), root)
    for layer in recipe.steps:
        assert isinstance(layer.recipe, StepRecipe), "an earlier step"
        below = f"inputs/steps/{layer.recipe.step}"
        materialise(_directories((f"{below}/x",)), root)
        materialise(layer_tree(workshop.built(layer), store, below=below), root)
    paths = [f"inputs/{file.path}" for file in recipe.files]
    materialise(_directories(paths), root)
    materialise(
        (
            File(path=f"inputs/{file.path}", content=BlobContent(store, file.sha256, file.size), mode=file.mode)
            for file in recipe.files
        ),
        root,
    )
    return stack


def _directories(paths: Iterable[str]) -> Iterator[Directory]:
    """The directories that paths lie in, parents first."""
    parents = {path[:at] for path in paths for at, sign in enumerate(path) if sign == "/"}
    return (Directory(path=path) for path in sorted(parents))


def _run(recipe: StepRecipe, place: Path, workshop: Workshop, *, epoch: int, machine: str) -> None:
    log = place / "log"
    confinement = Confinement(
        environment=recipe.environment,
        directory=recipe.directory,
        uid=recipe.uid,
        gid=recipe.gid,
        binds=(
            *(Bind(source=str(place / name), target=f"/{name}", writable=True) for name in _WRITABLE),
            *_clock(recipe, place, epoch=epoch, machine=machine),
        ),
        space=recipe.space,
        memory=recipe.memory,
        processes=recipe.processes,
    )
    try:
        completed, _ = Sandbox(workshop.runner).record(
            place / "root", recipe.command, confinement=confinement, timeout=float(recipe.timeout), log=log
        )
    except TwinbuildError as error:
        raise explained(recipe, error, log) from error
    if completed.status != 0:
        raise failed(recipe, completed.status, log)


def _clock(recipe: StepRecipe, place: Path, *, epoch: int, machine: str) -> Iterator[Bind]:
    """A clock that stands still: where the step asks for it, and in a second build, whose own clock is another one.

    No namespace holds the time of day. A process that was told another one would start a step that sees the true time;
    a step that writes it down could then be the same twice on one day.
    """
    moment = epoch if recipe.fixed_clock else _skewed(place)
    if moment is None:
        return
    for path, content in ((_CLOCK, fixed_clock(machine, moment)), (_PRELOAD, f"/{_CLOCK}\n".encode())):
        file = place / path.rpartition("/")[2]
        file.write_bytes(content)
        file.chmod(0o755)
        yield Bind(source=str(file), target=f"/{path}")


def _skewed(place: Path) -> int | None:
    """This process's time in seconds since 1970, if it is not the kernel's, which a new file has; else None."""
    now = time.time()
    fresh = place / "now"
    fresh.touch()
    return int(now) if abs(now - fresh.stat().st_mtime) > _SKEW else None


def _make_readable(above: Path | int, name: str, *, depth: int = _DEPTH) -> None:
    """Give the owner what it takes to read a directory and all below it.

    Root may read what has no such bit and others may not, and both must arrive at one layer. No process is left that
    could put a link in the place of what was looked at.
    """
    parent = above if isinstance(above, int) else os.open(above, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.chmod(name, 0o700, dir_fd=parent)
        directory = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    finally:
        if parent is not above:
            os.close(parent)
    try:
        for each in os.listdir(directory):  # noqa: PTH208  a descriptor
            mode = os.stat(each, dir_fd=directory, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode) and depth:
                _make_readable(directory, each, depth=depth - 1)
            elif stat.S_ISREG(mode) and not mode & stat.S_IRUSR:
                os.chmod(each, stat.S_IMODE(mode) | stat.S_IRUSR, dir_fd=directory)
    finally:
        os.close(directory)


def _left(recipe: StepRecipe, outputs: Path) -> Iterator[Entry]:
    try:
        yield from collect(outputs)
    except BuildError as error:
        raise BuildError.of(
            "TB5312",
            f"step {recipe.step!r} left /outputs/{error.findings[0].where.subject}: {error.findings[0].message}",
            hint="leave regular files, directories and links only",
            where=f"step {recipe.step}",
        ) from error
