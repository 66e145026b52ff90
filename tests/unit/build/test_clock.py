from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from twinbuild.build.clock import fixed_clock

EPOCH = 1_700_000_000
PROGRAM = """
import ctypes, datetime, time
class Pair(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_int64), ("rest", ctypes.c_int64)]
library = ctypes.CDLL(None)
def pair(function, *arguments):
    found = Pair(-1, -1)
    status = getattr(library, function)(*(found_at if each is None else each for each in arguments
                                          for found_at in [ctypes.byref(found)]))
    return status, found.seconds, found.rest
library.time.restype = ctypes.c_int64
place = ctypes.c_int64(-1)
zone = ctypes.c_int64(-1)
print(pair("clock_gettime", 0, None), pair("clock_gettime", 5, None), pair("clock_gettime", 11, None))
print(pair("clock_gettime", 1, None)[1] >= 0, time.monotonic() < time.monotonic(), pair("clock_gettime", 77, None))
print(pair("gettimeofday", None, ctypes.byref(zone)), zone.value, library.gettimeofday(None, None))
print(library.time(None), library.time(ctypes.byref(place)), place.value)
print(pair("timespec_get", None, 1), pair("timespec_get", None, 7))
print(time.time(), datetime.datetime.now(datetime.timezone.utc).isoformat(), time.time_ns())
time.sleep(0.01)
print(time.time())
"""
EXPECTED = f"""
(0, {EPOCH}, 0) (0, {EPOCH}, 0) (0, {EPOCH}, 0)
True True (-1, -1, -1)
(0, {EPOCH}, 0) 0 0
{EPOCH} {EPOCH} {EPOCH}
(1, {EPOCH}, 0) (0, -1, -1)
{EPOCH}.0 2023-11-14T22:13:20+00:00 {EPOCH}000000000
{EPOCH}.0
""".lstrip()


@pytest.mark.skipif(os.uname().machine not in ("x86_64", "aarch64"), reason="no library for this machine")
def test_every_function_of_the_time_of_day(tmp_path: Path) -> None:
    """Real clocks stand still, the others go on, what is unknown fails, optional places may be missing."""
    library = tmp_path / "clock"
    library.write_bytes(fixed_clock(os.uname().machine, EPOCH))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == (EXPECTED, "")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_format(machine: str) -> None:
    """A function of machine and time alone; no stack that can be run, nothing both writable and runnable."""
    made = fixed_clock(machine, EPOCH)
    assert made == fixed_clock(machine, EPOCH)
    assert made != fixed_clock(machine, EPOCH + 1)
    assert len(made) < 1000
    headers = [
        struct.unpack_from("<II", made, 64 + 56 * number) for number in range(struct.unpack_from("<H", made, 56)[0])
    ]
    assert (0x6474E551, 6) in headers
    assert all(flags & 3 != 3 for _, flags in headers)
