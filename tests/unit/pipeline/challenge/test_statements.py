"""``pipeline.challenge.statements``: what is no statement is told with advice that fits, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.dsse import Envelope, encode_envelope
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.pipeline.challenge.statements import read_statements


def test_what_is_none(tmp_path: Path) -> None:
    """A cut file, one of another type, an envelope around another text: each is named, and who gives another."""
    texts = {
        "cut.json": b'{"payload": "',
        "type.json": encode_envelope(Envelope(payload_type="text/plain", payload=b"{}", signatures=())),
        "text.json": encode_envelope(
            Envelope(payload_type="application/vnd.in-toto+json", payload=b"{}", signatures=())
        ),
    }
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PolicyRefused) as caught:
        read_statements(tmp_path / name for name in texts)
    findings = caught.value.findings
    assert [(each.code, each.message.partition(" ")[0]) for each in findings] == [("TB6101", name) for name in texts]
    assert "no DSSE envelope" in findings[0].message
    assert all("rebuild --key" in (each.hint or "") for each in findings)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A link is followed where the caller says so."""
    (tmp_path / "link").symlink_to("none")
    for follow, why in ((False, "is a link"), (True, "is missing")):
        with pytest.raises(UsageError, match=why):
            read_statements((tmp_path / "link",), follow=follow)
