"""``codec.yaml``: hostile and careless texts end in findings with a place, quickly, and never in a traceback."""

from __future__ import annotations

import pytest
import yaml

from twinbuild.codec import yaml as subject
from twinbuild.codec.nodes import MappingNode, ScalarNode
from twinbuild.codec.yaml import MAXIMUM_BYTES, MAXIMUM_NODES, SourceText, parse_yaml

CASES = [
    ("SP-01 empty", b"", "TB1012", 1, 1),
    ("SP-01 comment only", b"# nothing\n", "TB1012", 1, 1),
    ("SP-01 two documents", b"---\na: 1\n---\nb: 2\n", "TB1011", 3, 1),
    ("SP-02 duplicate key", b"a: 1\nb: 2\na: 3\n", "TB1006", 3, 1),
    ("SP-02 duplicate in quotes", b'{a: 1, "a": 2}', "TB1006", 1, 8),
    ("SP-07 object", b"a: !!python/object/apply:os.system ['true']", "TB1008", 1, 4),
    ("SP-07 name", b"a: !!python/name:os.system", "TB1008", 1, 4),
    ("SP-07 custom", b"a: !secret x", "TB1008", 1, 4),
    ("SP-07 standard tag", b"a: !!str 1", "TB1008", 1, 4),
    ("SP-07 non-specific tag", b"a: ! 1", "TB1008", 1, 4),
    ("SP-08 alias", b"a: &x 1\nb: *x\n", "TB1007", 1, 4),
    ("SP-09 recursive", b"&a [*a]", "TB1007", 1, 1),
    ("merge key", b"a: {}\n<<: {b: c}\n", "TB1009", 2, 1),
    ("SP-10 deep flow", b"[" * 3000, "TB1003", 1, 51),
    ("SP-10 very deep flow", b"[" * 200_000, "TB1003", 1, 51),
    ("SP-10 deep block", b"- " * 3000, "TB1003", 1, 101),
    ("SP-11 large", b"a" * (MAXIMUM_BYTES + 1), "TB1002", 0, 0),
    ("SP-11 many", b"a: [" + b"x," * (MAXIMUM_NODES + 10) + b"]", "TB1004", 1, 5 + 2 * (MAXIMUM_NODES - 3)),
    ("SP-12 NUL", b"a: \x00", "TB1014", 1, 4),
    ("SP-12 next line", "a: b\u0085c".encode(), "TB1014", 1, 5),
    ("SP-12 line separator", "a: b\u2028c".encode(), "TB1014", 1, 5),
    ("SP-12 bidi in a comment", "# x\u202ey\na: b".encode(), "TB1014", 1, 4),
    ("SP-12 carriage return", b"a: b\rc: d", "TB1014", 1, 5),
    ("SP-12 second byte-order mark", "\ufeffa: \ufeffb".encode(), "TB1014", 1, 4),
    ("SP-14 lone surrogate", b'a: "\\ud800"', "TB1005", 1, 7),
    ("SP-16 UTF-16", "a: b".encode("utf-16"), "TB1001", 1, 1),
    ("SP-16 Latin-1", b"x: y\na: caf\xe9", "TB1001", 2, 7),
    ("SP-16 gzip", b"\x1f\x8b\x08\x00", "TB1001", 1, 2),
    ("SP-16 encoded surrogate", b"a: \xed\xa0\x80", "TB1001", 1, 4),
    ("SP-18 number as key", b"1: a", "TB1010", 1, 1),
    ("SP-18 float as key", b"1.0: a", "TB1010", 1, 1),
    ("SP-18 truth value as key", b"true: a", "TB1010", 1, 1),
    ("SP-18 null as key", b"~: a", "TB1010", 1, 1),
    ("SP-18 list as key", b"? [a]\n: b", "TB1010", 1, 3),
    ("SP-06 key of YAML 1.1", b"on: push", "TB1015", 1, 1),
    ("tab", b"a:\n\t- b", "TB1005", 2, 1),
    ("unclosed quote", b'a: "b', "TB1005", 1, 4),
    ("unclosed list", b"a: [b", "TB1005", 1, 4),
    ("stray bracket", b"a: b]\nc: ]", "TB1005", 2, 4),
    ("colon in text", b"a: b: c", "TB1005", 1, 5),
    ("unknown directive", b"%FOO bar\n---\na: 1", "TB1005", 1, 5),
]


@pytest.mark.parametrize(
    ("content", "code", "line", "column"), [case[1:] for case in CASES], ids=[str(case[0]) for case in CASES]
)
def test_bad_text(content: bytes, code: str, line: int, column: int) -> None:
    """Each text is refused with its code at its line and column."""
    _, findings = parse_yaml(SourceText(name="release.yaml", content=content))
    assert findings
    first = findings[0]
    assert (first.code, first.where.line, first.where.column) == (code, line, column)
    assert first.where.file == "release.yaml"
    assert first.hint


@pytest.mark.parametrize(
    ("content", "said", "hint"),
    [
        (b"a:\n\t- b", "a tab stands", "indent with spaces"),
        (b"a:\n  b: 1\n\tc: 2", "a tab stands", "indent with spaces"),
        (b"a: 1\n\tb: 2", "a tab stands", "indent with spaces"),
        (b"a:\n  b: 1\n   c: 2", "otherwise than the lines above", "begin it in the column"),
        (b"a: b: c", "a second ': '", "quote the text"),
        (b'a: "b" c', "", "check indentation"),
    ],
)
def test_what_is_to_be_done(content: bytes, said: str, hint: str) -> None:
    """The mistakes that people make most are called by their names."""
    _, (finding,) = parse_yaml(SourceText(name="r", content=content))
    assert said in finding.message
    assert finding.hint.startswith(hint)


def test_duplicate_names_both_lines() -> None:
    """SP-02: the message names the line of the first of the two keys."""
    _, findings = parse_yaml(SourceText(name="r", content=b"a: 1\nb: 2\na: 3\n"))
    assert "first in line 1" in findings[0].message


def test_all_findings_of_a_text() -> None:
    """Several mistakes of the text are reported together."""
    _, findings = parse_yaml(SourceText(name="r", content=b"a: no\nb: !x y\nb: &z 1\nc: 1_000\n"))
    assert [finding.code for finding in findings] == ["TB1015", "TB1008", "TB1006", "TB1007", "TB1016"]


def test_marks_count_characters() -> None:
    """Columns count characters, not bytes, and widths cover the scalar with its quotes."""
    root, findings = parse_yaml(SourceText(name="r", content="ключ: 'знач'".encode()))
    assert not findings
    assert isinstance(root, MappingNode)
    node = root.get("ключ")
    assert isinstance(node, ScalarNode)
    assert (node.mark.line, node.mark.column, node.mark.width) == (1, 7, 6)
    assert node.to_python() == "знач"


def test_both_loaders_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libyaml the same texts give the same codes and values."""
    texts = [b"a: [1, {b: c}]\nd: |\n  x\n  y\n", b"a: no\n", b"a: 1\na: 2\n", b"- &a b\n- *a\n", b"", b"a: [b"]
    first = [parse_yaml(SourceText(name="r", content=text)) for text in texts]
    monkeypatch.setattr(subject, "_LOADER", yaml.SafeLoader)
    second = [parse_yaml(SourceText(name="r", content=text)) for text in texts]
    for (one, findings), (other, others) in zip(first, second, strict=True):
        assert [finding.code for finding in findings] == [finding.code for finding in others]
        if one is not None and other is not None:
            assert one.to_python() == other.to_python()


def test_surrogates_of_the_slow_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """SP-14: without libyaml an escaped lone surrogate is refused, too."""
    monkeypatch.setattr(subject, "_LOADER", yaml.SafeLoader)
    _, findings = parse_yaml(SourceText(name="r", content=b'a: "\\ud800"'))
    assert [finding.code for finding in findings] == ["TB1014"]


def test_long_lines_are_not_shown() -> None:
    """A line of thousands of characters is no excerpt."""
    _, findings = parse_yaml(SourceText(name="r", content=b"a: " + b"x" * 3000 + b": y"))
    assert findings[0].where.excerpt == ""


def test_a_remedy_is_no_other_value() -> None:
    """A long number is repeated whole or not at all: a digest of zeros must not lose some of them."""
    for digits, shown in ((64, f"'{'0' * 64}'"), (81, "'…'")):
        _, findings = parse_yaml(SourceText(name="r", content=b"a: " + b"0" * digits + b"\n"))
        assert f"quote it if it is text: {shown};" in findings[0].hint
