"""Conclusions of a spec: which patterns and licences are taken."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinbuild.model.spec.licences import Conclusion, Licences


def _conclusion(components: str = "pkg:pypi/x@1", licence: str = "MIT") -> Conclusion:
    return Conclusion(components=components, licence=licence, by="A", reason="B")


@pytest.mark.parametrize(
    "pattern",
    ["pkg:pypi/numpy@2.4.6#numpy.libs/lib*", "pkg:deb/debian/*@*", "pkg:*/*", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14"],
)
def test_patterns(pattern: str) -> None:
    """Package URLs without qualifiers, with stars."""
    assert _conclusion(pattern).components == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "*",
        "numpy",
        "pkg:pypi/x?file_name=a",
        "pkg:pypi/x y",
        "pkg:pypi/" + "x" * 300,
        "pkg:a/*b*c*d*e*",
        "pkg:a/\u00e4",
    ],
)
def test_no_patterns(pattern: str) -> None:
    """Others are refused."""
    with pytest.raises(ValidationError) as caught:
        _conclusion(pattern)
    assert [each["type"] for each in caught.value.errors()] == ["TB8750"]


def test_licences() -> None:
    """Expressions get their normal spelling, and one word stands for what is declared."""
    assert _conclusion(licence="mit or LicenseRef-Ours").licence == "MIT OR LicenseRef-Ours"
    assert _conclusion(licence="declared").licence == "declared"


@pytest.mark.parametrize("licence", ["BSD", "MIT AND", "", "(" * 30 + "MIT" + ")" * 30, "MIT OR " * 100 + "MIT"])
def test_no_licences(licence: str) -> None:
    """Others are refused."""
    with pytest.raises(ValidationError) as caught:
        _conclusion(licence=licence)
    assert [each["type"] for each in caught.value.errors()] == ["TB8751"]


def test_none() -> None:
    """A section without conclusions says nothing, and is refused."""
    with pytest.raises(ValidationError):
        Licences(conclusions=())
