"""What an interpreter that somebody else chose can do to this machine while it compiles: read its own files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from twinbuild.build import confined, seccomp
from twinbuild.build.bytecode import _confined

LANDLOCK = pytest.mark.skipif(confined.version() == 0, reason="this kernel has no Landlock")
KEEPER = "import sys; sys.stdin.read()"


@pytest.fixture(scope="module")
def root() -> Path:
    """What a Python needs to run here: the directories of this one, and of the libraries below it."""
    return Path("/")


def attempt(body: str, *, root: Path, **names: object) -> str:
    """What a hostile interpreter says that came of it: "done", or the error."""
    program = "import os, socket, ctypes, signal\n" + "".join(f"{name} = {value!r}\n" for name, value in names.items())
    program += "try:\n" + textwrap.indent(textwrap.dedent(body), "    ") + "\nexcept OSError as error:\n"
    program += "    print(type(error).__name__)\nelse:\n    print('done')\n"
    completed = subprocess.run(
        [*_confined(root), sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()


def test_what_it_may(root: Path) -> None:
    """Reading below its root, and computing; what it printed comes back."""
    assert attempt("assert open(os.__file__).read() and os.listdir('/')", root=root) == "done"


@LANDLOCK
@pytest.mark.parametrize(
    "body",
    [
        "open(place + '/new', 'w')",
        "open(place + '/mine', 'a').write('x')",
        "os.truncate(place + '/mine', 0)",
        "os.unlink(place + '/mine')",
        "os.rename(place + '/mine', place + '/yours')",
        "os.mkdir(place + '/new')",
        "os.symlink('/etc/passwd', place + '/new')",
        "os.link(place + '/mine', place + '/new')",
        "os.mkfifo(place + '/new')",
        "open('/proc/self/mem', 'r+b')",
        "open('/dev/shm/twinbuild-attack', 'w')",
    ],
)
def test_it_writes_nothing(tmp_path: Path, root: Path, body: str) -> None:
    """No file is made, changed or removed, not even below its own root."""
    (tmp_path / "mine").write_text("mine")
    assert attempt(body, root=root, place=str(tmp_path)) == "PermissionError"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"mine": "mine"}


def refused(root: Path, program: bytes, attack: Callable[[], object]) -> bool:
    """Whether a process that confined itself fails with an OSError, or else succeeds."""
    child = os.fork()
    if child == 0:
        try:
            confined.confine(str(root), program)
            attack()
        except OSError:
            os._exit(3)
        finally:
            os._exit(4)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (3, 4)
    return status == 3


@LANDLOCK
def test_it_reads_nothing_outside_of_its_root(tmp_path: Path) -> None:
    """Neither keys nor the store's neighbours, also by a link; and it starts no program of the host."""
    inside, secret = tmp_path / "root", tmp_path / "secret"
    inside.mkdir()
    (inside / "own").write_text("own")
    (inside / "link").symlink_to(secret)
    secret.write_text("#!/bin/sh\necho started\n")
    secret.chmod(0o755)
    assert not refused(inside, b"", (inside / "own").read_text)
    assert refused(inside, b"", secret.read_text)
    assert refused(inside, b"", (inside / "link").read_text)
    assert refused(inside, b"", lambda: list(tmp_path.iterdir()))
    assert refused(inside, b"", lambda: os.execv(secret, ["secret"]))
    assert refused(inside, b"", Path("/proc/self/environ").read_bytes)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK])
def test_it_has_no_socket(root: Path, family: socket.AddressFamily) -> None:
    """Neither the network nor a service of this machine, such as an agent that holds keys."""
    assert (
        attempt("socket.socket(family, socket.SOCK_STREAM if family != 16 else 3)", root=root, family=int(family))
        == "OSError"
    )
    assert attempt("socket.socketpair()", root=root) == "OSError"


@pytest.mark.parametrize(
    "body",
    [
        "os.kill(pid, 9)",
        "os.killpg(os.getpgid(pid), 9)",
        "signal.pidfd_send_signal(os.pidfd_open(pid), 9)",
        "if ctypes.CDLL(None, use_errno=True).ptrace(16, pid, 0, 0): raise OSError",
        "if ctypes.CDLL(None, use_errno=True).unshare(0x10000000): raise OSError",
        "if ctypes.CDLL(None, use_errno=True).shmget(0, 4096, 0o1600) < 0: raise OSError",
    ],
)
def test_it_does_nothing_to_other_processes(root: Path, body: str) -> None:
    """No signal, no tracing, no namespaces of its own in which more would be allowed."""
    with subprocess.Popen([sys.executable, "-c", KEEPER], stdin=subprocess.PIPE, process_group=0) as other:
        assert attempt(body, root=root, pid=other.pid) == "OSError"
        assert other.poll() is None
        other.communicate(b"")
        assert other.returncode == 0


def test_without_landlock_the_rest_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An older kernel: no socket all the same; and a machine whose calls are unknown only has Landlock."""
    program = seccomp.program(os.uname().machine, alone=True)
    monkeypatch.setattr(confined, "call", lambda *_: -1)
    assert confined.version() == 0
    assert not refused(tmp_path, program, lambda: list(Path("/").iterdir()))
    assert refused(tmp_path, program, socket.socket)
    assert seccomp.program("riscv64", alone=True) == b""


def test_the_program_that_is_started_is_the_one_named(root: Path) -> None:
    """Its status and signals come back as they are."""
    completed = subprocess.run(
        [*_confined(root), sys.executable, "-c", "import os; os._exit(7)"],
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert completed.returncode == 7
    killed = subprocess.run(
        [*_confined(root), sys.executable, "-c", "import signal; signal.alarm(1); signal.pause()"], check=False
    )
    assert killed.returncode == -signal.SIGALRM
