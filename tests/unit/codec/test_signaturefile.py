"""Files of signatures: what is no such JSON is refused with its name and kind, and nothing is guessed."""

from __future__ import annotations

import pytest

from twinbuild.codec.signaturefile import LARGEST_SIGNATURE, SignatureFile
from twinbuild.errors import PolicyRefused

FILE = SignatureFile(name="signatures/x.json", kind="list")


def test_value() -> None:
    """JSON, and base64 in it."""
    assert FILE.value(b'{"a": [1, "QQ=="]}') == {"a": [1, "QQ=="]}
    assert FILE.bytes_of("QQ==") == b"A"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark"),
        (b'{"a": 1, "a": 2}', "'a'"),
        (b"{", "Expecting"),
        (b"[" * 1000, "nested too deeply"),
        (b" " * (LARGEST_SIGNATURE + 1), f"expected at most {LARGEST_SIGNATURE}"),
    ],
)
def test_refused(content: bytes, why: str) -> None:
    """TB8611, with the reason."""
    with pytest.raises(PolicyRefused) as caught:
        FILE.value(content)
    (finding,) = caught.value.findings
    assert finding.code == "TB8611"
    assert finding.message.startswith("signatures/x.json is no list: ")
    assert why in finding.message


@pytest.mark.parametrize("value", ["QQ", "QR==", "Q\n", None, 7])
def test_no_base64(value: object) -> None:
    """One spelling, with its padding."""
    with pytest.raises(PolicyRefused, match="TB8611"):
        FILE.bytes_of(value)
