"""The root that a command sees, and what is mounted in it. Standard library only: part of the launcher.

Everything happens in a mount namespace of init's own: the root directory becomes ``/``, and nothing else of the host is
left below it but what was asked for.
"""

from __future__ import annotations

# pathlib is left out, since its import is a quarter of the start-up time
# ruff: noqa: PTH102, PTH103, PTH110, PTH123, PTH211
import contextlib
import ctypes
import errno
import os
import stat
from typing import Final

from twinbuild.build.kernel import Configuration, Failure, call, libc

CLONE_NEWNS: Final = 0x00020000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE, MS_RELATIME = 16384, 1 << 18, 1 << 21
ST_RELATIME: Final = 4096
MNT_DETACH: Final = 2
PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
DEVICES: Final = ("null", "zero", "full", "random", "urandom")
DEVICE_LINKS: Final = (
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
)
READ_ONLY_IN_PROC: Final = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "asound", "mtrr", "driver")
HIDDEN_IN_PROC: Final = ("kcore", "keys", "kmsg", "latency_stats", "timer_list", "sched_debug")
NESTED: Final = "/dev/nested"  # in a sandbox that lets others nest in it: see ``allow_read_only_proc``
LIMIT: Final = "sys/user/max_user_namespaces"  # of /proc: the kernel takes it for the writer's own user namespace


def change_root(configuration: Configuration) -> None:
    """A mount namespace in which the root directory is ``/`` and nothing else of the host is there."""
    call("unshare mounts", libc.unshare(CLONE_NEWNS))
    mount("none", "/", "", MS_REC | MS_PRIVATE, name="/")
    root = configuration["root"]
    mount(root, root, "", MS_BIND, name="/")
    mount_devices(root)
    sizes = {"/dev/shm": configuration["shared"] or configuration["space"]}  # noqa: S108  of the sandbox
    sizes |= dict.fromkeys(configuration["tmpfs"], configuration["space"])
    for name, size in sizes.items():
        options = f"mode=1777,size={size}" if size else "mode=1777"
        mount("tmpfs", place(root, name), "tmpfs", MS_NOSUID | MS_NODEV, options, name=name)
    mount_proc(root, nested=configuration["nested"])
    if configuration["nested"]:
        allow_read_only_proc(root)
    for source, name, writable in configuration["binds"]:
        target = place(root, name)
        mount(source, target, "", MS_BIND, name=name)
        restrict(target, writable=writable, name=name)
    restrict(f"{root}/dev", writable=False, name="/dev", devices=True)
    restrict(root, writable=configuration["writable"], name="/")
    os.chdir(root)
    number = PIVOT_ROOT.get(os.uname().machine)
    if number is None:
        raise Failure("pivot_root", errno.ENOSYS, os.uname().machine)
    call("pivot_root", libc.syscall(ctypes.c_long(number), b".", b"."))
    call("leave the old root", libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def mount_devices(root: str) -> None:
    """``/dev`` below a root: the few devices that hold nothing of anybody, and an empty ``/dev/shm`` to mount upon."""
    mount("tmpfs", place(root, "dev"), "tmpfs", MS_NOSUID, "mode=0755,size=1m", name="/dev")
    for name in DEVICES:
        target = f"{root}/dev/{name}"
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        mount(f"/dev/{name}", target, "", MS_BIND, name=f"/dev/{name}")
        restrict(target, writable=False, name=f"/dev/{name}", devices=True)  # its mode is the host's; writing works
    for name, link in DEVICE_LINKS:
        os.symlink(link, f"{root}/dev/{name}")
    os.mkdir(f"{root}/dev/shm")  # noqa: S108  of the sandbox


def mount_proc(root: str, *, nested: bool) -> None:
    """The pid namespace's own /proc, in which the host's settings can't be changed even if the user is its root.

    Inside of a sandbox that lets others be nested in it, the kernel grants a read-only one alone: see
    ``allow_read_only_proc``. The limit is then that of the /proc around, which is for the writer's namespace as well.
    """
    target = place(root, "proc")
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    try:
        mount("proc", target, "proc", flags, name="/proc")
    except Failure as failure:
        if failure.number != errno.EPERM:
            raise
        mount("proc", target, "proc", flags | MS_RDONLY, name="/proc")
    for path in () if nested else (f"{target}/{LIMIT}", f"/proc/{LIMIT}"):
        with contextlib.suppress(OSError), open(path, "w", encoding="ascii") as file:
            file.write("0")  # no user namespace below this one
    if nested:
        mount(f"{target}/sys", f"{target}/sys", "", MS_BIND, name="/proc/sys")
        mount(f"{target}/sys/user", f"{target}/sys/user", "", MS_BIND, name="/proc/sys/user")  # stays writable
        restrict(f"{target}/sys", writable=False, name="/proc/sys")
    for name in READ_ONLY_IN_PROC:
        path = f"{target}/{name}"
        if os.path.exists(path) and not (nested and name == "sys"):
            mount(path, path, "", MS_BIND, name=f"/proc/{name}")
            restrict(path, writable=False, name=f"/proc/{name}")
    for name in HIDDEN_IN_PROC:
        path = f"{target}/{name}"
        if os.path.exists(path):
            mount("/dev/null", path, "", MS_BIND, name=f"/proc/{name}")
            restrict(path, writable=False, name=f"/proc/{name}", devices=True)


def allow_read_only_proc(root: str) -> None:
    """Let sandboxes inside mount a /proc of their own, but none that can be written to.

    A user namespace may mount proc(5) only if its mount namespace already has one that shows all and is no stricter
    (mount_too_revealing() in the kernel's fs/namespace.c). That of ``mount_proc`` does not count, for parts of it are
    covered. So a whole one is mounted read-only, where no path leads: who is nested gets a read-only one, and cannot
    change the host's settings even where its user is the host's root.
    """
    above = f"{root}{NESTED}"
    os.makedirs(f"{above}/proc", mode=0o700)
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY
    mount("proc", f"{above}/proc", "proc", flags, name="/dev/nested/proc")
    mount("tmpfs", above, "tmpfs", flags, "mode=0000,size=4k", name="/dev/nested")


def mount(source: str, target: str, kind: str, flags: int, options: str = "", *, name: str) -> None:
    """Mount, or change a mount; ``name`` is the target's name for messages."""
    result = libc.mount(
        os.fsencode(source), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    call(f"mount {kind or 'bind'}", result, name)


def restrict(target: str, *, writable: bool, name: str, devices: bool = False) -> None:
    """Set the flags of the mount at ``target``, keeping those that a user namespace may not take off."""
    found = os.statvfs(target).f_flag
    kept = found & (MS_NOSUID | MS_NODEV | MS_NOEXEC | 1024 | 2048 | MS_RDONLY)
    kept |= MS_RELATIME if found & ST_RELATIME else 0
    flags = kept | MS_NOSUID | (0 if devices else MS_NODEV) | (0 if writable else MS_RDONLY)
    mount("none", target, "", MS_BIND | MS_REMOUNT | flags, name=name)


def place(root: str, name: str) -> str:
    """The path of a mount point below the root. Raises Failure if a part of it is a symbolic link or is missing."""
    path = root
    for part in filter(None, name.split("/")):
        path += "/" + part
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            raise Failure("find the mount point", error.errno or 0, name) from error
        if part in (".", "..") or stat.S_ISLNK(mode):
            raise Failure("find the mount point", errno.ELOOP, name)
    return path
