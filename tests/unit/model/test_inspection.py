"""Inspections are values: equal where the facts are, and never changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from twinbuild.model.digest import Digest
from twinbuild.model.inspection import Inspection


def test_values() -> None:
    """Two of the same facts are one value, which can be a key."""
    one, same = (Inspection(sha256=Digest.of(b"a"), sha512="b") for _ in range(2))
    assert {one, same} == {one}
    with pytest.raises(FrozenInstanceError):
        one.sha512 = "c"  # type: ignore[misc]
