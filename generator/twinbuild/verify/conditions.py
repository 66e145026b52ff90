"""Other conditions for the second build: what a build could observe, and must not.

The list is fixed, so that the manifest of every machine says the same. How each was brought about here (a namespace,
or an injection into the process where namespaces are forbidden) is a *witness*, which belongs to the run's record.
"""

from __future__ import annotations

import ctypes
import getpass
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from twinbuild.model.verification import Variation

__all__ = [
    "CLOCK_OFFSET",
    "HOST_NAME",
    "LOCALE",
    "RECOGNISABLE",
    "TIME_ZONE",
    "UID",
    "USER",
    "VARIATIONS",
    "apply_conditions",
    "varied_environment",
]

VARIATIONS: Final = (
    Variation(name="clock", description="398 days, 13 hours and 7 seconds later"),
    Variation(name="time-zone", description="UTC+14 instead of the caller's"),
    Variation(name="locale", description="Turkish instead of the caller's"),
    Variation(name="umask", description="0077 instead of the caller's"),
    Variation(name="user", description="another user and group"),
    Variation(name="host-name", description="another host name"),
    Variation(name="directory", description="another working and temporary directory, with a longer path"),
    Variation(name="hash-seed", description="another PYTHONHASHSEED"),
    Variation(name="directory-order", description="directories list their entries in another order"),
    Variation(name="processor-count", description="one more worker process"),
    Variation(name="environment", description="another environment: HOME, USER, PATH and unknown variables"),
    Variation(name="process", description="a fresh process with an empty layer cache"),
    Variation(name="network", description="no network, where the system allows to take it away"),
)

CLOCK_OFFSET: Final = 398 * 86_400 + 13 * 3_600 + 7
HOST_NAME: Final = "another-host"
UID: Final = 54_321
USER: Final = "somebody-else"
TIME_ZONE: Final = ("Etc/GMT-14", "+1400")  # its name, and what it means
LOCALE: Final = "tr_TR.UTF-8"
_HOME: Final = "/nonexistent/home"
_UNKNOWN: Final = "an unknown variable"
RECOGNISABLE: Final = (_HOME, _UNKNOWN, "/nonexistent/bin")  # of the second build's environment
_NEW_USER, _NEW_UTS, _NEW_NET = 0x10000000, 0x04000000, 0x40000000  # <sched.h>


def varied_environment(directory: Path, *, hash_seed: int) -> tuple[tuple[str, str], ...]:
    """The environment of the second build: nothing of the caller's. ``directory`` holds its temporary files."""
    return (
        ("PATH", f"/nonexistent/bin{os.pathsep}/usr/bin{os.pathsep}/bin"),
        ("HOME", _HOME),
        ("USER", USER),
        ("LOGNAME", USER),
        ("TZ", TIME_ZONE[0]),
        ("LC_ALL", LOCALE),
        ("LANG", LOCALE),
        ("TMPDIR", str(directory)),
        ("PYTHONHASHSEED", str(hash_seed)),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("SOURCE_DATE_EPOCH", "1"),  # a build that reads it instead of its derivation is caught
        ("COLUMNS", "31"),
        ("TWINBUILD_VARIATION", _UNKNOWN),
    )


def apply_conditions(*, seed: int) -> tuple[tuple[str, str], ...]:
    """Bring the conditions about in this process; call it once, first, in a process that does nothing else.

    Returns the witnesses: (name of the variation, how it was brought about here).
    """
    witnesses = [("umask", "set")]
    os.umask(0o077)
    witnesses.extend(_namespaces())
    _inject_clock()
    witnesses.append(("clock", "injected"))
    _inject_order(seed)
    witnesses.append(("directory-order", "injected"))
    _inject_processors()
    witnesses.append(("processor-count", "injected"))
    return tuple(sorted(witnesses))


def _namespaces() -> list[tuple[str, str]]:
    """Leave network, host name and user behind in new namespaces, or have the process told other names."""
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    uid, gid = os.getuid(), os.getgid()
    if unshare is not None and unshare(_NEW_USER | _NEW_UTS | _NEW_NET) == 0:
        with suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
        with suppress(OSError):
            Path("/proc/self/uid_map").write_text(f"{UID} {uid} 1")
            Path("/proc/self/gid_map").write_text(f"{UID} {gid} 1")
            socket.sethostname(HOST_NAME)
            return [("host-name", "namespace"), ("network", "namespace"), ("user", "namespace")]
    _inject_names()
    return [("host-name", "injected"), ("network", "not taken away"), ("user", "injected")]


def _inject_names() -> None:
    for name in ("getuid", "geteuid", "getgid", "getegid"):
        setattr(os, name, lambda: UID)
    socket.gethostname = lambda: HOST_NAME
    actual = os.uname()
    changed = os.uname_result((actual.sysname, HOST_NAME, actual.release, actual.version, actual.machine))
    os.uname = lambda: changed
    getpass.getuser = lambda: USER


def _inject_clock() -> None:
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + CLOCK_OFFSET
    time.time_ns = lambda: now_ns() + CLOCK_OFFSET * 10**9
    _shift_broken_down("localtime", time.localtime)
    _shift_broken_down("gmtime", time.gmtime)


def _shift_broken_down(name: str, original: Callable[[float], time.struct_time]) -> None:
    def shifted(seconds: float | None = None) -> time.struct_time:
        return original(time.time() if seconds is None else seconds)

    setattr(time, name, shifted)


class _Shuffled:
    """What os.scandir gives, in another order; also the context that it is used as."""

    def __init__(self, entries: list[os.DirEntry[str]]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        return self._entries

    def __next__(self) -> os.DirEntry[str]:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is open any more."""


def _inject_order(seed: int) -> None:
    order = random.Random(seed)  # noqa: S311  an order, not a secret
    listdir, scandir = os.listdir, os.scandir

    def shuffled_listdir(path: str | None = None) -> list[str]:
        names = sorted(listdir(path), reverse=True)
        order.shuffle(names)
        return names

    def shuffled_scandir(path: str | None = None) -> _Shuffled:
        with scandir(path) as found:
            entries = sorted(found, key=lambda entry: entry.name, reverse=True)
        order.shuffle(entries)
        return _Shuffled(entries)

    os.listdir = shuffled_listdir  # type: ignore[assignment]  # the overloads for bytes and descriptors stay unused
    os.scandir = shuffled_scandir  # type: ignore[assignment]  # likewise


def _inject_processors() -> None:
    allowed = os.sched_getaffinity(0)
    more = frozenset({*allowed, max(allowed) + 1})
    os.sched_getaffinity = lambda _pid: set(more)
    os.cpu_count = lambda: len(more)
