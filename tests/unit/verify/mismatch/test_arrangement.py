from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinbuild.verify.mismatch.arrangement import of_arrangement


def name(one: str | bytes, other: str | bytes) -> str:
    """The name of the cause, or nothing."""
    sides = [side.encode() if isinstance(side, str) else side for side in (one, other)]
    found = of_arrangement((sides[0], sides[1]))
    return found.name if found else ""


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a\nb\n", "a\r\nb\r\n", "line-endings"),
        ("a\nb", "a\nb\n", "line-endings"),
        ("é", "é".encode("latin-1"), "encoding"),
        ("text", b"\xef\xbb\xbftext", "encoding"),
        ('{"a": 1}', '{"a":1}', "json-whitespace"),
        ('{"a":1,"b":{"c":1,"d":2}}', '{"a":1,"b":{"d":2,"c":1}}', "json-key-order"),
        ('{"a":[1,2,3]}', '{"a":[3,1,2]}', "item-order"),
        ('{"a":1}\n{"a":1,"b":2}\n', '{"a":1}\n{"b":2,"a":1}\n', "json-key-order"),
        ("Zeta\nalpha\nbeta\n", "alpha\nbeta\nZeta\n", "locale"),
        ("[a] 1\n[a] 2\n[b] 1\n[b] 2\n", "[b] 1\n[a] 1\n[b] 2\n[a] 2\n", "parallel-order"),
        ("c\na\nb\n", "b\nc\na\n", "line-order"),
        ("{'b', 'a', 'c'}", "{'c', 'a', 'b'}", "item-order"),
        ('{"a":1}', '{"a":2}', ""),
        ('{"a":1,"a":2}', '{"a":2,"a":1,"b":0}', ""),
        ("stressed", "desserts", ""),
        ("a\n", "a\na\n", ""),
        ("[" * 5000, "[" * 5001, ""),
    ],
)
def test_arrangements(one: str | bytes, other: str | bytes, expected: str) -> None:
    """The same things arranged otherwise, and what only looks so."""
    assert name(one, other) == expected


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=2, max_size=6))
def test_any_object(value: dict[str, int]) -> None:
    """Whatever its keys, an object that is turned round has its keys in another order."""
    turned = dict(reversed(value.items()))
    one, other = json.dumps(value), json.dumps(turned)
    assert name(one, other) == "json-key-order"
