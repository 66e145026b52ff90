"""What becomes of two builds that differ: a finding for each difference, and no release."""

from __future__ import annotations

from typing import assert_never

from twinbuild.errors import Finding, Location, NotReproducible
from twinbuild.model.verification import Difference, Different, Identical, Verification

__all__ = ["require_identical"]


def require_identical(verification: Verification, *, who: str = "two builds") -> Identical:
    """The verification, where the builds are equal. Raises NotReproducible TB6010 with every difference."""
    match verification:
        case Identical():
            return verification
        case Different():
            findings = tuple(_finding(item, who) for item in verification.differences)
            raise NotReproducible((*findings, *_omitted(verification.omitted, who)))
    assert_never(verification)


def _omitted(count: int, who: str) -> tuple[Finding, ...]:
    if not count:
        return ()
    return (
        Finding(
            code="TB6010",
            message=f"{who} differ in {count} more files of layers that are listed above",
            hint="mend the causes above first; many differences often have one cause",
        ),
    )


def _finding(difference: Difference, who: str) -> Finding:
    where = f"{difference.image}, layer {difference.layer!r}"
    if difference.path:
        where += f", /{difference.path}"
    at = f" at byte {difference.offset}" if difference.offset >= 0 else ""
    return Finding(
        code="TB6010",
        message=(
            f"{who} differ{at}: {difference.first!r} and {difference.second!r}; "
            f"likely cause: {difference.cause}, {difference.explanation}"
        ),
        hint=difference.remedy,
        where=Location(subject=where),
    )
