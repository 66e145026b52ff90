"""``codec.section``: values with their places."""

from __future__ import annotations

import pytest

from fakes.governed import POLICY
from twinbuild.codec.section import load_section
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import SpecError
from twinbuild.model.policy import OrganisationPolicy


def _load(text: str) -> object:
    return load_section(SourceText(name="p", content=text.encode()), OrganisationPolicy, begin="apiVersion: x")


def test_places() -> None:
    """A value, its place, and the nearest place above one that is not written."""
    found = load_section(SourceText(name="p", content=POLICY.encode()), OrganisationPolicy, begin="x")
    assert (found.where("require", 0, "name").line, found.where("require", 0, "name").column) == (9, 11)
    assert found.where("require", 0, "approvals").line == 9
    assert found.where("require", 0, "approvals").pointer == "/require/0"


@pytest.mark.parametrize("text", ["- a", "just text"])
def test_no_mapping(text: str) -> None:
    """How it begins is said."""
    with pytest.raises(SpecError) as raised:
        _load(text)
    assert raised.value.findings[0].code == "TB1013"
    assert "apiVersion: x" in raised.value.findings[0].hint
