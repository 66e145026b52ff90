"""``codec.manifest``: a release manifest back from its bytes, and from no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.canonical import canonical
from twinbuild.codec.manifest import decode_manifest
from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest

DOCUMENT = {"apiVersion": "twinbuild/manifest/v1", "kind": "ReleaseManifest", "metadata": {"name": "tiny"}}
CONTENT = canonical(DOCUMENT)


def test_back() -> None:
    """The value of the bytes."""
    assert decode_manifest(CONTENT, name="manifest.json") == DOCUMENT


@pytest.mark.parametrize(
    ("content", "code", "exit_code"),
    [
        (b"", "TB7001", 5),
        (b"{", "TB7001", 5),
        (b"[]", "TB7001", 5),
        (b"\xff", "TB7001", 5),
        (b'{"apiVersion":"twinbuild/manifest/v1","kind":"ReleaseManifest"}', "TB7001", 5),
        (canonical(DOCUMENT | {"kind": "Release"}), "TB7001", 5),
        (canonical(DOCUMENT | {"apiVersion": "twinbuild/v1"}), "TB7001", 5),
        (canonical(DOCUMENT | {"apiVersion": 1}), "TB7001", 5),
        (canonical(DOCUMENT | {"metadata": []}), "TB7001", 5),
        (CONTENT + b"\n", "TB7001", 5),
        (CONTENT.replace(b":", b": "), "TB7001", 5),
        (CONTENT.replace(b'"tiny"', b'"tiny","name":"tiny"'), "TB7001", 5),
        (CONTENT.replace(b'"tiny"', b"1e400"), "TB7001", 5),
        (CONTENT.replace(b'"tiny"', b"9007199254740993"), "TB7001", 5),
        (b"[" * 100_000, "TB7001", 5),
        (canonical(DOCUMENT | {"apiVersion": "twinbuild/manifest/v3"}), "TB7002", 2),
    ],
)
def test_what_is_none(content: bytes, code: str, exit_code: int) -> None:
    """Another document, another spelling, and a version that nobody here knows."""
    with pytest.raises(TwinbuildError) as caught:
        decode_manifest(content, name="manifest.json")
    assert (caught.value.findings[0].code, caught.value.exit_code) == (code, exit_code)


def test_first_version() -> None:
    """A release manifest that the first version wrote is still read, under the digest that it had."""
    content = (Path(__file__).parent / "manifest_v1.json").read_bytes()
    document = decode_manifest(content, name="manifest.json")
    assert document["apiVersion"] == "twinbuild/manifest/v1"
    assert str(Digest.of(content)) == "sha256:8c0f00e5630df9e1794362a7c6071da9bfc39cd302d3947e4a4f3bf93e93eb08"
