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
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from twinbuild.model.verification import Variation

__all__ = [
    "CLOCK",
    "CLOCK_OFFSET",
    "RECOGNISABLE",
    "VARIATIONS",
    "Conditions",
    "apply_conditions",
    "here",
    "unlike",
    "varied_environment",
]

# What a condition is where the caller happens to have the first value: the second build must differ from this caller.
VARIATIONS: Final = (
    Variation(name="clock", description="398 days, 13 hours and 7 seconds later"),
    Variation(name="time-zone", description="UTC+14, or UTC-12 where that is the caller's"),
    Variation(name="locale", description="Turkish, or German where that is the caller's"),
    Variation(name="umask", description="0077, or 0022 where that is the caller's"),
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
CLOCK: Final = "clock"  # a library in the second build's directory: below it the clock stands still, far ahead
_HOME: Final = "/nonexistent/home"
_UNKNOWN: Final = "an unknown variable"
RECOGNISABLE: Final = (_HOME, _UNKNOWN, "/nonexistent/bin")  # of the second build's environment
_NEW_USER, _NEW_UTS, _NEW_NET = 0x10000000, 0x04000000, 0x40000000  # <sched.h>


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The surroundings of one build as far as they are values; also what a caller has, to be unlike it."""

    time_zone: str  # TZ
    locale: str  # LC_ALL
    umask: int
    user: str
    uid: int
    host_name: str
    hash_seed: str  # PYTHONHASHSEED


_CHOICES: Final = (
    Conditions(
        time_zone="Etc/GMT-14",
        locale="tr_TR.UTF-8",
        umask=0o077,
        user="somebody-else",
        uid=54_321,
        host_name="another-host",
        hash_seed="20418",
    ),
    Conditions(
        time_zone="Etc/GMT+12",
        locale="de_DE.UTF-8",
        umask=0o022,
        user="yet-somebody-else",
        uid=54_322,
        host_name="yet-another-host",
        hash_seed="20419",
    ),
)


def here(environment: Mapping[str, str]) -> Conditions:
    """The conditions of this process; ``environment`` is the caller's."""
    umask = os.umask(0o077)
    os.umask(umask)
    user = "unknown"
    with suppress(KeyError, OSError):
        user = getpass.getuser()
    return Conditions(
        time_zone=environment.get("TZ", "UTC"),
        locale=environment.get("LC_ALL") or environment.get("LANG") or "C",
        umask=umask,
        user=user,
        uid=os.getuid(),
        host_name=socket.gethostname(),
        hash_seed=environment.get("PYTHONHASHSEED", ""),
    )


def unlike(caller: Conditions) -> Conditions:
    """Conditions of which none is the caller's."""
    first, other = (asdict(choice) for choice in _CHOICES)
    taken = asdict(caller)
    return Conditions(**{name: other[name] if value == taken[name] else value for name, value in first.items()})


def varied_environment(directory: Path, conditions: Conditions, *, clock: bool = False) -> tuple[tuple[str, str], ...]:
    """The environment of the second build: nothing of the caller's.

    ``directory`` holds its temporary files and is where it is started; with ``clock`` the library ``CLOCK`` lies there.
    """
    return (
        ("PATH", f"/nonexistent/bin{os.pathsep}/usr/bin{os.pathsep}/bin"),
        ("HOME", _HOME),
        ("USER", conditions.user),
        ("LOGNAME", conditions.user),
        ("TZ", conditions.time_zone),
        ("LC_ALL", conditions.locale),
        ("LANG", conditions.locale),
        ("TMPDIR", str(directory)),
        ("PYTHONHASHSEED", conditions.hash_seed),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("SOURCE_DATE_EPOCH", "1"),  # a build that reads it instead of its derivation is caught
        ("COLUMNS", "31"),
        ("TWINBUILD_VARIATION", _UNKNOWN),
        # Relative: the separators of this list, blank and colon, may be in the directory's path.
        *((("LD_PRELOAD", f"./{CLOCK}"),) if clock else ()),
    )


def apply_conditions(conditions: Conditions) -> tuple[tuple[str, str], ...]:
    """Bring the conditions about in this process; call it once, first, in a process that does nothing else.

    Those of the environment are there already: ``varied_environment``. Returns the witnesses: (name of the variation,
    how it was brought about here).
    """
    witnesses = [("umask", "set")]
    os.umask(conditions.umask)
    witnesses.extend(_namespaces(conditions))
    witnesses.append(("clock", _vary_clock()))
    _inject_order(int(conditions.hash_seed))
    witnesses.append(("directory-order", "injected"))
    _inject_processors()
    witnesses.append(("processor-count", "injected"))
    return tuple(sorted(witnesses))


def _namespaces(conditions: Conditions) -> list[tuple[str, str]]:
    """Leave network, host name and user behind in new namespaces, or have the process told other names."""
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    uid, gid = os.getuid(), os.getgid()
    if unshare is not None and unshare(_NEW_USER | _NEW_UTS | _NEW_NET) == 0:
        with suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
        with suppress(OSError):
            Path("/proc/self/uid_map").write_text(f"{conditions.uid} {uid} 1")
            Path("/proc/self/gid_map").write_text(f"{conditions.uid} {gid} 1")
            socket.sethostname(conditions.host_name)
            return [("host-name", "namespace"), ("network", "namespace"), ("user", "namespace")]
    _inject_names(conditions)
    return [("host-name", "injected"), ("network", "not taken away"), ("user", "injected")]


def _inject_names(conditions: Conditions) -> None:
    for name in ("getuid", "geteuid", "getgid", "getegid"):
        setattr(os, name, lambda: conditions.uid)
    socket.gethostname = lambda: conditions.host_name
    actual = os.uname()
    changed = os.uname_result((actual.sysname, conditions.host_name, actual.release, actual.version, actual.machine))
    os.uname = lambda: changed
    getpass.getuser = lambda: conditions.user


def _vary_clock() -> str:
    """Whether the loader put the library ``CLOCK`` before all others; else this process's functions are replaced."""
    os.environ.pop("LD_PRELOAD", None)
    now = time.time_ns()
    time.sleep(0.000_001)
    if time.time_ns() == now:
        return "preloaded"
    _inject_clock()
    return "injected"


def _inject_clock() -> None:
    """Shift what the module ``time`` gives. What reads the clock in C (``datetime.now``) still sees the true one."""
    now, now_ns, clock, clock_ns = time.time, time.time_ns, time.clock_gettime, time.clock_gettime_ns
    written = time.strftime
    time.time = lambda: now() + CLOCK_OFFSET
    time.time_ns = lambda: now_ns() + CLOCK_OFFSET * 10**9
    time.clock_gettime = lambda which: clock(which) + (CLOCK_OFFSET if which == time.CLOCK_REALTIME else 0)
    time.clock_gettime_ns = lambda which: (
        clock_ns(which) + (CLOCK_OFFSET * 10**9 if which == time.CLOCK_REALTIME else 0)
    )
    _shift_broken_down("localtime", time.localtime)
    _shift_broken_down("gmtime", time.gmtime)
    _shift_broken_down("ctime", time.ctime)
    time.strftime = lambda form, moment=None: written(form, time.localtime() if moment is None else moment)


def _shift_broken_down(name: str, original: Callable[[float], object]) -> None:
    def shifted(seconds: float | None = None) -> object:
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
