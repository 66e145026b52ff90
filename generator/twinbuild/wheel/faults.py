"""How this room says what is wrong: one shape of address, and member names that cannot break a line."""

from __future__ import annotations

from typing import Final

from twinbuild.errors import Finding, IntegrityError, Location

__all__ = ["REPORT", "address", "fault", "finding"]

REPORT: Final = "do not use this wheel; report it to whoever built it"


def address(archive: str, member: str = "") -> str:
    """``archive!member`` with every character that is not printable escaped."""
    text = f"{archive}!{member}" if member else archive
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def finding(code: str, message: str, *, archive: str, member: str = "", hint: str = REPORT) -> Finding:
    """One finding about an archive or one of its members."""
    return Finding(code=code, message=message, hint=hint, where=Location(subject=address(archive, member)))


def fault(code: str, message: str, *, archive: str, member: str = "", hint: str = REPORT) -> IntegrityError:
    """An IntegrityError with that one finding."""
    return IntegrityError((finding(code, message, archive=archive, member=member, hint=hint),))
