"""Release files (Debian Repository Format, "Release files"): what a signed suite says about itself and its indexes.

The signature is checked elsewhere; this is what the signed text says, and whether that is what was asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from twinbuild.debian.control import Stanza, parse_stanza
from twinbuild.errors import Finding, IntegrityError, Location, LockError
from twinbuild.model.digest import Digest

__all__ = ["IndexFile", "Release", "check_release", "parse_release", "signed_text"]

_BEGIN: Final = b"-----BEGIN PGP SIGNED MESSAGE-----\n"
_SIGNATURE: Final = b"\n-----BEGIN PGP SIGNATURE-----\n"
_END: Final = b"\n-----END PGP SIGNATURE-----\n"
_PART: Final = r"[A-Za-z0-9_+-][A-Za-z0-9._+@-]*"  # Ubuntu lists icons-64x64@2.tar.gz
_FILE: Final = re.compile(rf" +([0-9a-f]{{64}}) +([0-9]{{1,12}}) +({_PART}(?:/{_PART})*)", re.ASCII)
_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), +([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) +([0-9]{1,2}):([0-9]{2}):([0-9]{2}) "
    r"(?:UTC|GMT|\+0000|Z)",
    re.ASCII,
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SKEW: Final = timedelta(minutes=10)  # between the archive's clock and ours
_ANEW: Final = "use a mirror of Debian that is up to date, and look at this machine's clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """A file that a Release file names: its path below the suite's directory, its size in bytes and its digest."""

    path: str
    size: int
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A suite. Times are aware and in UTC; ``valid_until`` is None where the suite stays valid."""

    origin: str
    label: str
    suite: str
    codename: str
    date: datetime
    valid_until: datetime | None
    architectures: tuple[str, ...]
    components: tuple[str, ...]
    acquire_by_hash: bool
    automatic: bool  # False: its packages are chosen only where nothing else will do, as of backports
    files: tuple[IndexFile, ...]  # the Packages indexes only

    @property
    def date_text(self) -> str:
        """``date`` by RFC 3339: 2026-11-21T09:15:44Z."""
        return self.date.strftime("%Y-%m-%dT%H:%M:%SZ")

    def packages(self, component: str, architecture: str) -> tuple[IndexFile, tuple[IndexFile, ...]]:
        """The uncompressed Packages file and the forms of it that may be fetched, best compressed first.

        Raises LockError TB2119 if the suite has no such component or architecture.
        """
        base = f"{component}/binary-{architecture}/Packages"
        known = {file.path: file for file in self.files}
        forms = tuple(known[base + suffix] for suffix in (".xz", ".gz", "") if base + suffix in known)
        if base not in known:
            components = " ".join(sorted({path.split("/binary-")[0] for path in known}))
            raise LockError.of(
                "TB2119",
                f"suite {self.codename} has no component {component!r} for {architecture} "
                f"(components: {components or 'none'}; architectures: {' '.join(self.architectures)})",
                hint="name a component and a platform that the suite has",
                where=self.codename,
            )
        return known[base], forms


def signed_text(inrelease: bytes, *, where: str) -> bytes:
    """Insist that a file is one clear-signed message and nothing else (RFC 9580, section 7), and return its body.

    The body is as written, still dash-escaped. Raises IntegrityError TB2110: text outside of the signature is the
    oldest trick.
    """
    head, blank, rest = inrelease.partition(b"\n\n")
    body, found, signature = rest.partition(_SIGNATURE)
    whole = (
        (head + b"\n").startswith(_BEGIN)
        and all(line.startswith(b"Hash: ") for line in head.split(b"\n")[1:])
        and blank
        and found
        and signature.endswith(_END)
        and signature.count(b"-----") == 2
        and not any(line.startswith(b"-----") for line in body.split(b"\n"))
    )
    if not whole:
        raise IntegrityError.of(
            "TB2110",
            f"the InRelease file ({len(inrelease)} bytes, {inrelease[:40]!r}…) is not one clear-signed message",
            hint="use a mirror that serves the archive's InRelease file unchanged",
            where=where,
        )
    return body


def parse_release(text: str, *, where: str) -> Release:
    """The Release file that was signed.

    Raises IntegrityError TB2118 (form), or TB2113 if it names its indexes by weak digests (MD5, SHA-1) only.
    """
    stanza = parse_stanza(text, where=where)
    if "sha256" not in stanza:
        weak = sorted(name for name in stanza if name in {"md5sum", "sha1"})
        raise IntegrityError.of(
            "TB2113",
            f"its indexes are named by {', '.join(weak) or 'no digest'} only, expected SHA256",
            hint="use an archive that publishes SHA-256 digests",
            where=where,
        )
    valid_until = stanza.get("valid-until")
    return Release(
        origin=stanza.get("origin", ""),
        label=stanza.get("label", ""),
        suite=stanza.get("suite", ""),
        codename=stanza.get("codename", ""),
        date=_date(stanza.get("date", ""), "Date", where),
        valid_until=None if valid_until is None else _date(valid_until, "Valid-Until", where),
        architectures=tuple(stanza.get("architectures", "").split()),
        components=tuple(stanza.get("components", "").split()),
        acquire_by_hash=stanza.get("acquire-by-hash") == "yes",
        automatic=stanza.get("notautomatic") != "yes",
        files=_files(stanza, where),
    )


def _files(stanza: Stanza, where: str) -> tuple[IndexFile, ...]:
    found: dict[str, IndexFile] = {}
    for line in stanza["sha256"].split("\n"):
        match = _FILE.fullmatch(line)
        if match is None and line:
            raise _malformed(f"SHA256 has the line {line[:80]!r}", where)
        if match is not None and match[3].endswith(("/Packages", "/Packages.xz", "/Packages.gz")):
            if match[3] in found:
                raise _malformed(f"SHA256 names {match[3]} twice", where)
            found[match[3]] = IndexFile(path=match[3], size=int(match[2]), sha256=Digest(match[1]))
    return tuple(found.values())


def _date(text: str, field: str, where: str) -> datetime:
    """RFC 2822 in UTC, as the format demands; without strptime, whose month names follow the locale."""
    match = _DATE.fullmatch(text)
    try:
        if match is not None:
            day, month, *rest = match.groups()
            year, hour, minute, second = map(int, rest)
            return datetime(year, _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        pass
    raise _malformed(f"{field} is {text[:60]!r}, expected a time like 'Sat, 21 Nov 2026 09:15:44 UTC'", where)


def _malformed(what: str, where: str) -> IntegrityError:
    return IntegrityError.of("TB2118", what, hint="use a mirror that serves the archive unchanged", where=where)


def check_release(release: Release, *, suite: str, now: datetime, where: str, system: str = "") -> None:
    """Insist that a Release file is the one asked for and that its time is now.

    ``suite`` is the code name asked for, which decides Debian's Origin and Label too; ``now`` is the time by which it
    is judged. Of another ``system``, a pocket has its release's code name and its own name as Suite, and the keys alone
    decide whose it is. Raises IntegrityError with all of TB2114 (another suite), TB2115 (another origin or
    label), TB2116 (of the future) and TB2117 (expired) that apply.
    """
    found = []
    if suite != (_pocket(release) if system else release.codename):
        of = f"{release.codename!r} (which it also calls {release.suite!r})"
        found.append(
            ("TB2114", f"the Release file is that of {of}, expected {suite!r}", "name the suite by its code name")
        )
    identity = (release.origin, release.label)
    if not system and identity != _identity(suite):
        message = f"Origin and Label are {identity!r}, expected {_identity(suite)!r}"
        found.append(("TB2115", message, "use a mirror of Debian"))
    if release.date > now + _SKEW:
        found.append(("TB2116", f"dated {release.date_text}, which is after {_text(now)}", _ANEW))
    if release.valid_until is not None and release.valid_until < now:
        found.append(("TB2117", f"expired at {_text(release.valid_until)}, judged at {_text(now)}", _ANEW))
    if found:
        location = Location(subject=where)
        raise IntegrityError(tuple(Finding(code=c, message=m, hint=h, where=location) for c, m, h in found))


def _pocket(release: Release) -> str:
    """The name of a suite of Ubuntu: ``noble-updates`` is a pocket of ``noble``, whose code name it states."""
    return release.suite if release.suite.startswith(f"{release.codename}-") else release.codename


def _identity(suite: str) -> tuple[str, str]:
    """Origin and Label of a suite's Release file."""
    if suite.endswith("-security"):
        return "Debian", "Debian-Security"
    return ("Debian Backports", "Debian Backports") if suite.endswith("-backports") else ("Debian", "Debian")


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
