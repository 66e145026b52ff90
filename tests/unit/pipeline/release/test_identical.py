"""A difference between two builds, as a person sees it."""

from __future__ import annotations

from dataclasses import fields

import pytest

from twinbuild.errors import NotReproducible
from twinbuild.model.verification import Difference, Different, Identical
from twinbuild.pipeline.release.identical import require_identical


def _difference() -> Difference:
    values = {field.name: f"the {field.name}" for field in fields(Difference)}
    return Difference(**{**values, "offset": 7})  # type: ignore[arg-type]


def test_equal_builds_pass() -> None:
    """The verification itself comes back."""
    identical = Identical(variations=(), images=())
    assert require_identical(identical) is identical


def test_each_difference_is_a_finding() -> None:
    """TB6010, exit 7: layer, file, offset, cause and remedy are all named."""
    with pytest.raises(NotReproducible) as caught:
        require_identical(Different(variations=(), differences=(_difference(), _difference())))
    assert caught.value.exit_code == 7
    assert [finding.code for finding in caught.value.findings] == ["TB6010", "TB6010"]
    finding = caught.value.findings[0]
    for part in ("the image", "the layer", "the path"):
        assert part in str(finding.where)
    for part in ("at byte 7", "the first", "the second", "the cause", "the explanation"):
        assert part in finding.message
    assert finding.hint == "the remedy"
