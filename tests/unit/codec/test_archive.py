"""``codec.archive``: one spelling of a record, and nothing else is one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.archived import tiny_record
from twinbuild.codec.archive import decode_archived, encode_archived
from twinbuild.codec.canonical import canonical
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError

_DOCUMENT: Any = json.loads(encode_archived(tiny_record()))


def test_round_trip() -> None:
    """What was written is read as the same record."""
    record = tiny_record()
    assert decode_archived(encode_archived(record), name="r") == record


def _changed(**fields: object) -> bytes:
    return canonical({**_DOCUMENT, **fields})


def _file(**fields: object) -> list[dict[str, object]]:
    return [{**_DOCUMENT["files"][0], **fields}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"apiVersion":"twinbuild/archived/v1"}',
        encode_archived(tiny_record()) + b"\n",
        _changed(more=1),
        _changed(name="../x"),
        _changed(
            files=[*_DOCUMENT["files"], {**_DOCUMENT["files"][-1], "path": _DOCUMENT["files"][-1]["path"] + "/x"}]
        ),
        _changed(version=""),
        _changed(digest="sha256:AB"),
        _changed(added="2026-13-01T00:00:00Z"),
        _changed(commit="HEAD"),
        _changed(modified="no"),
        _changed(spec="other.yaml"),
        _changed(overlays=["missing.yaml"]),
        _changed(variants="cpu"),
        _changed(images=[{}]),
        _changed(files=_file(path="../etc/passwd")),
        _changed(files=_file(path="/etc/passwd")),
        _changed(files=_file(path="a\\b")),
        _changed(files=_file(path="a\x1b[2J")),
        _changed(files=_file(size=-1)),
        _changed(files=_file(size=True)),
        _changed(files=_file() * 2),
        _changed(inputs=[{**_DOCUMENT["inputs"][0], "kind": "other"}]),
        _changed(tool=["x"]),
    ],
)
def test_refused(content: bytes) -> None:
    """Other fields, paths that leave their root, terminal codes, other orders: TB9111."""
    with pytest.raises(IntegrityError, match="TB9111"):
        decode_archived(content, name="r")


def test_newer() -> None:
    """The record of a newer version is called that."""
    with pytest.raises(UsageError, match="TB9112"):
        decode_archived(_changed(apiVersion="twinbuild/archived/v2"), name="r")


@given(st.binary(max_size=40), st.integers(min_value=0, max_value=2000))
def test_any_bytes(more: bytes, at: int) -> None:
    """Bytes put anywhere into a record leave one of the same spelling, or are refused by a code."""
    content = encode_archived(tiny_record())
    broken = content[:at] + more + content[at:]
    try:
        read = decode_archived(broken, name="r")
    except TwinbuildError as error:
        codes = {finding.code for finding in error.findings}
    else:
        codes = {"TB9111"} if encode_archived(read) == broken else set()
    assert codes in ({"TB9111"}, {"TB9112"})
