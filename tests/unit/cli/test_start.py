"""How quickly a command starts, by what it imports (never by a clock), and what it starts with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[3]
HEAVY: Final = frozenset(
    {
        "asyncio", "concurrent.futures", "cyclonedx", "email", "http.client", "installer", "jinja2", "multiprocessing",
        "packaging", "pathspec", "pydantic", "pysequoia", "rfc8785", "rich", "ssl", "subprocess", "urllib3", "yaml",
        "xml", "zlib_ng", "zstandard",
    }
)  # fmt: skip
_SCRIPT: Final = """
import sys
before = set(sys.modules)
try:
    {statement}
except SystemExit:
    pass
print("\\n".join(sorted(set(sys.modules) - before)), file=sys.stderr)
"""


_INTERRUPTED: Final = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "click":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from twinbuild.cli.start import main
main()
"""
_CLOSED: Final = """
import os, sys
from twinbuild.cli.outcome import open_streams
os.closerange(0, 3)
sys.stdin = sys.stdout = sys.stderr = None
open_streams()
for stream in (sys.stdout, sys.stderr):
    stream.buffer.write(b"of a program")
    print("of ours", file=stream, flush=True)
sys.exit(os.open(os.devnull, os.O_RDONLY) + 10 * sys.stdin.isatty() + 20 * os.get_inheritable(3))
"""


def _process(script: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_ctrl_c_before_the_command_line_is_read() -> None:
    """It ends the process as it ends any, and no traceback of an import is shown."""
    ended = _process(_INTERRUPTED)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")


def test_a_file_takes_no_number_of_a_closed_stream() -> None:
    """Where the three standard streams are closed, the first file is number 3, and nobody is asked for anything."""
    assert _process(_CLOSED).returncode == 3


def test_a_shell_that_completes_is_told_of_no_error() -> None:
    """A verb that there is not is no usage error there."""
    from twinbuild.cli.__main__ import cli

    context = cli.make_context("twinbuild", ["biuld"], resilient_parsing=True)
    assert cli.resolve_command(context, ["biuld"])[:2] == (None, None)


# How numbers are said: a few lines that import nothing.
WORDS: Final = {"twinbuild.codec", "twinbuild.codec.amounts"}


def _imported(statement: str, *arguments: str) -> set[str]:
    """What is imported beyond what the interpreter has anyway."""
    completed = subprocess.run(
        [sys.executable, "-S", "-c", _SCRIPT.format(statement=statement), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(completed.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("release", "--help"), ("lock", "--help")])
def test_help_imports_little(arguments: tuple[str, ...]) -> None:
    """No library but click, no stage, and not many modules in all (click's own are 70)."""
    found = _imported("from twinbuild.cli.__main__ import main; main()", *arguments)
    assert not found & HEAVY
    assert {name for name in found if name.startswith("twinbuild.")} <= {
        "twinbuild.cli", "twinbuild.cli.__main__", "twinbuild.cli.lock", "twinbuild.cli.options",
        "twinbuild.cli.outcome", "twinbuild.cli.release", "twinbuild.errors", *WORDS,
    }  # fmt: skip
    assert len(found) < 130


def test_an_unchanged_release_imports_little() -> None:
    """Whether a release still stands is found out without any library of the stages."""
    found = _imported("import twinbuild.cli.release, twinbuild.pipeline.release.unchanged, tomllib")
    assert not found & HEAVY
    heavy = ("twinbuild.model.spec", "twinbuild.codec", "twinbuild.net")
    assert not {name for name in found - WORDS if name.startswith(heavy)}
    assert len(found) < 160


def test_the_measure_sees_imports() -> None:
    """The stages do import what an unchanged release must not."""
    assert {"pydantic", "yaml", "zstandard"} <= _imported("import twinbuild.pipeline.release.releasing")
