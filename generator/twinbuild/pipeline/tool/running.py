"""Run a packed twinbuild: in a sandbox without a network, with nothing of the host but directories that are named.

Its own builds make sandboxes inside of that one. It is user 1000 there, whoever that is outside; what it writes belongs
to the user who runs twinbuild. All its processes together may have nine tenths of the machine's memory for themselves:
as much as any build can use, and less than what makes the machine kill others.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from twinbuild.build.preflight import Host, memory_limits, size
from twinbuild.build.rootfs import discard
from twinbuild.build.sandbox import Bind, Confinement, Sandbox
from twinbuild.build.unpack import unpack_image
from twinbuild.errors import BuildError, EnvironmentFault, UsageError
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.tool.opened import OpenedTool
from twinbuild.pipeline.tool.unprivileged import without_set_id
from twinbuild.ports import Completed, Store

__all__ = ["Shown", "run_tool", "unpacked_tool"]

_USER: Final = 1000
_TEMPORARY: Final = "/var/tmp"  # noqa: S108  of the sandbox: a directory on disk, for whole images are unpacked there
_STORE: Final = "/var/lib/twinbuild"
_OTHER: Final = "/tmp"  # noqa: S108  likewise, unless something is shown below it
_OWN: Final = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt/venv", "/proc", "/run",
               "/sbin", "/sys", "/usr", _TEMPORARY, _STORE)  # fmt: skip
_TENTHS: Final = 9  # of the machine's memory, or of the container's that we are in
_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A directory of the host (absolute) and where it is seen inside; "" is the same path."""

    directory: str
    inside: str = ""
    writable: bool = False


@contextmanager
def unpacked_tool(tool: OpenedTool, machine: Machine, *, store: Store | None = None) -> Iterator[Path]:
    """Its root file system in a directory that is deleted afterwards. Raises IntegrityError, BuildError TB5920.

    Its layers are in ``store``, or else in the machine's.
    """
    machine.scratch.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="tool-", dir=machine.scratch))
    try:
        machine.progress("unpacking twinbuild", 0, 0)
        unpack_image(tool.image, store or machine.store, root, base=len(tool.image.layers))
        yield root
    finally:
        discard(root)


def run_tool(
    tool: OpenedTool,
    root: Path,
    machine: Machine,
    arguments: tuple[str, ...],
    *,
    shown: tuple[Shown, ...] = (),
    store: Path | None = None,
    directory: str = "/",
    environment: tuple[tuple[str, str], ...] = (),
    timeout: float = _DAY,
) -> Completed:
    """Run ``twinbuild ARGUMENTS`` of an unpacked root and wait for it.

    ``store`` is a directory for its store, writable; without one it has a store of its own that is deleted afterwards.
    ``directory`` is where it starts, a path inside. It may add to each directory nine tenths of what is free now where
    there is least, which is looked at every half second; what many files take together is counted less often.

    Raises UsageError TB9220 for what cannot be shown, EnvironmentFault TB9167 where it has more memory than it may,
    TB9168 where it writes more, and as ``Sandbox.run`` does.
    """
    shown = (*shown, *((Shown(directory=str(store), writable=True),) if store is not None else ()))
    binds = tuple(_bind(each) for each in shown)
    scratch = tempfile.mkdtemp(prefix="tool-", dir=machine.scratch)
    try:
        for name in ("temporary", "other", "store"):
            Path(scratch, name).mkdir()
        other = Bind(source=f"{scratch}/other", target=_OTHER, writable=True)
        memory = _most_memory()
        space = _most_space((scratch, *(bind.source for bind in binds if bind.writable)))
        confinement = Confinement(
            environment=tuple(
                {
                    **dict(tool.environment),
                    "HOME": _TEMPORARY,
                    "TMPDIR": _TEMPORARY,
                    "TWINBUILD_STORE": str(store) if store is not None else _STORE,
                    **dict(environment),
                }.items()
            ),
            directory=directory,
            uid=_USER,
            gid=_USER,
            hostname="twinbuild",
            binds=(
                Bind(source=f"{scratch}/temporary", target=_TEMPORARY, writable=True),
                Bind(source=f"{scratch}/store", target=_STORE, writable=True),
                *(() if any(_related(bind.target, _OTHER) for bind in binds) else (other,)),
                *sorted(binds, key=lambda bind: bind.target),  # what lies below another comes after it
            ),
            temporary=(),
            disk=space,
            resident=memory,
            shared=memory,
            nested=True,
        )
        argv = (*tool.entrypoint, *arguments)
        with without_set_id(tuple(bind.source for bind in binds if bind.writable)):
            return Sandbox(machine.runner).run(root, argv, confinement=confinement, timeout=timeout)
    except BuildError as error:
        code = error.findings[0].code
        if code not in ("TB5914", "TB5915"):
            raise
        what = f"took more memory than the {size(memory)} that it may have here"
        if code == "TB5914":
            what = f"wrote more than the {size(space)} that it may write here, or the disk is nearly full"
        raise EnvironmentFault.of(
            "TB9168" if code == "TB5914" else "TB9167",
            f"the packed twinbuild {what}, and was killed",
            hint=f"run it where there is more {'space' if code == 'TB5914' else 'memory'}; one of an archive that is "
            "not yours may do so on purpose",
        ) from error
    finally:
        discard(Path(scratch))


def _most_memory() -> int:
    """How many bytes of memory it may have; 0 (no limit) where nothing says how much there is."""
    return min((limit for limit, _ in memory_limits(Host())), default=0) // 10 * _TENTHS


def _most_space(places: tuple[str, ...]) -> int:
    """How many bytes it may add to a directory."""
    free = min(status.f_bavail * status.f_frsize for status in map(os.statvfs, places))
    return max(free // 10 * _TENTHS, 1)


def _bind(shown: Shown) -> Bind:
    inside = shown.inside or shown.directory
    why = ""
    if not Path(shown.directory).is_dir():
        why = "is no directory"
    elif not inside.startswith("/") or os.path.normpath(inside) != inside or inside.startswith("//"):
        why = "has no absolute, normal path inside"
    elif inside == "/" or (own := next((own for own in _OWN if _related(inside, own)), "")):
        why = f"lies where the root has {own}" if inside != "/" else "is the root"
    if why:
        raise UsageError.of(
            "TB9220",
            f"{shown.directory} cannot be shown to the packed twinbuild: it {why}",
            hint="name a directory elsewhere",
            where=shown.directory,
        )
    return Bind(source=os.path.realpath(shown.directory), target=inside, writable=shown.writable)


def _related(path: str, other: str) -> bool:
    """Whether one is the other, or lies below it."""
    one, two = PurePosixPath(path), PurePosixPath(other)
    return one.is_relative_to(two) or two.is_relative_to(one)
