"""Codes of our own defects."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = tuple(
    Code(code=code, title=title, explanation=f"This is a defect of twinbuild: {title}. Please report it.")
    for code, title in (
        ("TB9000", "an unexpected exception"),
        ("TB9001", "a value without a canonical spelling"),
        ("TB9002", "a layer of an unexpected size"),
        ("TB9003", "a lock that it could not read back"),
    )
)
