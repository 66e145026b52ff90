"""What environment and twinbuild.toml state; the settings made from it are in ``test_configure``."""

from __future__ import annotations

import pytest

from twinbuild.sources.statements import Statements, is_address, is_mirror, is_path, is_proxy


def codes(toml: bytes, **environment: str) -> list[tuple[str, int]]:
    """Code and line of each finding."""
    found = Statements(environment, toml, "twinbuild.toml").findings
    assert all(finding.hint for finding in found)
    return [(finding.code, finding.where.line) for finding in found]


def test_all_that_is_wrong_with_a_document() -> None:
    """Every key at once, each with its line; a document that is none is one finding."""
    assert codes(b"offline = true\nindexis = 1\n\nmirrors = 5\n") == [("TB8031", 2), ("TB8032", 4)]
    assert codes(b"offline = true\n= 5\n") == [("TB8030", 2)]
    assert codes(b"x = " + b"[" * 100_000) == [("TB8030", 0)]
    assert codes(b"#" * (1 << 20) + b"#") == [("TB8030", 0)]
    assert codes(b"\xff") == [("TB8030", 0)]


def test_variables_that_nearly_are() -> None:
    """TB8033 for what looks like one of ours, and nothing for those of others."""
    assert codes(b"", TWINBUILD_OFLINE="1", OFFLINE="1", TWINBUILD_ENGINE="/x") == [("TB8033", 0)]


def test_values_of_tables() -> None:
    """A wrong name or address is noted at its line, and the caller knows."""
    statements = Statements({}, b'[indexes]\ngood = "https://x.example/s"\n"Bad Name" = "y"\n', "t.toml")
    assert [name for name, _ in statements.table("indexes")] == ["Bad Name", "good"]
    assert statements.table("archives") == []
    assert (statements.named("good", "indexes"), statements.named("Bad Name", "indexes")) == (True, False)
    assert (statements.address("/srv", "indexes", "good"), statements.address(5, "indexes", "good")) == (True, False)
    assert [(finding.code, finding.where.line) for finding in statements.findings] == [("TB8032", 3), ("TB8032", 2)]


@pytest.mark.parametrize(
    ("holds", "good", "bad"),
    [
        (is_mirror, ["mirror.example", "http://10.0.0.7:5000/hub/"], ["ftp://x", "a b", "user@host", "", 5]),
        (is_path, ["/srv/store"], ["srv", "/a\nb", "", 5]),
        (is_address, ["https://x.example/simple", "file:///srv"], ["https://x.example/?a", "ftp://x", "file://"]),
        (is_proxy, ["proxy.example:3128", "http://u:p@proxy.example"], ["socks5://proxy.example", "", "file:///x"]),
    ],
)
def test_forms(holds: object, good: list[object], bad: list[object]) -> None:
    """What each kind of value may look like."""
    assert callable(holds)
    assert [holds(value) for value in good] == [True] * len(good)
    assert [holds(value) for value in bad] == [False] * len(bad)
