"""An island: this process with no network, and with no files but those that it was given.

A process that has left everything behind cannot read what it was not meant to, so that what it builds shows what is
enough to build it; nor does it see, or signal, the machine's other processes. Unlike a sandbox (``sandbox``), it is
twinbuild itself that runs there, so Python and the system's libraries stay in sight, read only, and sandboxes can still
be made below it.
"""

from __future__ import annotations

# Mount points are texts below a new root, and links among them must not be followed by accident.
# ruff: noqa: PTH102, PTH103, PTH110, PTH114, PTH115, PTH120, PTH208, PTH211
import ctypes
import errno
import os
import socket
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import twinbuild
from twinbuild.build.kernel import Failure, call, libc
from twinbuild.build.mounts import (
    CLONE_NEWNS,
    MNT_DETACH,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    NESTED,
    PIVOT_ROOT,
    mount,
    mount_devices,
    restrict,
)
from twinbuild.build.pidspace import NEW_PIDS, become_worker
from twinbuild.errors import EnvironmentFault

__all__ = ["enter_island", "programs"]

_NEW_USER, _NEW_UTS, _NEW_NET, _NEW_IPC = 0x10000000, 0x04000000, 0x40000000, 0x08000000  # <sched.h>
_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_FILES: Final = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/passwd", "/etc/group")  # of the loader, and names
_PROC: Final = "/proc"
_SHARED: Final = "/dev/shm"  # noqa: S108  of the island
_UNKNOWN: Final = "the kernel refuses it"


def programs() -> tuple[Path, ...]:
    """What of this machine runs twinbuild: the system's programs and libraries, Python, and twinbuild itself."""
    package = Path(twinbuild.__file__).resolve().parent
    checkout = (package.parent.parent / "templates", package.parent.parent / "lockfiles")
    own = (Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent)
    listed = (*map(Path, _SYSTEM), *map(Path, _FILES), *own, *map(Path, sys.path), package, *checkout)
    return tuple(dict.fromkeys(path for path in listed if path.is_absolute() and path.exists()))


def enter_island(*, readable: Iterable[Path], writable: Iterable[Path], user: int) -> tuple[tuple[str, str], ...]:
    """Leave everything of this machine behind but these files and directories, which keep their paths.

    Inside, the caller is the ``user`` and group of that number, which is not 0: sandboxes are made below it as by any
    user. It goes on in a process of its own, which ends with its parent (``pidspace``). Call it once, in a process with
    one thread. Returns witnesses: what was found to be gone, by looking. Raises EnvironmentFault TB9120 where the
    kernel allows no namespaces.
    """
    uid, gid, parent = os.getuid(), os.getgid(), os.getppid()
    nested = Path(NESTED).is_dir()  # in a sandbox, which has a pid namespace, and grants no /proc of another
    try:
        flags = _NEW_USER | CLONE_NEWNS | _NEW_NET | _NEW_UTS | _NEW_IPC
        call("unshare", libc.unshare(flags if nested else flags | NEW_PIDS))
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{user} {gid} 1", encoding="ascii")
        mount("none", "/", "", MS_REC | MS_PRIVATE, name="/")
        if not nested:
            become_worker(parent)
        _change_root(_outermost(readable), _outermost(writable), nested=nested)
    except Failure as failure:
        raise _impossible(str(failure.report["failure"])) from failure
    except OSError as error:
        raise _impossible(error.strerror or _UNKNOWN) from error
    return (("files", _files()), ("network", _network()))


def _change_root(readable: tuple[Path, ...], writable: tuple[Path, ...], *, nested: bool) -> None:
    root = "/tmp"  # noqa: S108  covered by an empty file system that only this process sees
    mounted = [(path, os.readlink(path)) for path in map(Path, _SYSTEM) if path.is_symlink()]
    opened = {path: os.open(path, os.O_PATH) for path in (*readable, *writable)}
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", name="/")
    for link, target in mounted:
        os.symlink(target, root + str(link))
    for path, descriptor in opened.items():
        place = root + str(path)
        if os.path.lexists(place) and os.path.islink(place):
            continue
        directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        _make(place, directory=directory)
        deep = directory and not Path(root).is_relative_to(path)  # else it would bring the new root along
        mount(f"/proc/self/fd/{descriptor}", place, "", MS_BIND | (MS_REC if deep else 0), name=str(path))
        restrict(place, writable=path in writable, name=str(path))
        os.close(descriptor)
    _mount_proc(root, nested=nested)
    _make(f"{root}/dev", directory=True)
    if nested:  # a sandbox's own already, below which lies what lets others nest in it
        mount("/dev", f"{root}/dev", "", MS_BIND | MS_REC, name="/dev")
    else:
        mount_devices(root)  # not this machine's, where other files are, and sockets that lead to other processes
    mount("tmpfs", root + _SHARED, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", name=_SHARED)
    restrict(f"{root}/dev", writable=False, name="/dev", devices=True)
    temporary = f"{root}{root}"
    if not os.path.exists(temporary):
        os.mkdir(temporary, 0o1777)
    os.chdir(root)
    call("pivot_root", libc.syscall(ctypes.c_long(PIVOT_ROOT[os.uname().machine]), b".", b"."))
    call("leave the old root", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def _mount_proc(root: str, *, nested: bool) -> None:
    """The new pid namespace's own; the one that is there in a sandbox, and where the kernel grants no other.

    It grants none where something is covered in the one that is there, as in a container (mount_too_revealing() in its
    fs/namespace.c). No sandbox can be made there either, so that nobody takes a number of one for one of the other.
    """
    _make(root + _PROC, directory=True)
    try:
        if not nested:
            mount("proc", root + _PROC, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, name=_PROC)
            return
    except Failure as failure:
        if failure.number != errno.EPERM:
            raise
    mount(_PROC, root + _PROC, "", MS_BIND | MS_REC, name=_PROC)


def _make(place: str, *, directory: bool) -> None:
    os.makedirs(place if directory else os.path.dirname(place), exist_ok=True)
    if not directory and not os.path.lexists(place):
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The real paths, without those that lie below another."""
    real = sorted({Path(os.path.realpath(path)) for path in paths})
    return tuple(path for path in real if not any(above in real for above in path.parents))


def _network() -> str:
    """What is left of the network, by asking the kernel. Raises EnvironmentFault TB9120 for any way out."""
    names = [name for _, name in socket.if_nameindex()]
    if names != ["lo"] and names:
        raise _impossible(f"the interfaces {', '.join(names)} are still there")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody has it; without a route there is not even an attempt
        except OSError:
            return "no interface but lo, and no route to any address"
    raise _impossible("there is a route to other machines")


def _files() -> str:
    return f"a root of its own with {', '.join(sorted(os.listdir('/')))}"


def _impossible(why: str) -> EnvironmentFault:
    return EnvironmentFault.of(
        "TB9120",
        f"this machine cannot shut a process off from its network and its files: {why}",
        hint="run `twinbuild doctor`, which says what to switch on; building from an archive has no other way",
    )
