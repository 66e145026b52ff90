"""``describe.plain``: sections as JSON, without what nobody said."""

from __future__ import annotations

from tests.unit.describe.conftest import Case

from twinbuild.describe.plain import plain
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.metadata import Owner, Source
from twinbuild.model.spec.tests import Expectation


def test_absent_fields() -> None:
    """A field without a value is left out, a default is there, and a null inside free JSON stays."""
    assert plain(Source(directory="app")) == {
        "commit": "omit",
        "directory": "app",
        "target": "/app",
        "ignore": [],
        "preprocessing": [],
    }
    expected = Expectation(body=FrozenMapping({"score": None, "of": (1, 2.5)}))
    assert plain(expected) == {"status": 200, "body": {"score": None, "of": [1, 2.5]}, "tolerance": 0.0}
    assert plain(Owner(name="Ada", email="ada@tests.example")) == {"name": "Ada", "email": "ada@tests.example"}


def test_aliases(case: Case) -> None:
    """Keys are those of the file."""
    whole = plain(case.spec)
    assert isinstance(whole, dict)
    assert whole["apiVersion"] == "twinbuild/v1"
    assert "api_version" not in whole
