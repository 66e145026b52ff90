from __future__ import annotations

from twinbuild.pipeline.explain.mismatch import Mismatch, Reason
from twinbuild.pipeline.explain.told import mismatch_json, mismatch_lines
from twinbuild.verify.mismatch.catalogue import cause
from twinbuild.verify.mismatch.found import at_bytes, told

_BYTES = at_bytes(("a", "b"), (b"x" * 60 + b"1\x1b[m", b"x" * 60 + b"2"), 60, cause("random", "why"))
_WORDS = told(("c",), "mode=0644", "mode=0600", cause("umask", "why"))
_FOUND = Mismatch(
    reasons=tuple(Reason(cause=each.cause, first=each, step="layer 2", count=3) for each in (_BYTES, _WORDS)),
    notes=("run.json",),
)


def test_lines() -> None:
    """Bytes in hexadecimal and as text with their offset, words as they are; nothing that steers a terminal."""
    lines = list(mismatch_lines(_FOUND, names=("A", "B")))
    assert lines[0] == "1. random: why"
    assert lines[1] == "   where   a > b, byte 60"
    assert lines[3].startswith("   first   00000030  78 78")
    assert "1.[m|" in lines[3]
    assert "   first   mode=0644" in lines
    assert "   and     2 more of this cause" in lines
    assert lines[-1] == "not compared: run.json"
    assert list(mismatch_lines(Mismatch(reasons=(), notes=()), names=("A", "B"))) == ["no difference between A and B"]


def test_json() -> None:
    """Offsets where a byte is meant, null where none is."""
    found = mismatch_json(_FOUND, names=("A", "B"))
    causes = found["causes"]
    assert isinstance(causes, list)
    assert [each["offset"] for each in causes] == [60, None]  # type: ignore[index,call-overload]
    assert found["same"] is False
