"""Rules: one file of vectors for the compiler, the evaluator as the tool runs it, and the evaluator in an image."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from twinbuild.codec.canonical import canonical
from twinbuild.model import knobs
from twinbuild.model.spec.rules import RuleFault, compile_rule

VECTORS = json.loads(Path(__file__).parents[1].joinpath("rule_vectors.json").read_text("utf-8"))
KNOBS: dict[str, tuple[str, tuple[str, ...]]] = {
    name: (kind, tuple(values)) for name, (kind, *values) in VECTORS["knobs"].items()
}
DEFINITIONS = [{"name": name, "type": kind, "values": list(values)} for name, (kind, values) in KNOBS.items()]
VALUES = {knob["name"]: knobs.read(knob, VECTORS["values"][knob["name"]]) for knob in DEFINITIONS}  # type: ignore[index]


def _plain(tree: Any) -> Any:
    """A tree as JSON gives it back."""
    return json.loads(json.dumps(tree))


@pytest.mark.parametrize(("rule", "holds"), VECTORS["rules"])
def test_vectors(rule: str, holds: bool) -> None:
    """The tool says of each rule what is written down."""
    assert knobs.evaluate(compile_rule(rule, KNOBS), VALUES) is holds


def test_vectors_in_an_image() -> None:
    """The file as it lies in an image says the same, alone, from JSON, without site-packages."""
    trees = [_plain(compile_rule(rule, KNOBS)) for rule, _ in VECTORS["rules"]]
    script = (
        "import json, sys; sys.path.append(sys.argv[1]); import knobs\n"
        "given = json.load(sys.stdin)\n"
        "values = {knob['name']: knobs.read(knob, given['values'][knob['name']]) for knob in given['knobs']}\n"
        "print(json.dumps([knobs.evaluate(tree, values) for tree in given['trees']]))"
    )
    place = str(Path(knobs.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, place],
        input=json.dumps({"knobs": DEFINITIONS, "values": VECTORS["values"], "trees": trees}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == [holds for _, holds in VECTORS["rules"]]


def test_a_tree_is_the_same_in_an_image() -> None:
    """Canonical JSON writes 2.0 as 2: the tool calculates with the int, too, which is exact beyond 2**53."""
    for rule in ("batch * 2.0 > 1", "cache * 1e3 > '1Ti'", "share > 1e30", "share > -0.0"):
        tree = compile_rule(rule, KNOBS)
        assert repr(json.loads(canonical(tree))) == repr(_plain(tree))


@pytest.mark.parametrize(
    ("knob", "rule", "message"),
    [
        ("batch-limit", "batch-limit > 1", "'batch-limit' is a knob"),
        ("batch-queue", "batch - queue > 1", "'batch-queue' is a knob"),
        ("a/b", "a/b > 1", "'a/b' is a knob"),
        ("a.b", "a.b > 1", "an attribute is no part of a rule"),
        ("x-y-z", "x-y-z > 1", "there is no knob 'x'"),
    ],
)
def test_a_knob_that_no_rule_can_name(knob: str, rule: str, message: str) -> None:
    """It is said, and never read as a difference of two others."""
    with pytest.raises(RuleFault) as caught:
        compile_rule(rule, {**KNOBS, knob: ("int", ())})
    assert message in caught.value.message
    assert f"which {knob!r} is not" in caught.value.hint


@pytest.mark.parametrize("rule", VECTORS["undecidable"])
def test_undecidable(rule: str) -> None:
    """A division by zero is a finding of its own, and no crash."""
    document = {"name": "r", "rule": rule, "message": "m", "tree": compile_rule(rule, KNOBS)}
    (found,) = knobs.broken(document, VALUES, "here")
    assert found[0] == "TB5414"
    assert "can't be told" in found[1]


@pytest.mark.parametrize(("rule", "reason"), VECTORS["refused"])
def test_refused(rule: str, reason: str) -> None:
    """What is no rule is refused with what was found."""
    with pytest.raises(RuleFault) as caught:
        compile_rule(rule, KNOBS)
    assert reason in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("rule", ["(" * 490, "not " * 300 + "flag", "[" * 400, "-" * 400 + "batch > 1", "a if " * 90])
def test_deep(rule: str) -> None:
    """Depth is an error with a remedy, never a crash."""
    with pytest.raises(RuleFault):
        compile_rule(rule, KNOBS)


_NUMBERS = st.recursive(
    st.sampled_from(["batch", "queue", "share"]) | st.integers(0, 50).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda part: f"({' '.join(part)})"),
    max_leaves=8,
)
_CONDITIONS = st.recursive(
    st.tuples(_NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), _NUMBERS).map(" ".join) | st.just("flag"),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda part: f"({' '.join(part)})")
        | inner.map(lambda part: f"not ({part})")
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(_CONDITIONS)
def test_means_what_jinja_means(rule: str) -> None:
    """Of numbers and truth values a rule says what Jinja2's own evaluation of the same text says."""
    meant = ImmutableSandboxedEnvironment().compile_expression(rule, undefined_to_none=False)
    try:
        expected = meant(**VALUES)
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            knobs.evaluate(compile_rule(rule, KNOBS), VALUES)
        return
    assert knobs.evaluate(_plain(compile_rule(rule, KNOBS)), VALUES) is bool(expected)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("batch flag()<>=+-*/|.[]{}'\"% inot", max_size=40))
def test_any_text(rule: str) -> None:
    """Any text is a rule that evaluates, or is refused."""
    try:
        tree = compile_rule(rule, KNOBS)
    except RuleFault:
        return
    with contextlib.suppress(ArithmeticError):
        assert isinstance(knobs.evaluate(_plain(tree), VALUES), bool)
