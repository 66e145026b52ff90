"""``codec.overlay``: the documented rules of merging, one test for each."""

from __future__ import annotations

import pytest

from twinbuild.codec.nodes import MappingNode, Mark, find
from twinbuild.codec.overlay import merge
from twinbuild.codec.yaml import SourceText, parse_yaml

BASE = """
metadata: {name: a, labels: {x: one, y: two}}
ports: [{name: http, port: 1}, {name: admin, port: 2}]
steps: [{weight: 1}, {weight: 2}]
words: [a, b]
"""


def tree(name: str, text: str) -> MappingNode:
    """The root of a good text."""
    root, findings = parse_yaml(SourceText(name=name, content=text.encode()))
    assert not findings
    assert isinstance(root, MappingNode)
    return root


def merged(text: str) -> tuple[dict[str, object], list[tuple[str, int, str]]]:
    """The merged value, and line and message of what was refused."""
    refusals: list[tuple[str, int, str]] = []

    def refuse(code: str, message: str, hint: str, mark: Mark) -> None:
        assert hint
        refusals.append((code, mark.line, message))

    return merge(tree("base", BASE), tree("overlay", text), refuse).to_python(), refusals


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("metadata: {labels: {x: three}}", "metadata", {"name": "a", "labels": {"x": "three", "y": "two"}}),
        ("metadata: {labels: {z: new}}", "metadata", {"name": "a", "labels": {"x": "one", "y": "two", "z": "new"}}),
        ("metadata: {labels: {x: null}}", "metadata", {"name": "a", "labels": {"y": "two"}}),
        ("metadata: {labels: {$patch: replace, z: new}}", "metadata", {"name": "a", "labels": {"z": "new"}}),
        ("ports: [{name: admin, port: 3}]", "ports", [{"name": "http", "port": 1}, {"name": "admin", "port": 3}]),
        (
            "ports: [{name: new, port: 3}]",
            "ports",
            [{"name": "http", "port": 1}, {"name": "admin", "port": 2}, {"name": "new", "port": 3}],
        ),
        ("ports: [{name: http, $patch: delete}]", "ports", [{"name": "admin", "port": 2}]),
        ("steps: [{weight: 5}]", "steps", [{"weight": 5}]),
        ("words: [c]", "words", ["c"]),
        ("words: []", "words", []),
        ("new: {a: [{name: x}]}", "new", {"a": [{"name": "x"}]}),
    ],
)
def test_rule(text: str, key: str, value: object) -> None:
    """Each rule gives the value that the documentation says, and refuses nothing."""
    result, refusals = merged(text)
    assert refusals == []
    assert result[key] == value


def test_null_deletes_a_section() -> None:
    """A deleted section is gone, not null."""
    result, _ = merged("words: null")
    assert "words" not in result


@pytest.mark.parametrize(
    "text",
    [
        "nothing: null",
        "metadata: [a]",
        "words: {a: b}",
        "metadata: {name: [x]}",
        "ports: [{name: other, $patch: delete}]",
        "ports: [{name: http}, {name: http}]",
        "metadata: {$patch: delete}",
        "metadata: {labels: {$patch: 5}}",
    ],
)
def test_refused(text: str) -> None:
    """What breaks a rule is refused with TB1125 and changes nothing."""
    result, refusals = merged(text)
    assert [code for code, _, _ in refusals] == ["TB1125"]
    base = tree("base", BASE).to_python()
    assert result["ports"] == base["ports"]
    assert result["metadata"] == base["metadata"]


def test_places_are_kept() -> None:
    """Each value of the merged tree is where it was written, in either file."""
    root = merge(tree("base", BASE), tree("overlay", "\nmetadata: {name: b}"), lambda *_: None)
    node, _ = find(root, ("metadata", "name"))
    assert (node.mark.file, node.mark.line) == ("overlay", 2)
    node, _ = find(root, ("metadata", "labels", "x"))
    assert (node.mark.file, node.mark.line) == ("base", 2)
