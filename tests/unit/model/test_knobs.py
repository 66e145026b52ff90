from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.codec.canonical import canonical
from twinbuild.model import knobs
from twinbuild.model.spec.values import duration_pattern, duration_seconds, quantity_pattern, quantity_value


def knob(kind: str, **more: Any) -> dict[str, Any]:
    """A definition; its default is of no importance here."""
    return {"name": "k", "type": kind, "environment": "K", "default": 1, **more}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "0", 0),
        ("int", "-17", -17),
        ("int", "9007199254740991", 2**53 - 1),
        ("float", "1", 1.0),
        ("float", "-0.5", -0.5),
        ("float", "1e-06", 1e-6),
        ("float", "1E+3", 1000.0),
        ("bool", "true", True),
        ("bool", "false", False),
        ("string", "", ""),
        ("string", " ünï ", " ünï "),
        ("duration", "250ms", 250_000),
        ("duration", "0.001ms", 1),
        ("duration", "1.5h", 5_400_000_000),
        ("bytes", "512Mi", 512 * 2**20 * 10**6),
        ("bytes", "1.5k", 1_500 * 10**6),
        ("bytes", "100m", 100_000),
        ("list", '[1, "a", true, 2.5]', [1, "a", True, 2.5]),
        ("list", "[]", []),
    ],
)
def test_read(kind: str, text: str, value: object) -> None:
    """Texts of each type."""
    found = knobs.read(knob(kind), text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("int", text) for text in ("", "1.0", "1e3", "01", "+1", "--1", " 1", "1 ", "1_000", "٣", "0x10", "9" * 17)),
        *(("int", text) for text in ("-", "9007199254740992", "true", "1\n")),
        *(
            ("float", text)
            for text in ("", "nan", "inf", "-inf", "1e999", ".5", "5.", "1e", "e5", "1_0.0", "0x1p3", "1,5")
        ),
        *(("float", text) for text in ("--1", "01.5", "1.5.5", "1e1.5", "1e5e5", "\u0661.\u0665", "9" * 400)),
        *(("bool", text) for text in ("", "True", "yes", "1", "TRUE", " true")),
        *(
            ("duration", text)
            for text in ("", "5", "5 s", "s", "-5s", "1.5", "1.s", ".5s", "05s", "1.2345s", "5S", "5sm")
        ),
        *(("duration", text) for text in ("1234567890s", "\u0661s", "5mss")),
        *(("bytes", text) for text in ("", "5KB", "5 Mi", "-1Mi", "1.Mi", "5mi", "Mi", "1e3", "05", "5MiB", "5Mik")),
        *(("list", text) for text in ("", "1", "{}", "[1", "[[1]]", "[null]", "[NaN]", "[1e999]", "[" * 5000, "a,b")),
        ("list", "[12345678901234567890]"),
        ("string", "a\0b"),
        ("string", "x" * 4097),
    ],
)
def test_read_refuses(kind: str, text: str) -> None:
    """What JSON would not write, and what is no value."""
    with pytest.raises(knobs.Wrong):
        knobs.read(knob(kind), text)


@given(st.from_regex(duration_pattern, fullmatch=True))
def test_durations_are_those_of_specs(text: str) -> None:
    """The two readers of a duration agree, exactly."""
    assert knobs.read(knob("duration"), text) == duration_seconds(text) * knobs.MILLION


@given(st.from_regex(quantity_pattern, fullmatch=True))
def test_amounts_are_those_of_specs(text: str) -> None:
    """The two readers of an amount agree, exactly."""
    assert knobs.read(knob("bytes"), text) == quantity_value(text) * knobs.MILLION


@given(
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.lists(
        st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    )
)
def test_written_and_read(value: object) -> None:
    """What a document says comes back from its text."""
    kind = {int: "int", float: "float", bool: "bool", list: "list"}[type(value)]
    assert knobs.read(knob(kind), knobs.written(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**22).map(float))
def test_a_float_is_the_same_text_in_the_image(value: float) -> None:
    """What the tool writes into a ConfigMap is what the entrypoint makes of the document in the image."""
    assert knobs.written(json.loads(canonical(value))) == knobs.written(value)
    assert knobs.written(json.loads(canonical([value]))) == knobs.written([value])


@pytest.mark.parametrize(
    ("tree", "holds"),
    [
        (["in", ["value", 1], ["knob", "flags"]], False),
        (["in", ["value", True], ["knob", "flags"]], True),
        (["in", ["value", True], ["knob", "sizes"]], False),
        (["in", ["value", 1], ["knob", "sizes"]], True),
        (["==", ["knob", "flags"], ["knob", "sizes"]], False),
        (["!=", ["knob", "flags"], ["knob", "sizes"]], True),
        (["==", ["knob", "sizes"], ["items", ["value", 1]]], True),
    ],
)
def test_true_is_not_one(tree: list[Any], holds: bool) -> None:
    """In a list, too: JSON has both."""
    assert knobs.evaluate(tree, {"flags": [True], "sizes": [1.0]}) is holds


@pytest.mark.parametrize(
    ("definition", "text", "code"),
    [
        (knob("int", minimum=1, maximum=8), "8", None),
        (knob("int", minimum=1, maximum=8), "9", "TB5412"),
        (knob("int", minimum=1, maximum=8), "0", "TB5412"),
        (knob("int", minimum=1, maximum=8), "eight", "TB5411"),
        (knob("float", maximum=1), "1.0000001", "TB5412"),
        (knob("duration", minimum="1s", maximum="1m"), "60s", None),
        (knob("duration", minimum="1s", maximum="1m"), "60001ms", "TB5412"),
        (knob("bytes", minimum="1Ki"), "1023", "TB5412"),
        (knob("enum", values=["a", "b"], default="a"), "c", "TB5413"),
        (knob("enum", values=["a", "b"], default="a"), "b", None),
        (knob("list", values=["a", "b"], default=["a"]), '["a", "c"]', "TB5413"),
        (knob("list", values=["a", "b"], default=["a"]), '["b", "a"]', None),
    ],
)
def test_range(definition: dict[str, Any], text: str, code: str | None) -> None:
    """Bounds are part of the range, whatever unit they are written in."""
    _, found = knobs.finding(definition, text)
    assert (found[0] if found else None) == code


def test_everything_at_once() -> None:
    """Each wrong knob is said, and a rule about a wrong knob is not said on top."""
    document = {
        "parameters": [knob("int", name="a", maximum=3), knob("bool", name="b", default=True), knob("int", name="c")],
        "rules": [
            {"name": "one", "rule": "a < c", "message": "m", "tree": ["<", ["knob", "a"], ["knob", "c"]]},
            {"name": "two", "rule": "c > 5", "message": "Too few.", "tree": [">", ["knob", "c"], ["value", 5]]},
        ],
    }
    texts, found = knobs.check(document, {"a": "4", "b": "ja"})
    assert texts == {"a": "4", "b": "ja", "c": "1"}
    assert [code for code, _, _ in found] == ["TB5412", "TB5411", "TB5414"]
    assert found[2][1] == "rule two (c > 5) does not hold with c '1': Too few."


def test_messages_are_bounded() -> None:
    """A huge value is cut in the message."""
    _, found = knobs.finding(knob("int"), "9" * 4000)
    assert found is not None
    assert len(found[1]) < 200
    assert json.dumps(found)
    _, found = knobs.finding(knob("string", default=""), "x" * 4097)
    assert found is not None
    assert found[1].endswith("expected at most 4096 characters")


def test_what_may_be_a_secret_is_not_told() -> None:
    """A message goes to a log: a long text that somebody set is not in it, also not where a rule asks for it."""
    token = "tok_" + "4f9a" * 8
    definitions = [
        knob("int"),
        knob("string", name="s", environment="S", default="a"),
    ]
    tree = ["==", ["knob", "s"], ["value", "a"]]
    rules = [{"name": "r", "rule": "s == 'a'", "message": "m", "tree": tree}]
    _, found = knobs.check({"parameters": definitions, "rules": rules}, {"k": token, "s": token})
    assert [code for code, _, _ in found] == ["TB5411", "TB5414"]
    assert all(token[:8] not in sentence and "a text of 36 characters" in sentence for _, sentence, _ in found)
    ((_, sentence, _),) = knobs.check({"parameters": definitions, "rules": []}, {"k": "sixty-four"})[1]
    assert "'sixty-four'" in sentence
