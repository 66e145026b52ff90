"""``describe.shapes``: what the patterns of a release manifest take."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from twinbuild.describe.shapes import PATH, PLATFORM, PROJECT, SHA256, digest, entries, pointer, record, text, whole


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (PATH, ("a", "a/b", ".a/..b", "ü b"), ("", "/a", "..", "a/../b", "./a", "a/..", "a/./b")),
        (PLATFORM, ("linux/amd64", "linux/arm/v7"), ("amd64", "windows/amd64", "linux/")),
        (PROJECT, ("a", "a-b1"), ("A", "a_b", "-a", "a--b")),
        (SHA256, ("0" * 64,), ("0" * 63, "A" * 64, "sha256:" + "0" * 64)),
        (digest("d"), ("sha256:" + "0" * 64,), ("0" * 64, "sha512:" + "0" * 64, None)),
        (digest("d", absent=True), ("sha256:" + "0" * 64, None), ("", 1)),
        (pointer("d"), ("", "/a", "/a~1b/0"), ("a", "/a~2", "/~")),
        (text("d"), ("a",), ("", 1)),
        (whole("d", least=2), (2, 3), (1, 2.5, "2")),
        (entries("d", whole("d"), least=1), ([0],), ([], [-1], {})),
        (record("d", "b", a=whole("d"), b=whole("d")), ({"a": 1}, {"a": 1, "b": 2}), ({}, {"b": 1}, {"a": 1, "c": 1})),
    ],
)
def test_values(shape: dict[str, Any], good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    """Those that are one, and those that are none."""
    validator = jsonschema_rs.validator_for(shape)
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []
