"""Requirements as the spec states them: PEP 508, by name and version, nothing that only one machine could satisfy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from twinbuild.errors import Finding, Location, SpecError

__all__ = ["KERNEL_KEYS", "ParsedRequirement", "parse_requirements"]

KERNEL_KEYS: Final = ("platform_release", "platform_version")
_LENGTH: Final = 2048  # characters of one requirement; the longest real ones have some hundred
_KERNEL = re.compile(rf"\b({'|'.join(KERNEL_KEYS)})\b")
_EXTRA = re.compile(r"\bextras?\b|\bdependency_groups\b")
_VCS = re.compile(r"(^|[@\s])(git|hg|svn|bzr)(\+|:)|(^|@\s*)git@", re.IGNORECASE)
_PATH = re.compile(r"(^|@\s*)(\.{0,2}[/\\]|\.{1,2}$|~|[A-Za-z]:\\|file:)|\.(whl|tar\.gz|zip)(\[|$)", re.IGNORECASE)
_REMOTE = re.compile(r"(?<!\w)(https?|ftp)://", re.IGNORECASE)
_EDITABLE = re.compile(r"(-e|--editable)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRequirement:
    """One requirement: ``text`` is our own spelling of it, the only one that pip ever sees."""

    name: str  # PEP 503 normalised
    text: str
    specifier: str
    marker: str  # "" without
    extras: tuple[str, ...]

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Whether its marker is true for an environment (all eleven PEP 508 keys)."""
        marker = Requirement(self.text).marker
        return marker is None or marker.evaluate(dict(environment))

    def admits(self, version: str) -> bool:
        """Whether its specifier contains a version; a pre-release counts like any other."""
        return Requirement(self.text).specifier.contains(version, prereleases=True)


def parse_requirements(
    lines: tuple[str, ...], *, pointer: str = "", constraints: bool = False
) -> tuple[ParsedRequirement, ...]:
    """The values of requirements, in their order; ``pointer`` is where they stand in the spec (``/dependencies/x``).

    Raises SpecError with a finding for each that is refused: TB2001 (unreadable), TB2002 (version control), TB2003
    (direct address), TB2004 (local path), TB2005 (option line), TB2006 (marker that no target can answer), TB2007
    (constraint with extras).
    """
    parsed: list[ParsedRequirement] = []
    findings: list[Finding] = []
    for position, line in enumerate(lines):
        outcome = _parse(line, constraint=constraints)
        if isinstance(outcome, ParsedRequirement):
            parsed.append(outcome)
        else:
            code, message, hint = outcome
            shown = _shown(line)
            where = Location(pointer=f"{pointer}/{position}", excerpt=shown)
            findings.append(Finding(code=code, message=f"{message}: {shown!r}", hint=hint, where=where))
    if findings:
        raise SpecError(tuple(findings))
    return tuple(parsed)


def _shown(line: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", line[:200])


def _parse(line: str, *, constraint: bool) -> ParsedRequirement | tuple[str, str, str]:
    stripped = line.strip(" ")
    for check in _CHECKS:
        if refusal := check(stripped):
            return refusal
    try:
        requirement = Requirement(stripped)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        return "TB2001", f"not a requirement ({reason})", "write it as PEP 508 has it, such as numpy>=2,<3"
    if requirement.url is not None:  # whatever scheme the checks above do not know
        return "TB2003", "a requirement names an address instead of a version", _VERSION_HINT
    if constraint and requirement.extras:
        return "TB2007", "a constraint asks for extras", "ask for extras in a requirement; constrain only the version"
    return ParsedRequirement(
        name=canonicalize_name(requirement.name),
        text=str(requirement),
        specifier=str(requirement.specifier),
        marker=str(requirement.marker or ""),
        extras=tuple(sorted(canonicalize_name(extra) for extra in requirement.extras)),
    )


_VERSION_HINT: Final = "name project and version, and bind the project to an index of your own if it is not public"
_Refusal = tuple[str, str, str]


def _check_text(line: str) -> _Refusal | None:
    if not line or len(line) > _LENGTH or not line.isprintable() or line.startswith("#"):
        return "TB2001", "not one line of a requirement", "write one requirement for each entry"
    if "$" in line or "\\" in line:
        return "TB2001", "a requirement holds a variable or a continuation", "write the value itself"
    return None


def _check_option(line: str) -> _Refusal | None:
    if _EDITABLE.match(line):
        return (
            "TB2004",
            "an editable requirement lies only on this machine",
            "put the code into `source`, or release it",
        )
    if line.startswith("-") or re.search(r"\s--[a-z]", line):
        return (
            "TB2005",
            "an option is not a requirement",
            "use `indexes`, `constraints` and `exclude_newer` of the spec",
        )
    return None


def _check_origin(line: str) -> _Refusal | None:
    if _VCS.search(line):
        return (
            "TB2002",
            "a version-control requirement can change its bytes",
            "release it to an index and pin a version",
        )
    if _REMOTE.search(line):
        return "TB2003", "a requirement names an address instead of a version", _VERSION_HINT
    if _PATH.search(line.partition(";")[0].strip()):
        return "TB2004", "a path lies only on this machine", "put the code into `source`, or release it to an index"
    return None


def _check_marker(line: str) -> _Refusal | None:
    _, _, marker = line.partition(";")
    if found := _KERNEL.search(marker):
        return (
            "TB2006",
            f"{found[1]} is a fact of the kernel that will run it",
            "decide by sys_platform or python_version",
        )
    if _EXTRA.search(marker):
        return "TB2006", "a requirement of a spec has no extra that could be true", "remove the `extra` marker"
    return None


_CHECKS: Final[tuple[Callable[[str], _Refusal | None], ...]] = (
    _check_text,
    _check_option,
    _check_origin,
    _check_marker,
)
