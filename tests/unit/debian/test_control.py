"""Control files are read strictly and as a stream."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from twinbuild.debian import control
from twinbuild.debian.control import parse_stanza, parse_stanzas, read_stanzas
from twinbuild.errors import IntegrityError

TWO = "Package: a\nDescription: short\n long\n .\n more\n\n\n \nPackage: b\nVersion:1\n"


def test_stanzas_and_continuation_lines() -> None:
    """Names become lower case, values are stripped, continuation lines stay as they stand."""
    first, second = parse_stanzas(TWO, where="x")
    assert first == {"package": "a", "description": "short\n long\n .\n more"}
    assert second == {"package": "b", "version": "1"}


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
def test_stream_gives_the_same_at_any_chunk_size(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Where a stream is cut into pieces changes nothing."""
    monkeypatch.setattr(control, "_CHUNK", chunk)
    assert tuple(read_stanzas(io.BytesIO(TWO.encode()), where="x")) == parse_stanzas(TWO, where="x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Package: a\nPackage: b\n", "twice"),
        ("Package: a\npackage: b\n", "twice"),
        (" continued\n", "continuation line before any field"),
        ("Package: a\n\n continued\n", "continuation line before any field"),
        ("Package a\n", "no field"),
        (": a\n", "not allowed"),
        ("-Package: a\n", "not allowed"),
        ("# note: this\nPackage: a\n", "not allowed"),
        ("Pack age: a\n", "not allowed"),
        ("Päckage: a\n", "not allowed"),
    ],
)
def test_malformed_text_is_refused(text: str, said: str) -> None:
    """What deb822(5) does not allow raises TB2101 and says what is wrong where."""
    with pytest.raises(IntegrityError) as caught:
        parse_stanzas(text, where="some file")
    finding = caught.value.findings[0]
    assert (finding.code, str(finding.where)) == ("TB2101", "some file")
    assert said in finding.message


def test_bytes_that_are_no_text_are_refused() -> None:
    """UTF-8 is the only encoding."""
    with pytest.raises(IntegrityError, match="not UTF-8 at byte 9"):
        tuple(read_stanzas(io.BytesIO(b"Package: \xff\n"), where="x"))


def test_comments_only_where_asked_for() -> None:
    """Apt's sources may have comments, even amid a field."""
    text = "# one\nTypes: deb\n# two\nSuites: a\n# three\n b\n"
    assert parse_stanzas(text, where="x", comments=True) == ({"types": "deb", "suites": "a\n b"},)


def test_endless_stanza_is_refused_before_it_fills_the_memory() -> None:
    """A stanza beyond the limit raises TB2105 after a few megabytes."""

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(IntegrityError) as caught:
        tuple(read_stanzas(stream, where="x"))  # type: ignore[arg-type]
    assert caught.value.findings[0].code == "TB2105"
    assert stream.given < 8 << 20


@pytest.mark.parametrize("make", [lambda: parse_stanza("", where="x"), lambda: parse_stanza(TWO, where="x")])
def test_one_stanza_means_one(make: Callable[[], object]) -> None:
    """A control file with none or several stanzas is malformed."""
    with pytest.raises(IntegrityError, match="expected one"):
        make()
