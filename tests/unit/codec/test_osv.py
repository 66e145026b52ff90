"""Records of OSV's schema: read whole where they keep it, refused where they break it at a place that matters."""

from __future__ import annotations

from typing import Any

import pytest

from twinbuild.codec.osv import advisory_of, modified_of
from twinbuild.errors import IntegrityError

_RECORD: dict[str, Any] = {
    "schema_version": "1.7.0",
    "id": "GHSA-aaaa-bbbb-cccc",
    "modified": "2026-11-01T00:00:00.123Z",
    "aliases": ["CVE-2026-1"],
    "summary": "s" * 1000,
    "severity": [{"type": "CVSS_V3", "score": "v3"}, {"type": "Ubuntu", "score": "low"}],
    "database_specific": {"severity": "MODERATE"},
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "a", "purl": "pkg:pypi/a"},
            "ranges": [
                {"type": "GIT", "repo": "r", "events": [{"introduced": "0"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]},
            ],
            "versions": ["1"],
            "ecosystem_specific": {"urgency": "unimportant"},
        },
        {"package": {"ecosystem": "Debian:12", "name": "b"}, "ranges": None},
    ],
}


def test_whole() -> None:
    """Every field that counts; ranges of commits are left out, unknown fields passed over."""
    found = advisory_of(_RECORD | {"new": 1}, name="x")
    assert (found.id, found.aliases, found.vectors, found.level) == (_RECORD["id"], ("CVE-2026-1",), ("v3",), "medium")
    assert len(found.summary) == 500
    one, other = found.affected
    assert [(event.kind, event.version) for event in one.ranges[0].events] == [("introduced", "0"), ("fixed", "2")]
    assert (one.versions, one.level, other.level, other.ranges) == (("1",), "none", "unknown", ())
    assert modified_of(_RECORD, name="x") == (found.id, found.modified)


@pytest.mark.parametrize(("word", "level"), [("negligible", "none"), ("High", "high"), ("later", "unknown")])
def test_the_priority_of_ubuntu(word: str, level: str) -> None:
    """It stands among scores, and counts where no word does."""
    severity = [{"type": "CVSS_V3", "score": "v3"}, {"type": "Ubuntu", "score": word}]
    assert advisory_of(_RECORD | {"severity": severity, "database_specific": None}, name="x").level == level


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": "a b"},
        {"modified": "yesterday"},
        {"modified": "2026-13-01T00:00:00Z"},
        {"modified": 1},
        {"aliases": "CVE"},
        {"aliases": [1]},
        {"affected": {}},
        {"affected": [1]},
        {"affected": [{"package": []}]},
        {"affected": [{"package": {"name": 1}}]},
        {"affected": [{"ranges": [{"type": "NEW"}]}]},
        {"affected": [{"ranges": [{"type": "SEMVER", "events": [{"introduced": "0", "fixed": "1"}]}]}]},
        {"affected": [{"ranges": [{"type": "SEMVER", "events": [{"repaired": "1"}]}]}]},
        {"affected": [{"ranges": [{"type": "SEMVER", "events": [{"fixed": 1}]}]}]},
        {"severity": [{"type": "CVSS_V3", "score": 9}]},
    ],
)
def test_broken(change: dict[str, Any]) -> None:
    """Refused with the file's name."""
    with pytest.raises(IntegrityError, match="TB8732") as caught:
        advisory_of(_RECORD | change, name="here.json")
    assert "here.json" in str(caught.value)


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_no_record(value: Any) -> None:
    """What is no object at all."""
    for reader in (advisory_of, modified_of):
        with pytest.raises(IntegrityError, match="TB8732"):
            reader(value, name="x")
