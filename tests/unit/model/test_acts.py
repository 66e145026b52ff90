"""``model.acts``: an act is a value that does not change."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from twinbuild.model.acts import Rotation


def test_values() -> None:
    """Equal acts are equal, and stay what they are."""
    act = Rotation(reference="vault:a", time=1)
    assert act == Rotation(reference="vault:a", time=1) != Rotation(reference="vault:a", time=2)
    with pytest.raises(FrozenInstanceError):
        act.time = 3  # type: ignore[misc]
