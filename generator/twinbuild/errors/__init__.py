"""The one tree of errors.

Every error carries *findings*: values with a stable code, a sentence, an address and a remedy, so that the command
line can print them for people or as JSON without parsing text. Exit codes are part of the interface::

    TwinbuildError
    ├── DifferenceFound    1   a check or comparison found a difference
    ├── SpecError          2   the spec is wrong
    ├── UsageError         2   the command line or a setting is wrong
    ├── LockError          3   the lock is stale or incomplete, or nothing can satisfy the requirements
    ├── FetchError         4   the network, an index or a mirror failed
    ├── EnvironmentFault   4   this machine lacks something (namespaces, disk, a program)
    ├── IntegrityError     5   bytes are not what they are claimed to be; never retried, never a fallback
    ├── BuildError         6   the image could not be built
    ├── NotReproducible    7   two builds differ
    ├── PolicyRefused      8   a policy or signature forbids it
    └── InternalError     70   our bug

``ValueError`` and foreign exceptions never cross the border of a room: they are translated there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

__all__ = [
    "BuildError",
    "DifferenceFound",
    "EnvironmentFault",
    "FetchError",
    "Finding",
    "IntegrityError",
    "InternalError",
    "Location",
    "LockError",
    "NotReproducible",
    "PolicyRefused",
    "SpecError",
    "TwinbuildError",
    "UsageError",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a finding is: a file with line and column (1-based), a pointer into it, or another subject.

    ``subject`` is used where there is no text file: a digest, a redacted URL, or ``archive!member``.
    ``excerpt`` is the source line as written, without its line end; ``width`` is the number of columns to mark in it.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""
    subject: str = ""
    excerpt: str = ""
    width: int = 1

    def __str__(self) -> str:
        if not self.file:
            return self.subject or self.pointer
        text = self.file
        if self.line:
            text += f":{self.line}"
            if self.column:
                text += f":{self.column}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: a stable code, what happened (got and expected), where, and what to do."""

    code: str
    message: str
    hint: str
    where: Location = Location()

    def __str__(self) -> str:
        where = str(self.where)
        return f"{self.code} {where + ': ' if where else ''}{self.message} ({self.hint})"


class TwinbuildError(Exception):
    """Base of all errors of this package. ``findings`` is never empty."""

    exit_code: ClassVar[int] = 70

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        assert findings, "an error needs at least one finding"
        super().__init__("; ".join(str(finding) for finding in findings))
        self.findings = findings

    @classmethod
    def of(cls, code: str, message: str, *, hint: str, where: Location | str = Location()) -> Self:
        """An error with one finding; ``where`` may be a plain subject (digest, redacted URL, ``archive!member``)."""
        location = Location(subject=where) if isinstance(where, str) else where
        return cls((Finding(code=code, message=message, hint=hint, where=location),))

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Finding, ...]]]:
        return type(self), (self.findings,)  # so that an error survives the way back from a worker process


class DifferenceFound(TwinbuildError):
    """A check or comparison found a difference."""

    exit_code = 1


class SpecError(TwinbuildError):
    """The spec, an overlay or a file that it names is wrong."""

    exit_code = 2


class UsageError(TwinbuildError):
    """The command line or a setting is wrong."""

    exit_code = 2


class LockError(TwinbuildError):
    """The lock is stale, incomplete or malformed, or no set of packages satisfies the requirements."""

    exit_code = 3


class FetchError(TwinbuildError):
    """The network, an index, a mirror or a registry failed."""

    exit_code = 4


class EnvironmentFault(TwinbuildError):
    """This machine lacks something: namespaces, disk space, rights, a program."""

    exit_code = 4


class IntegrityError(TwinbuildError):
    """Bytes are not what they are claimed to be. Never retried, never a fallback."""

    exit_code = 5


class BuildError(TwinbuildError):
    """The image could not be built from the plan."""

    exit_code = 6


class NotReproducible(TwinbuildError):
    """Two builds of one plan differ."""

    exit_code = 7


class PolicyRefused(TwinbuildError):
    """A policy or a signature forbids it."""

    exit_code = 8


class InternalError(TwinbuildError):
    """A defect of twinbuild itself."""

    exit_code = 70
