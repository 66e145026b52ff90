"""What only a runner of real processes must do."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault
from twinbuild.process.runner import SubprocessRunner

PYTHON = (sys.executable, "-S", "-c")


def _gone(pid: int) -> bool:
    """Whether a process is dead (a zombie is), within two seconds."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


CHILD = "import os, time, sys; pid = os.fork(); pid or time.sleep(60); print(pid, flush=True)"


def test_children_die_with_the_program() -> None:
    """A child that the program leaves behind is killed when the program ends, even while it holds the pipes."""
    start = time.monotonic()
    completed = SubprocessRunner().run((*PYTHON, CHILD), environment=())
    assert time.monotonic() - start < 5
    assert _gone(int(completed.stdout))


def test_children_die_on_time_out(tmp_path: Path) -> None:
    """On time-out the children of the program are killed too."""
    note = tmp_path / "pid"
    program = f"import os, time; pid = os.fork(); pid and open({str(note)!r}, 'w').write(str(pid)); time.sleep(60)"
    with pytest.raises(EnvironmentFault) as caught:
        SubprocessRunner().run((*PYTHON, program), environment=(), timeout=1)
    assert caught.value.findings[0].code == "TB5902"
    assert _gone(int(note.read_text()))


def test_time_out_says_what_the_program_said() -> None:
    """The message of a time-out ends with the last words on standard error."""
    program = "import sys, time; sys.stderr.write('waiting for Godot'); sys.stderr.flush(); time.sleep(60)"
    with pytest.raises(EnvironmentFault, match="waiting for Godot"):
        SubprocessRunner().run((*PYTHON, program), environment=(), timeout=1)


def test_children_die_on_interruption(tmp_path: Path) -> None:
    """An interruption from the keyboard comes through, and the program is dead then."""
    note = tmp_path / "pid"
    program = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    def interrupt() -> None:
        while not (note.exists() and note.read_text()):
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        SubprocessRunner().run((*PYTHON, program), environment=())
    thread.join()
    assert _gone(int(note.read_text()))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_too_much_output(stream: str) -> None:
    """A stream above the limit is TB5903, and the program is killed."""
    with pytest.raises(EnvironmentFault) as caught:
        SubprocessRunner(limit=100_000).run(
            (*PYTHON, f"import sys\nwhile True: sys.{stream}.write('x' * 9999)"), environment=()
        )
    assert caught.value.findings[0].code == "TB5903"


def test_descriptors_are_closed(tmp_path: Path) -> None:
    """The program has no open file of ours but its three streams."""
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        completed = SubprocessRunner().run(
            (*PYTHON, "import os; print(sorted(os.listdir('/proc/self/fd')))"), environment=()
        )
    assert completed.stdout == b"['0', '1', '2', '3']\n"  # 3: the listing itself


def test_own_session() -> None:
    """The program leads a session of its own, so that it has no terminal and no signal of ours reaches it by chance."""
    program = "import os; print(os.getsid(0) == os.getpid() == os.getpgid(0))"
    assert SubprocessRunner().run((*PYTHON, program), environment=()).stdout == b"True\n"


def test_no_descriptor_is_leaked() -> None:
    """After success, failure and time-out as many files are open as before."""
    runner = SubprocessRunner()

    def attempt(program: str, timeout: float = 60) -> None:
        try:
            runner.run((*PYTHON, program), environment=(), stdin=b"x" * 100_000, timeout=timeout)
        except EnvironmentFault:
            return

    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    attempt("pass")
    attempt("raise SystemExit(1)")
    attempt("import time; time.sleep(9)", 0.2)
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208
