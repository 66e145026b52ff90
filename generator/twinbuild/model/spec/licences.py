"""``licences``: what people conclude of the licences of components, where the components do not say it for certain."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from twinbuild.model.spec.base import Section, Several
from twinbuild.model.spec.values import Line, objection

__all__ = ["DECLARED", "Conclusion", "Licences"]

DECLARED: Final = "declared"
_PATTERN: Final = re.compile(r"pkg:[a-z*][a-z0-9.+*-]*/[!-~]+", re.ASCII)
_STARS: Final = 4


def _check_pattern(text: str) -> str:
    if not _PATTERN.fullmatch(text) or "?" in text or len(text) > 300 or text.count("*") > _STARS:
        raise objection(
            "TB8750",
            f"got {text[:80]!r}, expected a package URL without qualifiers and with at most {_STARS} stars",
            "take it from the bill of materials, such as pkg:pypi/numpy@2.4.6 or pkg:deb/debian/*@*",
        )
    return text


def _check_licence(text: str) -> str:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if text == DECLARED:
        return text
    found = ""
    if len(text) <= 500 and text.count("(") <= 20 and text.isascii():
        with suppress(InvalidLicenseExpression):
            found = canonicalize_license_expression(text)
    if not found:
        raise objection(
            "TB8751",
            f"got {text[:80]!r}, expected an SPDX expression, or `{DECLARED}`",
            "use identifiers of SPDX's list, or LicenseRef-NAME for a licence that is not on it",
        )
    return found


class Conclusion(Section):
    """A licence of which a person says that components are used under it."""

    components: Annotated[str, AfterValidator(_check_pattern)]
    """Package URL of the components without qualifiers, as the bill has it; a star stands for any characters."""
    licence: Annotated[str, AfterValidator(_check_licence)]
    """SPDX expression, or `declared`: what each of them declares."""
    by: Line
    """Who concludes it."""
    reason: Line
    """Why: what was read, and what it says."""


class Licences(Section):
    """What is known of licences beside what components say."""

    conclusions: Several[Conclusion] = Field(min_length=1, max_length=2000)
    """Conclusions; of those that fit a component the first counts."""
