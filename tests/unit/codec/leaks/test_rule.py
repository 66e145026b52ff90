"""``codec.leaks.rule``: what makes a rule."""

from __future__ import annotations

from twinbuild.codec.leaks.rule import BEGIN, END, rule_of


def test_rule_of() -> None:
    """Triggers of words, forms of bytes; BEGIN and END keep a form out of words."""
    rule = rule_of("a", "an a", "one two%20b", BEGIN + r"ab[0-9]" + END, files=r"\.env$")
    assert rule.triggers == (b"one", b"two b")
    assert [match[0] for match in rule.form.finditer(b"xab1 ab2 ab3x _ab4 ab5")] == [b"ab2", b"ab5"]
    assert rule.files is not None
    assert rule.files.search("a/.env") is not None
