"""``pipeline.governing.rego.engine``: what policies commonly say is understood as OPA does."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.rego import NEEDS_ENGINE, answered
from twinbuild.describe.policyinput import policy_input_schema

pytestmark = NEEDS_ENGINE

_schema = cache(policy_input_schema)
PERSON = {"who": "ada", "keyid": "k", "roles": ["a", "b"], "since": 1, "role": ""}
INPUT = {
    "stage": "production",
    "facts": {"signers": [PERSON], "authors": ["ada", "bob"], "deployer": None, "builds": 2},
    "release": {
        "metadata": {"name": "tiny", "labels": {"tier": "x"}},
        "environment": {"images": [{"variant": "cpu", "layers": [{"size": 4}, {"size": 5}]}]},
    },
    "sbom": {"components": [{"name": "c", "type": "library"}]},
}
UNDERSTOOD: dict[str, tuple[str, list[str]]] = {
    "some": ("deny contains msg if { some s in input.facts.signers; msg := s.who }", ["ada"]),
    "an index": ("deny contains s.who if { s := input.facts.signers[i]; i >= 0 }", ["ada"]),
    "a wildcard": ("deny contains input.facts.authors[_]", ["ada", "bob"]),
    "unification": ('deny contains c if { [a, b] := ["x", "y"]; c := concat(a, [b, b]) }', ["yxy"]),
    "an object": ('deny contains w if { {"who": w, "n": 1} = {"who": input.stage, "n": 1} }', ["production"]),
    "comprehensions": (
        (
            'deny contains sprintf("%d %d", [count(s), o.ada]) if {\n'
            "s := {p.who | some p in input.facts.signers}\no := {p.who: p.since | some p in input.facts.signers}\n}"
        ),
        ["1 1"],
    ),
    "sum": (
        "deny contains i.variant if { i := input.release.environment.images[_]; sum([l.size | l := i.layers[_]]) > 8 }",
        ["cpu"],
    ),
    "every": ('deny contains "e" if { every s in input.facts.signers { s.who != "x" } }', ["e"]),
    "every key": ('deny contains "e" if { every k, v in input.release.metadata.labels { k != v } }', ["e"]),
    "not": ('ok if input.stage == "staging"\ndeny contains "e" if not ok', ["e"]),
    "null is something": ('deny contains "e" if not input.facts.deployer', []),
    "a function": ('big(x) if x > 1\ndeny contains "e" if big(input.facts.builds)', ["e"]),
    "functions by value": ('f("a") := "A"\nf("b") := "B"\ndeny contains f("b")', ["B"]),
    "else": (
        (
            'l := "high" if { input.facts.builds > 3 } else := "low" if { input.facts.builds > 1 } else := "none"\n'
            "deny contains l"
        ),
        ["low"],
    ),
    "default": ('default allow := false\nallow if input.stage == "x"\ndeny contains "no" if not allow', ["no"]),
    "with": ('f if input.stage == "staging"\ndeny contains "w" if { f with input.stage as "staging" }', ["w"]),
    "sets": ('bad := {"a", "z"}\ndeny contains r if { some r in input.facts.signers[0].roles; r in bad }', ["a"]),
    "not in": ('deny contains "n" if not "z" in input.facts.signers[0].roles', ["n"]),
    "two bodies": ('deny contains "1" if input.stage == "q"\ndeny contains "2" if input.stage == "production"', ["2"]),
    "walk": ('deny contains p[1] if { walk(input.release, [p, v]); v == "cpu" }', ["images"]),
    "a free key": ('deny contains "l" if not input.release.metadata.labels.owner', ["l"]),
    "the SBOM": ("deny contains c.name if { some c in input.sbom.components; c.whatever == 1 }", []),
    "patterns": ('deny contains "l" if regex.match(`^t[a-z]+$`, input.release.metadata.name)', ["l"]),
    "an import": ("import input.release.metadata as m\ndeny contains m.name", ["tiny"]),
    "Rego v1": ('import rego.v1\ndeny contains "q" if 1 == 1', ["q"]),
    "keys of a rule": ("m[k] := v if { some k, v in input.release.metadata.labels }\ndeny contains m.tier", ["x"]),
    "another rule": ('x := "v"\ndeny contains data.main.x', ["v"]),
    "text": ('deny contains `a "raw" é😀`', ['a "raw" é😀']),
    "a template": ('deny contains $"hello {input.stage}"', ["hello production"]),
    "print": ('deny contains "p" if print("hi", input.stage)', ["p"]),
}
FAILS = {
    "a division": ('deny contains "a" if 1 / 0 == 1', "divide by zero"),
    "a number": ('deny contains "a" if to_number(input.stage) == 1', "invalid syntax"),
    "a type": ('deny contains "a" if startswith(input.facts.builds, "x")', "must be string"),
    "two values": ('x := 1\nx := 2\ndeny contains "a" if x == 1', "multiple outputs"),
    "a circle": ('deny contains "a" if b\nb if deny', "Recursion"),
    "a circle of functions": ('f(x) := f(x + 1)\ndeny contains "a" if f(1)', "Recursion"),
    "a time": ('deny contains "a" if time.parse_rfc3339_ns("x") > 1', "parse time"),
}


def _asked(text: str, document: object = INPUT, schema: Any = None) -> Any:
    module = {"name": "x.rego", "text": f"package main\n{text}", "package": ("main",), "decides": True}
    return answered(
        {"modules": [module], "schema": _schema() if schema is None else schema, "input": json.dumps(document)}
    )


@pytest.mark.parametrize(("text", "expected"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_understood(text: str, expected: list[str]) -> None:
    """Each form that policies use."""
    answer = _asked(text)
    assert answer["faults"] == []
    assert [(each["title"], each["value"]) for each in answer["rules"]] == [("main.deny", expected)]


@pytest.mark.parametrize(("text", "why"), FAILS.values(), ids=FAILS)
def test_fails(text: str, why: str) -> None:
    """What fails is said, and is no empty set."""
    answer = _asked(text)
    (rule,) = answer["rules"]
    assert "value" not in rule
    assert why in rule["fault"]


def test_rules() -> None:
    """Each rule that decides, by name; without an input none is asked."""
    text = 'deny contains "a"\nviolation contains {"msg": "b", "k": [1]}\nwarn_x contains "c"\nother := 1\n'
    rules = _asked(text)["rules"]
    assert [(each["title"], each["files"], each["value"]) for each in rules] == [
        ("main.deny", ("x.rego:2",), ["a"]),
        ("main.violation", ("x.rego:3",), [{"k": [1], "msg": "b"}]),
        ("main.warn_x", ("x.rego:4",), ["c"]),
    ]
    module = {"name": "x.rego", "text": f"package main\n{text}", "package": ("main",), "decides": True}
    answer = answered({"modules": [module], "schema": {}, "input": None})
    assert [sorted(each) for each in answer["rules"]] == [["files", "name", "package", "title"]] * 3


@settings(max_examples=25, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_input(value: object) -> None:
    """Whatever a release says of itself, the rules see that, or it is said that they do not."""
    (rule,) = _asked("deny contains input.sbom", {"sbom": value}, {})["rules"]
    assert rule.get("value") == [value] or "otherwise" in rule["fault"]
