from __future__ import annotations

import pytest

from twinbuild.trial.severity import below, rank

LINES = b"""\
{"level": "debug", "message": "a"}
{"severity": "INFO"}
{"level": "warning"}
plain text with level=info
["info"]
{"level": 20}
{"message": "no level"}
{"level": "ERROR"}
"""


@pytest.mark.parametrize(
    ("level", "numbers"), [("trace", []), ("info", [1]), ("warning", [1, 2]), ("error", [1, 2, 3]), ("loud", [])]
)
def test_below(level: str, numbers: list[int]) -> None:
    """Lines of JSON that name a lesser level, whatever its spelling; the rest says nothing."""
    assert [number for number, _ in below(LINES, level)] == numbers


def test_logfmt() -> None:
    """Lines of logfmt where that is the declared form, and then no others."""
    lines = b'time=1 level=info msg="a b"\nlvl=WARN msg=x\n{"level": "debug"}\nlevel="debug" msg=y\nmsg=z\n'
    assert list(below(lines, "error", "logfmt")) == [(1, "info"), (2, "WARN"), (4, "debug")]
    assert [number for number, _ in below(lines, "error")] == [3]


def test_order() -> None:
    """The usual words are in their order."""
    ranks = [rank(level) for level in ("trace", "DEBUG", "info", "Warning", "error", "critical", "alert", "emergency")]
    assert ranks == sorted(ranks, key=lambda found: -1 if found is None else found)
    assert None not in ranks
    assert rank("loud") is None
