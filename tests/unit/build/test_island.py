"""``build.island``: a process that left the machine behind sees what it was given, and no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from twinbuild.build.island import programs

_PROGRAM = """
import json, os, socket, sys
from pathlib import Path
from twinbuild.build.island import enter_island, programs
from twinbuild.build.sandbox import Sandbox
from twinbuild.errors import EnvironmentFault
from twinbuild.process.runner import SubprocessRunner
given, mine, hidden, port = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
witnesses = dict(enter_island(readable=(given, *programs()), writable=(mine,), user=54321))
os.environ["TMPDIR"] = str(mine)
def refused(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "allowed"
print(json.dumps({
    "witnesses": witnesses,
    "read": (given / "file").read_text(),
    "hidden": refused(hidden.read_text),
    "given": refused(lambda: (given / "new").write_text("x")),
    "mine": refused(lambda: (mine / "new").write_text("x")),
    "system": refused(lambda: Path("/usr/new").write_text("x")),
    "home": os.path.exists("/home") or os.path.exists("/var"),
    "connect": refused(lambda: socket.create_connection(("127.0.0.1", port), 1)),
    "devices": sorted(os.listdir("/dev")),
    "shared": refused(lambda: Path("/dev/shm", sys.argv[5]).read_text()) + refused(Path("/dev/shm/new").touch),
    "null": refused(lambda: Path("/dev/null").write_text("x")),
    "user": os.getuid(),
    "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
    "signal": refused(lambda: os.kill(int(sys.argv[6]), 0)),
    "sandbox": Sandbox(SubprocessRunner()).available(),
}))
"""


@pytest.mark.sandbox
def test_island(tmp_path: Path) -> None:
    """Given files are read and not written, its own are written, all others are gone; a sandbox fits in."""
    import socket

    for name in ("given place", "mine", "hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.NamedTemporaryFile(dir="/dev/shm") as shared:
        port = str(server.getsockname()[1])
        places = [str(tmp_path / name) for name in ("given place", "mine", "hidden/file")]
        ended = subprocess.run(
            [sys.executable, "-P", "-c", _PROGRAM, *places, port, Path(shared.name).name, str(os.getpid())],
            capture_output=True,
            env={"PYTHONPATH": str(Path(__file__).resolve().parents[3] / "generator")},
            check=False,
        )
    assert ended.returncode == 0, ended.stderr.decode()
    seen = json.loads(ended.stdout)
    assert seen.pop("witnesses").keys() == {"files", "network"}
    assert seen == {
        "read": "given place",
        "hidden": "FileNotFoundError",
        "given": "OSError",
        "mine": "allowed",
        "system": "OSError",
        "home": False,
        "connect": "OSError",
        "devices": ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"],
        "shared": "FileNotFoundErrorallowed",
        "null": "allowed",
        "user": 54321,
        "processes": [1, 2],
        "signal": "ProcessLookupError",
        "sandbox": None,
    }


def test_programs() -> None:
    """Python and twinbuild are among them, and no directory of the user's."""
    found = programs()
    assert Path(sys.prefix) in found
    assert Path("/usr") in found
    assert not {Path("/"), Path("/home"), Path("/root"), Path.home()} & set(found)


_FORBIDDEN = """
import os
from twinbuild.build.island import enter_island
from twinbuild.build.kernel import libc
from twinbuild.errors import EnvironmentFault
uid, gid = os.getuid(), os.getgid()
assert libc.unshare(0x10000000) == 0
for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)
with open("/proc/sys/user/max_user_namespaces", "w") as file:
    file.write("0")
try:
    enter_island(readable=(), writable=(), user=54321)
except EnvironmentFault as error:
    print(error)
"""


@pytest.mark.sandbox
def test_where_it_is_forbidden() -> None:
    """A kernel that allows no namespaces is called that, and nothing is built without them."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", _FORBIDDEN],
        capture_output=True,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[3] / "generator")},
        check=True,
    )
    assert b"TB9120" in ended.stdout, ended.stderr
