"""Files that people write: a value, or every finding at its place."""

from __future__ import annotations

import pytest

from twinbuild.codec.sections import load_section
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import SpecError
from twinbuild.model.vulnerability import PolicySheet


def load(text: str) -> PolicySheet:
    """The policy of a text."""
    return load_section(SourceText(name="policy.yaml", content=text.encode()), PolicySheet, begin="vulnerabilities:")


def test_value() -> None:
    """With defaults for what is not said."""
    assert load("vulnerabilities: {fail_on: low}").vulnerabilities.max_age == "7d"


def test_all_findings_at_their_place() -> None:
    """Two wrong values, two findings."""
    with pytest.raises(SpecError) as caught:
        load("vulnerabilities:\n  fail_on: most\n  max_age: soon\n")
    assert [(each.where.line, each.where.pointer) for each in caught.value.findings] == [
        (2, "/vulnerabilities/fail_on"),
        (3, "/vulnerabilities/max_age"),
    ]


@pytest.mark.parametrize("text", ["", "[]", "a: 1\na: 2", "vulnerabilities: {fail_on: low, new: 1}"])
def test_refused(text: str) -> None:
    """No mapping, a key twice, a key that is not known."""
    with pytest.raises(SpecError):
        load(text)
