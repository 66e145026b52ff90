"""``pipeline.governing.rotating``: the reference of a secret and when it was changed, never the secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.governed import NOW, organisation
from twinbuild.errors import UsageError
from twinbuild.pipeline.governing.rotating import say_rotated


def test_said(tmp_path: Path) -> None:
    """A file for each secret and key; said again it is the newer time."""
    ours = organisation(tmp_path)
    first = say_rotated(ours.directory, "vault:a#b", ours.signer("linus"), at=NOW - 9, now=NOW)
    again = say_rotated(ours.directory, "vault:a#b", ours.signer("linus"), at=NOW, now=NOW)
    assert first == again
    other = say_rotated(ours.directory, "env:TOKEN", ours.signer("linus"), at=NOW, now=NOW)
    assert {first, other} == set((ours.directory / "rotations").iterdir())


@pytest.mark.parametrize("reference", ["token", "", "vault:a b", f"vault:ghp_{'a1B2' * 10}", "vault:" + "x" * 501])
def test_refused(tmp_path: Path, reference: str) -> None:
    """What is no reference, or is a secret itself; a time to come; where no trust root is."""
    ours = organisation(tmp_path)
    for place, text, at in (
        (ours.directory, reference, NOW),
        (ours.directory, "vault:a", NOW + 1),
        (tmp_path, "vault:a", NOW),
    ):
        with pytest.raises(UsageError):
            say_rotated(place, text, ours.signer("linus"), at=at, now=NOW)
    assert not (ours.directory / "rotations").exists()
