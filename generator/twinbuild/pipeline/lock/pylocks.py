"""``pylock.NAME.toml`` (PEP 751) of each target, and on request the wheels that it names beside it."""

from __future__ import annotations

from pathlib import Path

from twinbuild.codec.amounts import counted
from twinbuild.errors import LockError
from twinbuild.model.lock import Lock, LockedWheel
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.output import copy_blob, same_blob, write_file
from twinbuild.pipeline.project import Project
from twinbuild.render.pylock import WHEEL_DIRECTORY, pylock_name, render_pylock

__all__ = ["copy_wheels", "pylock_texts", "write_pylocks"]

_GROUPS = ("build", "development", "test")


def pylock_texts(project: Project, lock: Lock) -> dict[str, bytes]:
    """The text of each file by its name: one for each target, one for each further group of requirements it has."""
    name = project.spec.metadata.name
    texts: dict[str, bytes] = {}
    for target in lock.targets:
        texts[pylock_name(name, target.key)] = render_pylock(target, target.wheels).encode()
        for group in _GROUPS:
            if wheels := getattr(target, group):
                texts[pylock_name(name, target.key, group)] = render_pylock(target, wheels).encode()
    return texts


def write_pylocks(project: Project, lock: Lock, directory: Path) -> tuple[Path, ...]:
    """Write every file into a directory; their paths, sorted."""
    texts = pylock_texts(project, lock)
    for name, text in texts.items():
        write_file(directory / name, text)
    return tuple(directory / name for name in sorted(texts))


def copy_wheels(lock: Lock, machine: Machine, directory: Path) -> int:
    """Copy the wheels of images and of builds from the store to where the files name them; how many there are.

    Wheels of development and tests come along where the store has them. Raises LockError TB2258 where it lacks others.
    """
    needed: dict[str, LockedWheel] = {}
    for target in lock.targets:
        needed |= {wheel.filename: wheel for wheel in (*target.wheels, *target.build)}
        needed |= {
            wheel.filename: wheel
            for wheel in (*target.development, *target.test)
            if wheel.filename not in needed and machine.store.has(wheel.sha256)
        }
    missing = [wheel for wheel in needed.values() if not machine.store.has(wheel.sha256)]
    if missing:
        raise LockError.of(
            "TB2258",
            f"the store lacks {counted(len(missing), 'wheel')} that the lock names",
            hint="run `twinbuild fetch`",
            where=", ".join(wheel.filename for wheel in missing[:3]),
        )
    place = directory / WHEEL_DIRECTORY
    place.mkdir(parents=True, exist_ok=True)
    for number, wheel in enumerate(needed.values(), 1):
        machine.progress("copying wheels", number, len(needed))
        target_path = place / wheel.filename
        if same_blob(target_path, wheel.sha256):
            continue
        temporary = place / f".{wheel.filename}.part"
        temporary.unlink(missing_ok=True)
        copy_blob(machine.store, wheel.sha256, temporary)
        temporary.replace(target_path)
    return len(needed)
