"""Progress: one line on a real terminal of any width, clean afterwards; few plain lines in a log."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Final

import pytest

from twinbuild.cli.progress import _Plain

ROOT: Final = Path(__file__).resolve().parents[3]
SCRIPT: Final = """
import sys
from twinbuild.cli.progress import shown_progress
with shown_progress(quiet=False) as progress:
    for done in range(0, 50_000_001, 10_000_000):
        progress("fetch", done, 50_000_000)
    progress("layers", 1, 10)
    progress("a long activity without an end that goes on and on", 0, 0)
sys.stderr.write("end")
"""


def _on_a_terminal(columns: int, **variables: str) -> str:
    """What a terminal of that width is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "COLUMNS", "TERM")}
    environment |= {"PYTHONPATH": str(ROOT / "generator"), "TERM": "xterm", **variables}
    subprocess.run([sys.executable, "-c", SCRIPT], stdout=theirs, stderr=theirs, env=environment, check=True)
    os.close(theirs)
    sent = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            sent += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return sent.decode()


@pytest.mark.parametrize("columns", [200, 80, 20, 2])
def test_one_line_that_fits_and_goes(columns: int) -> None:
    """Nothing wraps, nothing stays, and no colour is needed."""
    sent = _on_a_terminal(columns)
    drawn = sent.split("\r\x1b[K")
    assert drawn[0] == ""
    assert drawn[-1] == "end"
    assert len(drawn) > 4
    assert all(len(line) < columns for line in drawn[:-1])
    assert "\n" not in sent
    assert not re.search(r"\x1b\[[0-9;]*m", sent)
    if columns == 80:
        assert "fetch [########################] 50.0/50.0 MB" in drawn


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"CI": "true"}])
def test_plain_where_a_line_cannot_be_drawn_over(variables: dict[str, str]) -> None:
    """A terminal without control sequences, and a log."""
    sent = _on_a_terminal(80, **variables)
    assert "\x1b" not in sent
    assert sent.splitlines() == [
        "twinbuild: fetch 0.0/50.0 MB",
        "twinbuild: fetch 50.0/50.0 MB",
        "twinbuild: layers",
        "twinbuild: a long activity without an end that goes on and on",
        "end",
    ]


def test_a_log_shows_life(capsys: pytest.CaptureFixture[str]) -> None:
    """While bytes move, a line every ten seconds, however many steps there are."""
    now = 0.0
    plain = _Plain(clock=lambda: now)
    for done in range(0, 100_000_000, 100_000):
        now += 0.025  # 25 seconds in all
        plain("fetch", done, 100_000_000)
    plain("fetch", 100_000_000, 100_000_000)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "twinbuild: fetch 0.0/100.0 MB"
    assert said[-1] == "twinbuild: fetch 100.0/100.0 MB"
    assert len(said) == 4


def test_an_end_of_activity_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is drawn over, there is nothing to clear."""
    plain = _Plain()
    plain("unpacking the image", 0, 0)
    plain("", 0, 0)
    assert capsys.readouterr().err == "twinbuild: unpacking the image\n"
