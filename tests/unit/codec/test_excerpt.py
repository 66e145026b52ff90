"""``codec.excerpt``: findings as a compiler shows them, safely on any terminal."""

from __future__ import annotations

from twinbuild.codec.excerpt import findings_json, render_findings
from twinbuild.errors import Finding, Location


def finding(excerpt: str, column: int, width: int = 1, message: str = "it is wrong") -> Finding:
    """A finding in line 12 of a file."""
    where = Location(file="release.yaml", line=12, column=column, excerpt=excerpt, width=width, pointer="/a")
    return Finding(code="TB1103", message=message, hint="do it so", where=where)


def test_shape() -> None:
    """Code, message, place, line, mark and remedy, each in its place."""
    assert render_findings((finding("  version: 3.10", 12, 4),)) == (
        "error[TB1103]: it is wrong\n"
        "  --> release.yaml:12:12\n"
        "   |\n"
        "12 |   version: 3.10\n"
        "   |            ^^^^\n"
        "   = help: do it so\n"
    )


def test_without_place() -> None:
    """A finding about a subject has no source line."""
    bare = Finding(code="TB2220", message="stale", hint="lock", where=Location(subject="sha256:0"))
    assert render_findings((bare,)) == "error[TB2220]: stale\n --> sha256:0\n  = help: lock\n"


def test_many_of_one_kind() -> None:
    """Each has its message and place; the remedy of more than three that stand together is said once."""
    many = tuple(
        Finding(code="TB3047", message=f"{number} is missing", hint="fetch", where=Location(subject=f"sha256:{number}"))
        for number in range(4)
    )
    other = Finding(code="TB2220", message="stale", hint="lock")
    assert render_findings((*many, other)) == (
        "error[TB3047]: 0 is missing\n --> sha256:0\n"
        "error[TB3047]: 1 is missing\n --> sha256:1\n"
        "error[TB3047]: 2 is missing\n --> sha256:2\n"
        "error[TB3047]: 3 is missing\n --> sha256:3\n"
        "  = help: fetch\n\n"
        "error[TB2220]: stale\n  = help: lock\n"
    )
    assert render_findings(many[:3]).count("= help: fetch") == 3


def test_colour_is_only_paint() -> None:
    """Without its escape sequences the coloured text is the plain one."""
    import re

    plain = render_findings((finding("a: b", 4),))
    painted = render_findings((finding("a: b", 4),), color=True)
    assert painted != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


def test_wide_characters_keep_the_mark_in_place() -> None:
    """Characters of two columns, and combining ones, count as the terminal shows them."""
    lines = render_findings((finding("田中: e\u0301x", 7, 1),)).split("\n")
    assert lines[4].index("^") == lines[3].index("x") + 2 - 1  # two wide ones, one that takes none


def test_long_line_is_cut_around_the_mark() -> None:
    """The mark stays visible in a long line."""
    lines = render_findings((finding("x" * 500 + "HERE" + "y" * 500, 501, 4),)).split("\n")
    assert "HERE" in lines[3]
    assert len(lines[3]) < 120
    assert lines[4].index("^^^^") == lines[3].index("HERE")


def test_control_characters_are_written_out() -> None:
    """Nothing steers the terminal, in line, message or hint."""
    text = render_findings((finding("a: \x1b[2J\u202e", 4, message="got \x07"),))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "<U+001B>" in text


def test_secrets_are_masked() -> None:
    """A line that holds a password is shown without it, and the mark stays."""
    text = render_findings((finding("password: hunter2", 11, 7),))
    assert "hunter2" not in text
    assert "password: *******" in text


def test_a_secret_in_the_place_of_a_file_is_masked() -> None:
    """Where it stands as the place, too, in both forms."""
    secret = "ghp_" + "a1" * 18
    findings = (Finding(code="TB1", message="m", hint="h", where=Location(file=f"keys/{secret}", line=3)),)
    assert secret not in render_findings(findings)
    assert f"keys/{'*' * len(secret)}:3" in render_findings(findings)
    assert secret not in str(findings_json(findings))


def test_json() -> None:
    """Programs get the same facts without layout."""
    assert findings_json((finding("a: b", 4),)) == [
        {
            "code": "TB1103",
            "message": "it is wrong",
            "hint": "do it so",
            "file": "release.yaml",
            "line": 12,
            "column": 4,
            "width": 1,
            "pointer": "/a",
            "subject": "",
        }
    ]
