"""What a kind of secret is told by: its triggers, its form, and who judges what has the form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.leaks.judge import Judge, is_random

__all__ = ["BEGIN", "END", "FAR", "NEAR", "Rule", "rule_of"]

BEGIN = r"(?<![A-Za-z0-9_])"  # a form begins where no word goes on
END = r"(?![A-Za-z0-9_])"
FAR: Final = 24 << 10  # bytes: more than the longest form
NEAR: Final = 512  # more than most are long


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A kind of secret: its name for exceptions, what people call it, its triggers, its form, and who judges.

    ``triggers`` are byte strings in lower case of which one stands in whatever has the form, no more than ``reach``
    bytes from its beginning and its end. ``files`` is a form of names of files, those that it is about; None: all.
    ``sure``: the form alone says what it is, which in others' code and manuals no example has.
    """

    kind: str
    title: str
    triggers: tuple[bytes, ...]
    form: re.Pattern[bytes]
    judge: Judge
    reach: int = NEAR
    files: re.Pattern[str] | None = None
    sure: bool = True


def rule_of(
    kind: str,
    title: str,
    triggers: str,
    form: str,
    judge: Judge = is_random,
    *,
    reach: int = NEAR,
    files: str = "",
    sure: bool = True,
) -> Rule:
    """A rule; ``triggers`` are words with blanks between them, and ``%20`` is a blank in one."""
    return Rule(
        kind=kind,
        title=title,
        triggers=tuple(word.replace(b"%20", b" ") for word in triggers.encode().split()),
        form=re.compile(form.encode()),
        judge=judge,
        reach=reach,
        files=re.compile(files) if files else None,
        sure=sure,
    )
