"""``model.governed``: what is known is a value that can be compared, and does not change."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from fakes.governed import actor, facts


def test_values() -> None:
    """Equal facts are equal, and hashable: nothing in them can change."""
    assert facts() == facts()
    assert hash(facts()) != hash(facts(stage="staging"))
    with pytest.raises(FrozenInstanceError):
        actor("ada").who = "eve"  # type: ignore[misc]
