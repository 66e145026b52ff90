"""SHA-256 digests as values."""

from __future__ import annotations

import hashlib

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest

HEX = hashlib.sha256(b"x").hexdigest()


def test_spelling() -> None:
    """What is written is what is read."""
    assert str(Digest.of(b"x")) == f"sha256:{HEX}"
    assert Digest.parse(f"sha256:{HEX}") == Digest.of(b"x") == Digest(HEX)


@pytest.mark.parametrize(
    "text",
    ["", "sha256:", HEX, f"sha256:{HEX.upper()}", f"sha256:{HEX[1:]}", f"sha256:{HEX}0", f"sha512:{HEX}",
     f"sha256:{HEX}\n", f" sha256:{HEX}", "sha256:../../../../../../etc/passwd", f"sha256:{HEX[:-1]}٣"],
)  # fmt: skip
def test_other_spellings(text: str) -> None:
    """SP-23, OC-05: TB3001 for short, upper-case, foreign and path-like digests."""
    with pytest.raises(IntegrityError) as caught:
        Digest.parse(text)
    assert caught.value.findings[0].code == "TB3001"
