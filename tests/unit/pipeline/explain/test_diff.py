from __future__ import annotations

import pytest

from twinbuild.deploy.parity.difference import unlike
from twinbuild.pipeline.explain.diff import heading, moved, sections_of


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("environment", "targets", "cpu linux/amd64", "wheels", "numpy"), "Python packages"),
        (("environment", "targets", "cpu linux/amd64", "os_packages", "libc6"), "Debian packages"),
        (("environment", "packages"), "what was asked for"),
        (("model", "artifacts", "classifier", "sha256"), "model and weights"),
        (("secrets", "token", "reference"), "services and secrets"),
        (("metadata", "version"), "other"),
        (("unheard", "of"), "other"),
    ],
)
def test_headings(path: tuple[str, ...], expected: str) -> None:
    """What a difference is about."""
    assert heading(path) == expected


@pytest.mark.parametrize(
    ("kind", "before", "after", "word"),
    [
        ("wheels", "1.9", "1.10", "bumped"),
        ("wheels", "2.0", "2.0rc1", "lowered"),
        ("wheels", "2.0", "2.0", "other bytes"),
        ("wheels", "2.0", "odd version", "changed"),
        ("os_packages", "1.0~rc1", "1.0", "bumped"),
        ("os_packages", "1:0", "9", "lowered"),
    ],
)
def test_words(kind: str, before: str, after: str, word: str) -> None:
    """Versions are compared as those who give them compare them."""
    assert moved(kind, before, after) == word


def test_other_bytes_are_a_high_risk() -> None:
    """Under the same version, of Debian packages as well; it comes first, before what was bumped."""
    where = ("environment", "targets", "cpu linux/amd64", "os_packages")
    facts = (
        {(*where, "a"): "1 sha256:0", (*where, "b"): "1 sha256:0"},
        {(*where, "a"): "2 sha256:1", (*where, "b"): "1 sha256:1"},
    )
    found = unlike(*facts)
    assert [each.risk for each in found] == ["medium", "medium"]
    (section,) = sections_of(found, (), many=False)
    assert [(each.what, each.word, each.difference.risk) for each in section.changes] == [
        ("b", "other bytes", "high"),
        ("a", "bumped", "medium"),
    ]
