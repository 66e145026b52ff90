"""``extends`` as a value: a family by name and version, and digests."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinbuild.model.spec.extends import Extends

HEX = "a" * 64


def test_the_usual_file() -> None:
    """The spec of the family has a usual name."""
    extends = Extends(family="torch@1.0.0", sha256=HEX, digest=HEX)
    assert (extends.spec, dict(extends.variables)) == ("release.family.yaml", {})


@pytest.mark.parametrize("text", ["torch", "torch@", "@1", "Torch@1", "torch@1 ", "a/b@1", "torch@1@2", "torch@-1"])
def test_what_is_no_family(text: str) -> None:
    """TB1180."""
    with pytest.raises(ValidationError) as error:
        Extends(family=text, sha256=HEX, digest=HEX)
    assert error.value.errors()[0]["type"] == "TB1180"
