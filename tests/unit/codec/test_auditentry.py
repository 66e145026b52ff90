"""Entries of an audit log: one spelling, nothing that is unclear, nothing that a log must not keep."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.auditentry import ACTIONS, Entry, decode_entry, encode_entry, is_key, refuse_unfit
from twinbuild.errors import IntegrityError, UsageError

DIGEST = f"sha256:{'5' * 64}"
GOOD: dict[str, Any] = {
    "action": "promoted",
    "by": "ada",
    "time": 1795708185,
    "release": DIGEST,
    "name": "fraud-scorer",
    "version": "1.0.0",
    "details": "to prod",
}


def test_bytes() -> None:
    """The format is written down here: another spelling would be another log."""
    assert encode_entry(Entry(**GOOD)) == (
        b'{"action":"promoted","by":"ada","details":"to prod","format":"twinbuild-audit/1","release":{"digest":"'
        + DIGEST.encode()
        + b'","name":"fraud-scorer","version":"1.0.0"},"time":1795708185}'
    )
    assert Entry(**GOOD).moment == "2026-11-26T15:49:45Z"


@given(
    st.sampled_from(ACTIONS),
    st.text(st.characters(categories=["L", "N", "P"], codec="utf-8"), min_size=1, max_size=50),
    st.integers(0, 253402300799),
    st.text(st.characters(categories=["L", "N"], codec="utf-8"), max_size=100),
)
def test_round_trip(action: str, by: str, time: int, details: str) -> None:
    """What is written is read."""
    entry = Entry(**{**GOOD, "action": action, "by": by, "time": time, "details": details})
    assert decode_entry(encode_entry(entry), where="e") == entry


@pytest.mark.parametrize(
    "change",
    [
        {"action": "deleted"},
        {"time": -1},
        {"time": 253402300800},
        {"by": ""},
        {"by": "  "},
        {"by": "x" * 201},
        {"details": "x" * 16_001},
        {"details": "half a character \ud800"},
        {"release": ""},
        {"name": ""},
        {"release": "", "name": "", "version": ""},
        {"action": "note", "release": "", "name": "", "version": "", "details": ""},
        {**dict.fromkeys(("by", "name", "version"), "\U0001f600" * 200), "details": "\U0001f600" * 16_000},
    ],
)
def test_no_entry(change: dict[str, Any]) -> None:
    """TB8631, before anything is appended."""
    with pytest.raises(UsageError) as caught:
        Entry(**{**GOOD, **change})
    assert caught.value.findings[0].code == "TB8631"


UNFIT: list[dict[str, Any]] = [
    {"by": "a\nb"},
    {"name": "fraud\u202escorer"},
    {"details": "a\x1b[31m"},
    {"details": "a letter of a later Unicode \U0003fffd"},
    {"details": "token ghp_" + "a1" * 18},
    {"by": "https://me:hunter22@example.com"},
]


@pytest.mark.parametrize("change", UNFIT)
def test_unfit(change: dict[str, Any]) -> None:
    """TB8631 for who writes it. What is in a log is read: by tables of tomorrow some of today's would be unfit, too."""
    entry = Entry(**{**GOOD, **change})
    with pytest.raises(UsageError) as caught:
        refuse_unfit(entry)
    assert caught.value.findings[0].code == "TB8631"
    assert decode_entry(encode_entry(entry), where="e") == entry


@pytest.mark.parametrize("change", [{}, {"details": "one\ntwo"}, {"by": "Grâce \u8a00"}])
def test_fit(change: dict[str, Any]) -> None:
    """Plain text, in any language, details in lines."""
    refuse_unfit(Entry(**{**GOOD, **change}))


def test_a_long_one() -> None:
    """What fits is taken."""
    Entry(**{**GOOD, "details": "\U0001f600" * 16_000})


def test_a_note_needs_no_release() -> None:
    """But it says something, and may say it in lines."""
    entry = Entry(action="note", by="ada", time=0, details="one\ntwo")
    assert decode_entry(encode_entry(entry), where="e") == entry


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"twinbuild-audit/1", b"twinbuild-audit/2"),
        lambda content: content.replace(b'"ada"', b'"ada" '),
        lambda content: content.replace(b'"by"', b'"from"'),
        lambda content: content.replace(b"1795708185", b"1795708185.0"),
        lambda content: content.replace(b"1795708185", b"true"),
        lambda content: content.replace(b'"ada"', b"7"),
        lambda content: content.replace(b"promoted", b"deleted"),
        lambda content: content.replace(b"sha256:5", b"sha256:G"),
        lambda content: content.replace(b'{"action', b'{"a":1,"action'),
        lambda content: content.replace(b'"name":"fraud-scorer"', b'"name":["fraud-scorer"]'),
        lambda content: content + b"\n",
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: b"[]",
        lambda content: b"\xff",
        lambda content: b"",
    ],
)
def test_no_bytes_of_an_entry(change: Any) -> None:
    """TB8644 for what ``encode_entry`` does not write."""
    with pytest.raises(IntegrityError) as caught:
        decode_entry(change(encode_entry(Entry(**GOOD))), where="entry 7 of log")
    assert caught.value.findings[0].code == "TB8644"
    assert "entry 7 of log" in caught.value.findings[0].message


def test_keys_and_names() -> None:
    """64 hexadecimal digits are a key's id."""
    assert is_key("0123456789abcdef" * 4)
    assert not is_key("ada")
