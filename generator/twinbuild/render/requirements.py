"""``lockfiles/NAME.txt``: a target's wheels in pip's requirements format, for people and for pip itself.

One version and one SHA-256 for each project: no option, address, variable, marker or second hash.
``release.lock`` stays the authority; ``check_requirements`` says where an edited text departs from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from twinbuild.codec.amounts import counted
from twinbuild.errors import Finding, Location
from twinbuild.model.lock import LockedWheel, ResolverPin, Target

__all__ = ["check_requirements", "render_requirements"]

_HINT: Final = "make the file anew: `twinbuild lock`"
_MAXIMUM: Final = 32 << 20  # bytes; ten times a lock of 200,000 lines
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_ENTRY = re.compile(
    rf"(?P<name>{_NAME})(?P<extras>\[[^\]]*\])?\s*(?P<pin>[^#]*?)(?P<hashes>(?:\s+--hash\b.*)?)", re.DOTALL
)
_PIN = re.compile(r"==\s*([0-9A-Za-z][0-9A-Za-z.!+_-]*)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_CONFLICT = re.compile(r"(<{7}|={7}|>{7}|\|{7})( |$)")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def render_requirements(target: Target, wheels: tuple[LockedWheel, ...], *, resolver: ResolverPin) -> str:
    """The text for one set of wheels of a target (its runtime, or its development, test or build tools).

    Install it with ``pip install --require-hashes --no-deps --only-binary=:all: -r FILE``. ``# via`` names what
    requires a project; a project that is not on the default index has its index's name beside it.
    """
    python, platform = target.python, target.platform
    lines = [
        f"# {target.key}: CPython {python.minor} on {platform.machine}, glibc {python.glibc} or newer",
        f"# chosen by pip {resolver.pip} and pip-tools {resolver.pip_tools}; written by twinbuild, don't edit",
    ]
    wanted_by: dict[str, list[str]] = {}
    for wheel in wheels:
        for name in wheel.requires:
            wanted_by.setdefault(name, []).append(wheel.name)
    for wheel in sorted(wheels, key=lambda each: each.name):
        lines.append(f"{wheel.name}=={wheel.version} \\")
        lines.append(f"    --hash={wheel.sha256}")
        reasons = (["the spec"] if wheel.requested else []) + sorted(wanted_by.get(wheel.name, ()))
        if reasons:
            lines.append(f"    # via {', '.join(reasons)}")
        if wheel.index != "default":
            lines.append(f"    # from the index {wheel.index}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A logical line (continuations joined, comments cut): its number, its text, and its first line as written."""

    number: int
    text: str
    excerpt: str


def check_requirements(content: bytes, wheels: tuple[LockedWheel, ...], *, file: str) -> tuple[Finding, ...]:
    """What is wrong with a requirements text, or how it departs from the wheels that it should name.

    Empty if pip would install exactly these wheels from it. Codes TB2050-TB2059; nothing of the text is obeyed.
    """
    try:
        text = _decode(content)
    except _Unreadable as error:
        where = Location(file=file, line=error.line)
        return (Finding(code="TB2050", message=error.message, hint=_HINT, where=where),)
    findings: list[Finding] = []
    first: dict[str, tuple[_Line, str, str]] = {}
    for line in _logical_lines(text):
        entry = _entry(line)
        if isinstance(entry, _Refused):
            findings.append(_finding(entry, line, file))
            continue
        name, version, digest = entry
        if name in first:
            earlier = first[name][0].number
            refused = _Refused(code="TB2056", message=f"{name} stands here and in line {earlier}", hint=_HINT)
            findings.append(_finding(refused, line, file))
        else:
            first[name] = line, version, digest
    findings += _departures(first, wheels, file, unsure=bool(findings))
    return tuple(findings)


class _Unreadable(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    code: str
    message: str
    hint: str


def _finding(refused: _Refused, line: _Line, file: str) -> Finding:
    excerpt = _CREDENTIALS.sub("***@", line.excerpt)[:200]
    where = Location(file=file, line=line.number, column=1, excerpt=excerpt, width=max(1, len(excerpt)))
    return Finding(code=refused.code, message=refused.message, hint=refused.hint, where=where)


def _decode(content: bytes) -> str:
    if len(content) > _MAXIMUM:
        raise _Unreadable(0, f"the file has {counted(len(content), 'byte')}, the limit is {_MAXIMUM}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        raise _Unreadable(1, "the file begins with a byte order mark; it must be UTF-8 without one")
    for wrong, what in ((b"\0", "a NUL byte"), (b"\r", "a carriage return"), (b"\f", "a form feed")):
        if (place := content.find(wrong)) >= 0:
            raise _Unreadable(content.count(b"\n", 0, place) + 1, f"the file holds {what}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unreadable(content.count(b"\n", 0, error.start) + 1, "the file is not UTF-8") from error


def _logical_lines(text: str) -> Iterator[_Line]:
    """As pip joins and cuts them, so that nothing hides from us that pip would see."""
    parts: list[str] = []
    start, excerpt = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not parts:
            start, excerpt = number, line
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        parts.append("" if comment else re.sub(r"(^|\s+)#.*$", "", line))
        joined = " ".join(part.strip() for part in parts).strip()
        parts = []
        if joined:
            yield _Line(number=start, text=joined, excerpt=excerpt)
    if parts:
        yield _Line(number=start, text=" ".join(part.strip() for part in parts).strip() + " \\", excerpt=excerpt)


def _entry(line: _Line) -> tuple[str, str, str] | _Refused:
    """Normalised name, version and hexadecimal digest; or why the line is none of ours."""
    text = line.text
    for applies, refused in _FORMS:
        if applies.search(text):
            return refused
    match = _ENTRY.fullmatch(text)
    if match is None:
        return _Refused(code="TB2054", message="this is not `name==version --hash=sha256:…`", hint=_HINT)
    name, pin = match["name"], _PIN.fullmatch(match["pin"].strip())
    if match["extras"] or name != canonicalize_name(name):
        plain = canonicalize_name(name)
        return _Refused(code="TB2054", message=f"write {plain!r}: a normalised name without extras", hint=_HINT)
    if pin is None:
        shown = match["pin"].strip()[:80] or "no version"
        return _Refused(code="TB2054", message=f"{name} has {shown!r} where ==VERSION must stand", hint=_HINT)
    digests = match["hashes"].split()
    if len(digests) != 1:
        message = f"{name} has {len(digests)} hashes, expected the one of the chosen wheel"
        return _Refused(code="TB2055", message=message, hint=_HINT)
    digest = _HASH.fullmatch(digests[0])
    if digest is None:
        message = f"{name} has {digests[0][:90]!r}, expected --hash=sha256: and 64 lower-case hexadecimal digits"
        return _Refused(code="TB2055", message=message, hint=_HINT)
    return name, pin[1], digest[1]


_FORMS: Final[tuple[tuple[re.Pattern[str], _Refused], ...]] = (
    (
        _CONFLICT,
        _Refused(
            code="TB2050",
            message="a merge conflict is not resolved",
            hint="resolve the conflict in release.yaml, then run `twinbuild lock`",
        ),
    ),
    (
        re.compile(r"://[^/@\s]+@"),
        _Refused(
            code="TB2059",
            message="an address with credentials stands here",
            hint="remove the line, change the password, and make the file anew: `twinbuild lock`",
        ),
    ),
    (
        re.compile(r"\$\{?[A-Za-z_]"),
        _Refused(code="TB2052", message="pip would put a variable's value here", hint=_HINT),
    ),
    (
        re.compile(
            r"^(-r|-c|-e|--requirement|--constraint|--editable)(\b|=)|\b(git|hg|svn|bzr)\+|://|(^|\s)@\s|^[./~]"
        ),
        _Refused(code="TB2053", message="this refers to another file or address", hint=_HINT),
    ),
    (
        re.compile(r"^-|\s(-[a-zA-Z]|--(?!hash\b)[a-z-]+)"),
        _Refused(code="TB2051", message="pip would obey an option here", hint=_HINT),
    ),
)


def _departures(
    entries: dict[str, tuple[_Line, str, str]], wheels: tuple[LockedWheel, ...], file: str, *, unsure: bool
) -> Iterator[Finding]:
    """What differs from the lock; missing entries are not reported beside lines that could not be read."""
    locked = {wheel.name: wheel for wheel in wheels}
    for name, (line, version, digest) in entries.items():
        wheel = locked.get(name)
        if wheel is None:
            refused = _Refused(code="TB2057", message=f"{name} is not in the lock", hint=_HINT)
        elif version != wheel.version:
            refused = _Refused(code="TB2058", message=f"{name} has {version}, the lock {wheel.version}", hint=_HINT)
        elif digest != wheel.sha256.hex:
            message = f"{name} has sha256:{digest}, the lock {wheel.sha256} for {wheel.filename}"
            refused = _Refused(code="TB2058", message=message, hint=_HINT)
        else:
            continue
        yield _finding(refused, line, file)
    missing = sorted(locked.keys() - entries.keys())
    if missing and not unsure:
        shown = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        message = f"the file names {counted(len(entries), 'project')}, the lock {len(wheels)}; missing: {shown}"
        yield Finding(code="TB2057", message=message, hint=_HINT, where=Location(file=file))
