"""Debian's archive keys, which come with this package: who may sign which archive, and the check of a signature.

The files in ``keys/`` are the public keys of the package debian-archive-keyring (Debian 12 and 13), without the
signatures of third parties. They are trusted by this table, not by lying there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from twinbuild.debian.release import signed_text
from twinbuild.errors import IntegrityError, InternalError

if TYPE_CHECKING:
    from pysequoia import Cert

__all__ = ["KEYS", "ArchiveKey", "certificates", "verify_inrelease"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveKey:
    """A key: the fingerprint of its primary key in upper-case hex, its file, and the archives that it may sign."""

    fingerprint: str
    file: str
    archives: tuple[str, ...]
    description: str


KEYS: Final = (
    ArchiveKey(
        fingerprint="B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8",
        file="debian-archive-bookworm-automatic.asc",
        archives=("debian",),
        description="Debian Archive Automatic Signing Key (12/bookworm)",
    ),
    ArchiveKey(
        fingerprint="04B54C3CDCA79751B16BC6B5225629DF75B188BD",
        file="debian-archive-trixie-automatic.asc",
        archives=("debian",),
        description="Debian Archive Automatic Signing Key (13/trixie)",
    ),
    ArchiveKey(
        fingerprint="4D64FEC119C2029067D6E791F8D2585B8783D481",
        file="debian-archive-bookworm-stable.asc",
        archives=("debian",),
        description="Debian Stable Release Key (12/bookworm)",
    ),
    ArchiveKey(
        fingerprint="41587F7DB8C774BCCF131416762F67A0B2C39DE4",
        file="debian-archive-trixie-stable.asc",
        archives=("debian",),
        description="Debian Stable Release Key (13/trixie)",
    ),
    ArchiveKey(
        fingerprint="05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0",
        file="debian-archive-bookworm-security-automatic.asc",
        archives=("debian-security",),
        description="Debian Security Archive Automatic Signing Key (12/bookworm)",
    ),
    ArchiveKey(
        fingerprint="5E04A1E3223A19A20706E20F9904613D4CCE68C6",
        file="debian-archive-trixie-security-automatic.asc",
        archives=("debian-security",),
        description="Debian Security Archive Automatic Signing Key (13/trixie)",
    ),
)


@cache
def _certificate(key: ArchiveKey) -> Cert:
    from pysequoia import Cert

    content = (resources.files("twinbuild.resolve") / "keys" / key.file).read_bytes()
    certificate = Cert.from_bytes(content)
    if certificate.fingerprint.upper() != key.fingerprint:
        raise InternalError.of(
            "TB2199",
            f"{key.file} holds the key {certificate.fingerprint.upper()}, expected {key.fingerprint}",
            hint="install twinbuild anew",
        )
    return certificate


def certificates(archive: str) -> tuple[Cert, ...]:
    """The certificates of the keys that may sign an archive, in the table's order."""
    return tuple(_certificate(key) for key in KEYS if archive in key.archives)


def verify_inrelease(
    inrelease: bytes, trusted: tuple[Cert, ...], *, now: datetime, where: str, holder: str = ""
) -> tuple[str, str]:
    """The text that was signed, and the fingerprint (upper-case hex) of the first trusted key that signed it.

    The text is the one that the verification itself returns, so nothing unsigned can be read. One good signature by
    a trusted key that is neither revoked nor expired at ``now`` suffices (apt asks for no more); the library judges
    by this machine's clock as well, and refuses weak digests such as SHA-1 within a signature. ``holder`` is the base
    image whose keys are trusted, "" where they are Debian's.

    Raises IntegrityError TB2110 (not one clear-signed message), TB2111 or TB2292 (no good signature by one of
    Debian's or the base's), TB2112 (key expired or revoked), TB2118 (the text isn't UTF-8).
    """
    from pysequoia import verify

    signed_text(inrelease, where=where)
    named: list[str] = []

    def store(issuers: list[str]) -> list[Cert]:
        named.extend(issuer.upper() for issuer in issuers)
        return list(trusted)

    try:
        verified = verify(bytes=inrelease, store=store)
    except RuntimeError as error:  # its text is a trace of the library's
        raise _unsigned(str(error), named, trusted, where, now=now, holder=holder) from None
    good = {signature.certificate for signature in verified.valid_sigs}
    signers = [certificate for certificate in trusted if certificate.fingerprint in good]
    living = [certificate for certificate in signers if _dead(certificate, now) is None]
    if not living or verified.bytes is None:
        raise _unsigned("", named, tuple(signers), where, now=now, holder=holder)
    try:
        return verified.bytes.decode(), living[0].fingerprint.upper()
    except UnicodeDecodeError as error:
        raise IntegrityError.of(
            "TB2118",
            f"not UTF-8 at byte {error.start}",
            hint="use a mirror that serves the archive unchanged",
            where=where,
        ) from error


def _dead(certificate: Cert, now: datetime) -> str | None:
    """Why a key is of no use at that time, or None."""
    if certificate.is_revoked:
        return f"{certificate.fingerprint.upper()} was revoked"
    try:
        expiration = certificate.expiration
    except RuntimeError:  # as of Ubuntu's key of 2012, which keyrings still hold
        return f"{certificate.fingerprint.upper()} vouches for itself by a digest that no longer counts (SHA-1)"
    if expiration is not None and expiration <= now:
        return f"{certificate.fingerprint.upper()} expired on {expiration:%Y-%m-%d}"
    return None


def _unsigned(
    reason: str, named: list[str], trusted: tuple[Cert, ...], where: str, *, now: datetime, holder: str
) -> IntegrityError:
    """The finding for a file without a good signature; ``reason`` is the library's, of which the first line counts."""
    dead = [fault for certificate in trusted if (fault := _dead(certificate, now))]
    newer = "name a newer base" if holder else "install a newer twinbuild"
    if dead and (not holder or len(dead) == len(trusted)):  # a base keeps old keys beside those in use
        return IntegrityError.of(
            "TB2112",
            f"the signing key {'; '.join(dead)}",
            hint=f"look at this machine's clock, or {newer}, which has newer keys",
            where=where,
        )
    first = reason.partition("\n")[0]
    by = ", ".join(named) or "no key"
    if holder:
        keys = ", ".join(dead + [each.fingerprint.upper() for each in trusted if _dead(each, now) is None])
        return IntegrityError.of(
            "TB2292",
            f"signed by {by}, but by no key that the base's apt has for it: {keys}{f' ({first})' if first else ''}",
            hint="use a mirror that serves the archive of the base's system unchanged, or a newer base if the archive "
            "has a new key",
            where=where,
        )
    return IntegrityError.of(
        "TB2111",
        f"signed by {by}, but by none of Debian's archive keys for it{f' ({first})' if first else ''}",
        hint="use a mirror that serves Debian's archive unchanged; `twinbuild explain TB2111` lists the keys",
        where=where,
    )
