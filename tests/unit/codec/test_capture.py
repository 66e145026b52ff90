"""``codec.capture``: a captured environment back from its bytes, and from no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from twinbuild.codec.capture import decode_capture, is_capture
from twinbuild.errors import TwinbuildError

DOCUMENT: dict[str, Any] = {
    "apiVersion": "twinbuild/capture/v1",
    "kind": "Capture",
    "image": "",
    "release": {},
    "python": {"version": "3.11.2", "implementation": "cpython"},
    "packages": [],
    "unowned": [],
    "os_packages": [],
    "variables": {},
    "environment": [],
    "files": {},
}


def test_back() -> None:
    """The value of the bytes."""
    content = json.dumps(DOCUMENT).encode()
    assert is_capture(content)
    assert decode_capture(content, name="x.json") == DOCUMENT


@pytest.mark.parametrize(
    ("content", "code", "exit_code"),
    [
        (b"", "TB7601", 5),
        (b"[]", "TB7601", 5),
        (b"starting\n" + json.dumps(DOCUMENT).encode(), "TB7601", 5),
        (json.dumps(DOCUMENT).encode()[:-20], "TB7601", 5),
        (json.dumps(DOCUMENT | {"kind": "Other"}).encode(), "TB7601", 5),
        (json.dumps(DOCUMENT | {"packages": {}}).encode(), "TB7601", 5),
        (json.dumps({**DOCUMENT, "files": None}).encode(), "TB7601", 5),
        (json.dumps(DOCUMENT | {"apiVersion": "twinbuild/capture/v2"}).encode(), "TB7602", 2),
    ],
)
def test_what_is_none(content: bytes, code: str, exit_code: int) -> None:
    """Another document, one that is cut off or has a log before it, and a newer version."""
    with pytest.raises(TwinbuildError) as caught:
        decode_capture(content, name="x.json")
    assert (caught.value.findings[0].code, caught.value.exit_code) == (code, exit_code)
