"""What every runner must do, the real one and the fake."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.runner import Call, FakeRunner
from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Completed, Runner
from twinbuild.process.runner import SubprocessRunner

# Each program twice: as Python source for the real runner and as a function for the fake.
PROGRAMS: dict[str, tuple[str, Callable[[Call], Completed]]] = {
    "echo": (
        "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.stderr.write('said')",
        lambda call: Completed(status=0, stdout=call.stdin, stderr=b"said"),
    ),
    "fail": ("raise SystemExit(3)", lambda _: Completed(status=3, stdout=b"", stderr=b"")),
    "die": (
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        lambda _: Completed(status=-15, stdout=b"", stderr=b""),
    ),
    "environment": (
        "import os; print(sorted((k, v) for k, v in os.environ.items() if k != 'LC_CTYPE'))",
        lambda call: Completed(status=0, stdout=f"{sorted(call.environment)}\n".encode(), stderr=b""),
    ),
    "where": (
        "import os; print(os.getcwd())",
        lambda call: Completed(status=0, stdout=f"{call.directory or Path.cwd()}\n".encode(), stderr=b""),
    ),
    "sleep": ("import time; time.sleep(60)", lambda _: time.sleep(2) or Completed(status=0, stdout=b"", stderr=b"")),
    "loud": (
        "import sys; sys.stderr.write('e' * 3_000_000); sys.stdout.write('o' * 3_000_000)",
        lambda _: Completed(status=0, stdout=b"o" * 3_000_000, stderr=b"e" * 3_000_000),
    ),
    "deaf": ("import sys; sys.exit(0)", lambda _: Completed(status=0, stdout=b"", stderr=b"")),
}


class _Real:
    """The real runner under the fake's names of programs."""

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...],
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 600.0,
    ) -> Completed:
        known = argv and argv[0] in PROGRAMS
        real = (sys.executable, "-S", "-c", PROGRAMS[argv[0]][0], *argv[1:]) if known else argv
        return SubprocessRunner().run(real, environment=environment, stdin=stdin, directory=directory, timeout=timeout)


@pytest.fixture(params=["subprocess", "fake"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Each implementation in turn."""
    return (
        _Real() if request.param == "subprocess" else FakeRunner({name: fake for name, (_, fake) in PROGRAMS.items()})
    )


@pytest.mark.parametrize("stdin", [b"", b"word", b"\0\xff" * 2_000_000], ids=["empty", "word", "4M"])
def test_input_and_output(runner: Runner, stdin: bytes) -> None:
    """What goes in comes out, whatever its size, apart from standard error."""
    assert runner.run(("echo",), environment=(), stdin=stdin) == Completed(status=0, stdout=stdin, stderr=b"said")


def test_status_is_not_an_error(runner: Runner) -> None:
    """A status other than 0 is returned, for the caller to judge."""
    assert runner.run(("fail",), environment=()).status == 3


def test_signal_is_a_negative_status(runner: Runner) -> None:
    """A program that died of a signal has its negative number as status."""
    assert runner.run(("die",), environment=()).status == -15


def test_environment_is_exact(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program has the variables given and none of ours."""
    monkeypatch.setenv("LEAK", "1")
    given = (("A", "1"), ("B", "two words"))
    assert runner.run(("environment",), environment=given).stdout.decode() == f"{sorted(given)}\n"


def test_directory(runner: Runner, tmp_path: Path) -> None:
    """The program runs in the directory given, else in ours."""
    assert runner.run(("where",), environment=(), directory=tmp_path).stdout == os.fsencode(tmp_path) + b"\n"
    assert runner.run(("where",), environment=()).stdout == os.fsencode(Path.cwd()) + b"\n"


def test_much_output_on_both_streams(runner: Runner) -> None:
    """Megabytes on standard error before standard output don't block anything."""
    completed = runner.run(("loud",), environment=())
    assert (len(completed.stdout), len(completed.stderr)) == (3_000_000, 3_000_000)


def test_program_that_doesn_t_listen(runner: Runner) -> None:
    """A program that ends without reading its input isn't an error."""
    assert runner.run(("deaf",), environment=(), stdin=b"x" * 5_000_000).status == 0


@pytest.mark.parametrize("argv", [(), ("no-such-program",), ("echo\0",)], ids=["none", "unknown", "NUL"])
def test_program_that_cannot_start(runner: Runner, argv: tuple[str, ...]) -> None:
    """A program that can't be started is TB5901."""
    with pytest.raises(EnvironmentFault) as caught:
        runner.run(argv, environment=())
    assert caught.value.findings[0].code == "TB5901"


def test_directory_that_is_not_there(runner: Runner, tmp_path: Path) -> None:
    """A missing directory is TB5901."""
    with pytest.raises(EnvironmentFault) as caught:
        runner.run(("echo",), environment=(), directory=tmp_path / "absent")
    assert caught.value.findings[0].code == "TB5901"


def test_time_limit(runner: Runner) -> None:
    """A program that outlives its limit is TB5902, soon after the limit."""
    start = time.monotonic()
    with pytest.raises(EnvironmentFault) as caught:
        runner.run(("sleep",), environment=(), timeout=0.3)
    assert caught.value.findings[0].code == "TB5902"
    assert time.monotonic() - start < 5
