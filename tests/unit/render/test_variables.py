"""Values of variables: read by type, all faults at once."""

from __future__ import annotations

import pytest

from fakes.families import family_of
from twinbuild.errors import UsageError
from twinbuild.model.family import Family
from twinbuild.render.variables import chosen_values

SHEET = """\
variables:
  - {name: text, pattern: "[a-z]+", default: abc, description: A.}
  - {name: free, default: x, description: A.}
  - {name: count, type: int, minimum: 1, maximum: 9, description: A.}
  - {name: share, type: float, minimum: 0, default: 0.5, description: A.}
  - {name: flag, type: bool, default: false, description: A.}
  - {name: kind, type: enum, values: [a, b], default: a, description: A.}
"""


def _family(sheet: str = SHEET) -> Family:
    return family_of({}, sheet=sheet)


def test_values_and_defaults() -> None:
    """In the order of the variables, each with its type."""
    assert chosen_values(_family(), {"count": "3"}) == {
        "text": "abc", "free": "x", "count": 3, "share": 0.5, "flag": False, "kind": "a",
    }  # fmt: skip
    given = {"count": "9", "share": "1e-3", "flag": "true", "kind": "b", "text": "z"}
    assert list(chosen_values(_family(), given).values()) == ["z", "x", 9, 0.001, True, "b"]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"count": "3", "counts": "1"}, "TB7502", "plain@1.0.0 has no variable 'counts'"),
        ({}, "TB7504", "the variable 'count' of plain@1.0.0 has no value"),
        ({"count": "x"}, "TB7503", "count: got 'x', expected a whole number"),
        ({"count": "3.0"}, "TB7503", "count: got '3.0', expected a whole number"),
        ({"count": "0"}, "TB7503", "count: got '0', expected at least 1 and at most 9"),
        ({"count": "9" * 400}, "TB7503", "expected a whole number"),
        ({"count": "3", "share": "nan"}, "TB7503", "share: got 'nan', expected a number"),
        ({"count": "3", "share": "-1"}, "TB7503", "share: got '-1', expected at least 0"),
        ({"count": "3", "share": "1e999"}, "TB7503", "share: got '1e999', expected at least 0"),
        ({"count": "3", "flag": "yes"}, "TB7503", "flag: got 'yes', expected true or false"),
        ({"count": "3", "kind": "c"}, "TB7503", "kind: got 'c', expected one of a, b"),
        ({"count": "3", "text": "A"}, "TB7503", "expected a text that the pattern [a-z]+ matches"),
        ({"count": "3", "text": "a\nb"}, "TB7503", "expected one line of printable text"),
        ({"count": "3", "kind": "a", "free": "a\U000e0100"}, "TB7503", "expected one line of printable text"),
        ({"count": "3", "text": "a" * 501}, "TB7503", "expected one line of printable text, at most 500"),
    ],
)
def test_refused(given: dict[str, str], code: str, message: str) -> None:
    """Each with its code, what was got and what was expected."""
    with pytest.raises(UsageError) as error:
        chosen_values(_family(), given)
    assert [finding.code for finding in error.value.findings] == [code]
    assert message in error.value.findings[0].message


def test_all_at_once_and_a_hint() -> None:
    """Every fault; an unknown name gets the one that was meant."""
    with pytest.raises(UsageError) as error:
        chosen_values(_family(), {"tex": "a", "flag": "1"})
    assert [finding.code for finding in error.value.findings] == ["TB7502", "TB7504", "TB7503"]
    assert error.value.findings[0].hint == "did you mean 'text'?"
    with pytest.raises(UsageError) as error:
        chosen_values(_family(), {"zzzz": "a", "count": "3"})
    assert error.value.findings[0].hint == (
        "known here: text, free, count, share, flag, kind; "
        "where a project begins also name, version, team, owner, email"
    )


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("{name: a, default: B, pattern: '[a-z]'}", "the default of a: got 'B'"),
        ("{name: a, type: int, default: true}", "the default of a: got True, expected a whole number"),
        ("{name: a, type: int, default: 1.5}", "the default of a: got 1.5, expected a whole number"),
        ("{name: a, type: bool, default: 1}", "expected true or false"),
        ("{name: a, default: 1}", "expected one line of text"),
        ("{name: a, default: x, pattern: '('}", "expected a pattern that is a regular expression"),
    ],
)
def test_a_default_that_does_not_fit(variable: str, message: str) -> None:
    """A family's own fault is said, too."""
    with pytest.raises(UsageError, match="TB7503") as error:
        chosen_values(_family(f"variables:\n  - {variable}\n"), {})
    assert message in error.value.findings[0].message
