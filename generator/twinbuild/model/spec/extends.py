"""``extends``: the template of a model family that a release began with, and what it was made of."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from twinbuild.model.spec.base import Section
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.paths import Confined
from twinbuild.model.spec.values import JsonObject, Sha256, objection

__all__ = ["FAMILY_SPEC", "REFERENCE", "Extends", "FamilyReference"]

FAMILY_SPEC: Final = "release.family.yaml"
"""Where the family's spec is, if nothing else is said."""

REFERENCE: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?@[0-9A-Za-z]([0-9A-Za-z.+_-]{0,62}[0-9A-Za-z])?"
"""FAMILY@VERSION, as a regular expression."""
_REFERENCE: Final = re.compile(REFERENCE, re.ASCII)


def _check_reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise objection(
            "TB1180",
            f"got {text[:120]!r}, expected FAMILY@VERSION",
            "write a family and its version, such as scikit-learn@1.0.0; `twinbuild family list` shows them",
        )
    return text


FamilyReference = Annotated[
    str, AfterValidator(_check_reference), Field(json_schema_extra={"pattern": f"^{REFERENCE}$"})
]
"""A family and its version: ``scikit-learn@1.0.0``."""


class Extends(Section):
    """The family that the release is of. Its spec is the lowest overlay: what this spec says comes over it.

    Also written as the text FAMILY@VERSION: then release.family.yaml states the digest of itself.
    """

    family: FamilyReference
    """Family and version."""
    spec: Confined = FAMILY_SPEC
    """What `twinbuild init` made of the family's spec; it lies beside this one, and nobody edits it."""
    sha256: Sha256
    """Digest of that file."""
    digest: Sha256
    """Digest of the family: all files of its template, and of the families that it extends itself. That file states
    it."""
    variables: JsonObject = Field(default_factory=FrozenMapping)
    """Values of the family's variables. That file states them."""
