"""What became of an image's tests."""

from __future__ import annotations

from typing import get_args

from twinbuild.model.trial import REASONS, Reason


def test_every_reason_is_told() -> None:
    """In words that name no machine: they are part of the release's identity."""
    assert set(REASONS) == set(get_args(Reason))
