"""Keyrings of a base: certificates in every form that apt reads, and files that are no keyring."""

from __future__ import annotations

import pytest
from pysequoia import Tsk

from twinbuild.errors import IntegrityError, LockError
from twinbuild.resolve import keyrings
from twinbuild.resolve.keyrings import KEYRING_LIMIT, read_keyrings

KEYRING = "usr/share/keyrings/ubuntu-archive-keyring.gpg"
CERT = Tsk.generate("Archive <archive@ubuntu.example>").extract_certificate()
OTHER = Tsk.generate("Another <another@ubuntu.example>").extract_certificate()
BOTH = bytes(CERT) + bytes(OTHER)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"<html>", "a keyring of the base's apt cannot be used"),
        (BOTH[:-7], "cannot be used"),
        (BOTH + b"and more", "cannot be used"),
        (b"\0\0\0\x20\1\1\0\2KBXf" + bytes(20), "cannot be used"),
        (str(CERT).encode()[:-90], "cannot be used"),
        (bytes(KEYRING_LIMIT + 1), f"more than {KEYRING_LIMIT} bytes"),
    ],
)
def test_what_is_no_keyring(content: bytes, part: str) -> None:
    """A page, a file that is cut off or goes on, a keybox, one that is too large."""
    with pytest.raises(IntegrityError) as caught:
        read_keyrings([(KEYRING, bytes(CERT)), ("etc/x.gpg", content)], subject="base")
    finding = caught.value.findings[0]
    assert (finding.code, str(finding.where)) == ("TB2291", "base!etc/x.gpg")
    assert part in finding.message
    assert "\n" not in finding.message


def test_certificates_of_several_keyrings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Binary or armoured, one or several in a file; each counts once, and there is a limit."""
    files = [("a", BOTH), ("b", str(CERT).encode()), ("c", b"")]
    assert [each.fingerprint for each in read_keyrings(files, subject="base")] == [
        CERT.fingerprint,
        OTHER.fingerprint,
    ]
    monkeypatch.setattr(keyrings, "_MOST", 1)
    with pytest.raises(IntegrityError, match=r"TB2291.*2 certificates"):
        read_keyrings(files, subject="base")


@pytest.mark.parametrize(
    ("files", "part"), [([], "no keyring was found"), ([(KEYRING, b"")], f"nothing in /{KEYRING}")]
)
def test_a_base_without_keys(files: list[tuple[str, bytes]], part: str) -> None:
    """TB2290 says where was looked and what such a base needs."""
    with pytest.raises(LockError, match="TB2290") as caught:
        read_keyrings(files, subject="base")
    assert part in caught.value.findings[0].message
    assert "ubuntu-archive-keyring.gpg" in caught.value.findings[0].hint
