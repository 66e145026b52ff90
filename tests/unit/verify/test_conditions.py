"""Each condition is really another one in the second build's process, with namespaces and where they are forbidden."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from twinbuild.build.clock import fixed_clock
from twinbuild.verify.conditions import (
    CLOCK,
    CLOCK_OFFSET,
    VARIATIONS,
    Conditions,
    here,
    unlike,
    varied_environment,
)

_PROBE = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from twinbuild.verify.conditions import Conditions, apply_conditions
witnesses = apply_conditions(Conditions(**json.loads(sys.argv[2]))) if sys.argv[2] else ()
import datetime, getpass, os, socket, tempfile, time
with tempfile.TemporaryDirectory() as directory:
    for name in "abcdefgh":
        open(os.path.join(directory, name), "w").close()
    listed, scanned = os.listdir(directory), [entry.name for entry in os.scandir(directory)]
    mode = os.stat(os.path.join(directory, "a")).st_mode & 0o777
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[3])), timeout=5).close()
    network = True
except OSError:
    network = False
print(json.dumps({
    "clock": time.time(), "time-zone": time.strftime("%z"), "locale": os.environ.get("LC_ALL"), "umask": mode,
    "user": [os.getuid(), getpass.getuser()], "host-name": [socket.gethostname(), os.uname().nodename],
    "directory": [os.getcwd(), tempfile.gettempdir()], "hash-seed": hash("x"), "directory-order": [listed, scanned],
    "processor-count": len(os.sched_getaffinity(0)), "environment": dict(os.environ), "network": network,
    "years": [time.strftime("%Y"), time.ctime()[-4:], str(int(1970 + time.clock_gettime(0) // 31556952)),
              str(datetime.date.today().year)],
    "now": datetime.datetime.now().year,
    "witnesses": dict(witnesses),
}))
"""


def _refuse_namespaces() -> None:
    """Have the kernel refuse unshare(2) to this process and its children, as containers do."""
    numbers = {"x86_64": 272, "aarch64": 97}
    program = b"".join(
        struct.pack("<HBBI", *line)
        for line in (
            (0x20, 0, 0, 0),
            (0x15, 0, 1, numbers[os.uname().machine]),
            (0x06, 0, 0, 0x00050000 | errno.EPERM),
            (0x06, 0, 0, 0x7FFF0000),
        )
    )
    buffer = ctypes.create_string_buffer(program)

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    described = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    assert libc.prctl(22, 2, ctypes.byref(described), 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _probe(
    directory: Path,
    environment: Mapping[str, str],
    conditions: Conditions | None,
    *,
    port: int,
    forbidden: bool = False,
) -> dict[str, Any]:
    """What a process sees; with conditions, of the second build's process."""
    import twinbuild

    root = str(Path(twinbuild.__file__).resolve().parents[1])
    wanted = json.dumps(asdict(conditions)) if conditions else ""
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-c", _PROBE, json.dumps([root]), wanted, str(port)],
        cwd=directory,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_refuse_namespaces if forbidden else None,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.sandbox
@pytest.mark.parametrize("forbidden", [False, True], ids=["namespaces", "forbidden"])
@pytest.mark.parametrize("preloaded", [False, True], ids=["injected", "preloaded"])
def test_every_condition_is_another(forbidden: bool, preloaded: bool, tmp_path: Path) -> None:
    """All that a process can see of its surroundings differs between the caller and the second build."""
    import socket

    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "7"}
    second = tmp_path / "a-longer-name" / "second"
    second.mkdir(parents=True)
    others = unlike(here(environment))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        before = time.time()
        if preloaded:
            (second / CLOCK).write_bytes(fixed_clock(os.uname().machine, int(before) + CLOCK_OFFSET))
        mine = _probe(tmp_path, environment, None, port=port)
        started = dict(varied_environment(second, others, clock=preloaded))
        theirs = _probe(second, started, others, port=port, forbidden=forbidden)
    for name in ("time-zone", "locale", "umask", "hash-seed", "processor-count", "environment"):
        assert theirs[name] != mine[name], name
    for name in ("user", "host-name", "directory", "directory-order"):
        assert all(one != other for one, other in zip(mine[name], theirs[name], strict=True)), name
    assert CLOCK_OFFSET - 1 <= theirs["clock"] - before < CLOCK_OFFSET + 60
    assert all(one < other for one, other in zip(mine["years"], theirs["years"], strict=True))
    # What reads the clock in C is not deceived by functions that are replaced.
    assert (mine["now"] < theirs["now"]) is preloaded
    assert theirs["witnesses"]["clock"] == ("preloaded" if preloaded else "injected")
    assert theirs["user"] == [others.uid, others.user]
    assert theirs["umask"] == 0o666 & ~others.umask
    assert theirs["environment"] == dict(varied_environment(second, others))
    assert theirs["network"] is forbidden
    told = theirs["witnesses"]
    assert told["network"] == ("not taken away" if forbidden else "namespace")
    assert told["user"] == told["host-name"] == ("injected" if forbidden else "namespace")
    assert told.keys() < {variation.name for variation in VARIATIONS}


def test_a_caller_who_has_the_second_builds_conditions() -> None:
    """Whoever the caller is, no condition of the second build is the caller's, and the list of variations stays."""
    usual = unlike(here({}))
    beside = unlike(usual)
    mixed = Conditions(**{**asdict(usual), "umask": 0o002, "uid": 0})
    for caller in (usual, beside, mixed):
        chosen = unlike(caller)
        assert all(getattr(chosen, field.name) != getattr(caller, field.name) for field in fields(Conditions))


def test_here_sees_this_process() -> None:
    """The caller's conditions are read, and reading them changes nothing."""
    before = os.umask(0o027)
    try:
        found = here({"TZ": "Asia/Tokyo", "LANG": "ja_JP.UTF-8", "PYTHONHASHSEED": "5"})
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert (found.time_zone, found.locale, found.umask, found.hash_seed) == ("Asia/Tokyo", "ja_JP.UTF-8", 0o027, "5")
    assert found.uid == os.getuid()
