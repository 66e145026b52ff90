"""``describe.partschemas``: each schema is of a part that a tool makes."""

from __future__ import annotations

from twinbuild.describe.parts import PARTS
from twinbuild.describe.partschemas import OPTIONAL, SCHEMAS


def test_of_parts() -> None:
    """No schema without a part; what need not be there is described, too."""
    assert SCHEMAS.keys() <= {part.at for part in PARTS}
    assert SCHEMAS.keys() > OPTIONAL
