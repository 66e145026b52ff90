"""How much memory and disk a command takes, and how many processes. Standard library only: part of the launcher.

Without root there is no control group to ask for, so limits of the kernel bound each process (memory that it may write
to) and, from Linux 5.14 on, the number of processes of a user other than root; all processes together are looked at
ten times a second, and killed together: they are one pid namespace.
"""

from __future__ import annotations

# pathlib is left out, since its import is a quarter of the start-up time
# ruff: noqa: PTH118, PTH120, PTH123, PTH208
import importlib.util
import os
import re
import resource
import time
from typing import Any

_GLANCE, _OFTEN, _SELDOM = 0.02, 0.1, 0.5  # seconds between looks at the machine's threads, at processes, at the disk
_COUNTED = (5, 14)  # the first Linux that counts the processes of a user namespace by themselves
_PARENT, _THREADS = 1, 17  # fields of /proc/PID/stat after the name, from 0: see proc(5)


def limit(configuration: dict[str, Any]) -> None:
    """The kernel's limits on this process and on what it becomes."""
    if configuration["cpus"]:
        have = sorted(os.sched_getaffinity(0))
        first = os.urandom(1)[0] % len(have)  # not all commands of a machine on the same ones
        os.sched_setaffinity(
            0, [have[(first + each) % len(have)] for each in range(min(configuration["cpus"], len(have)))]
        )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if configuration["space"]:
        largest = max(configuration["space"], configuration["shared"])  # a file in /dev/shm is one, too
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    if configuration["memory"]:
        resource.setrlimit(resource.RLIMIT_DATA, (configuration["memory"], configuration["memory"]))
    release = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
    if configuration["processes"] and release >= _COUNTED:
        most = configuration["processes"] + 1  # with init
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


class Watch:
    """What all processes below init, and the places that they may write to, take together."""

    def __init__(self, configuration: dict[str, Any], init: int) -> None:
        self._memory = configuration["memory"] or configuration["resident"]
        self._files = bool(configuration["resident"] and configuration["shared"])  # of /dev/shm, are memory
        self._processes = configuration["processes"]
        self._init = init
        writable = [configuration["root"]] if configuration["writable"] else []
        writable += [source for source, _, may_write in configuration["binds"] if may_write]
        space = configuration["space"] or configuration["disk"]
        self._places = [_diskspace().Watch(place, space) for place in writable] if space else []
        self._before = _threads() if self._processes else 0
        self._again = self._disk_again = 0.0

    @property
    def interval(self) -> float | None:
        """Seconds until the next look; None where there is nothing to look at."""
        if self._processes:
            return _GLANCE
        if self._memory:
            return _OFTEN
        return _SELDOM if self._places else None

    def exceeded(self) -> dict[str, object] | None:
        """The report of what was exceeded, None while all is within its limits."""
        now = time.monotonic()
        # A bomb doubles within milliseconds: the number of all threads, which costs nothing to read, tells of it first.
        many = self._processes > 0 and _threads() - self._before > self._processes
        if (self._memory or self._processes) and (many or now >= self._again):
            self._again = now + _OFTEN
            found = _below(self._init)
            if self._processes and sum(found.values()) > self._processes:
                return {"processes": sum(found.values())}
            if self._memory:
                kept = _kept_in_memory(found) if self._files else 0
                if (memory := _memory_of(found, self._memory, kept)) > self._memory:
                    return {"memory": memory}
        if self._places and now >= self._disk_again:
            self._disk_again = now + _SELDOM
            if any(place.exceeded() for place in self._places):
                return {"full": True}
        return None


def peak(init: int) -> int:
    """Bytes of memory that the processes below init have had at most, files that they have mapped among it.

    Of one process the kernel knows it exactly. Of several it is what they have now; a page in common counts once.
    """
    processes = list(_below(init))
    if len(processes) == 1:
        return _bytes(f"/proc/{processes[0]}/status", b"VmHWM:")
    return sum(_bytes(f"/proc/{process}/smaps_rollup", b"Pss:") for process in processes)


def _threads() -> int:
    """How many threads the machine has: proc(5), /proc/loadavg."""
    fields = _read("/proc/loadavg").split()
    return int(fields[3].partition(b"/")[2]) if len(fields) > 3 else 0


def _below(init: int) -> dict[int, int]:
    """The processes below init, and how many threads each has."""
    children: dict[int, list[int]] = {}
    threads: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
            if len(fields) > _THREADS:
                children.setdefault(int(fields[_PARENT]), []).append(int(name))
                threads[int(name)] = int(fields[_THREADS])
    found: dict[int, int] = {}
    waiting = list(children.get(init, ()))
    while waiting:
        process = waiting.pop()
        found[process] = threads[process]
        waiting += children.get(process, ())
    return found


def _memory_of(processes: dict[int, int], enough: int, kept: int) -> int:
    """Bytes of memory that processes have, files apart but for those that are ``kept`` in memory.

    What several have in common counts once: after a fork, or as shared memory. That costs the kernel a look at every
    page, so it is asked only where the plain sum is more than ``enough``. Of files in memory a part may be mapped as
    shared memory: the larger of both counts.
    """
    status = [f"/proc/{process}/status" for process in processes]
    private, shared = (
        sum(_bytes(path, b"RssAnon:") for path in status),
        sum(_bytes(path, b"RssShmem:") for path in status),
    )
    if private + max(shared, kept) <= enough:
        return private + max(shared, kept)
    found = [_proportional(process) for process in processes]
    return sum(one for one, _ in found) + max(sum(other for _, other in found), kept)


def _proportional(process: int) -> tuple[int, int]:
    """Private and shared memory of a process, of pages in common its share; the whole where the kernel says none."""
    rollup, status = f"/proc/{process}/smaps_rollup", f"/proc/{process}/status"
    private, shared = _bytes(rollup, b"Pss_Anon:"), _bytes(rollup, b"Pss_Shmem:")
    if private or shared:
        return private, shared
    return _bytes(status, b"RssAnon:"), _bytes(status, b"RssShmem:")


def _kept_in_memory(processes: dict[int, int]) -> int:
    """Bytes of the files in /dev/shm, as one of the processes sees it."""
    for process in processes:
        try:
            place = os.statvfs(f"/proc/{process}/root/dev/shm")
        except OSError:  # it ended meanwhile
            continue
        return (place.f_blocks - place.f_bfree) * place.f_frsize
    return 0


def _bytes(path: str, *names: bytes) -> int:
    """The sum of lines such as ``RssAnon:  12 kB``: see proc(5)."""
    lines = [line.split() for line in _read(path).splitlines()]
    return sum(int(line[1]) << 10 for line in lines if len(line) == 3 and line[0] in names)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it ended meanwhile
        return b""


def _diskspace() -> Any:
    """The module beside this one: the launcher is a script without a package."""
    spec = importlib.util.spec_from_file_location("diskspace", os.path.join(os.path.dirname(__file__), "diskspace.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
