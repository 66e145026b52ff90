"""Keyrings as apt reads them (apt-secure(8)): files of one or more OpenPGP certificates, binary or armoured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from twinbuild.errors import IntegrityError, LockError

if TYPE_CHECKING:
    from pysequoia import Cert

__all__ = ["KEYRING_LIMIT", "read_keyrings"]

KEYRING_LIMIT: Final = 1 << 20  # bytes; Debian's has 55 kB with nine certificates
_MOST: Final = 100  # certificates of all keyrings


def read_keyrings(keyrings: Iterable[tuple[str, bytes]], *, subject: str) -> tuple[Cert, ...]:
    """The certificates of keyrings, given as path and bytes, in their order, each once.

    ``subject`` names the image that has them. Raises IntegrityError TB2291 for a file that isn't a keyring from its
    first byte to its last, or is too large; LockError TB2290 if there is no certificate at all.
    """
    from pysequoia import Cert

    found: dict[str, Cert] = {}
    paths = []
    for path, content in keyrings:
        paths.append(f"/{path}")
        where = f"{subject}!{path}"
        if len(content) > KEYRING_LIMIT:
            raise _unreadable(f"more than {KEYRING_LIMIT} bytes", where)
        try:
            certificates = Cert.split_bytes(content) if content else []
        except RuntimeError as error:  # of its text the first line counts; the rest is a trace of the library's
            raise _unreadable(str(error).partition("\n")[0] or "not OpenPGP", where) from None
        for certificate in certificates:
            found.setdefault(certificate.fingerprint, certificate)
    if len(found) > _MOST:
        raise _unreadable(f"{len(found)} certificates in all keyrings, at most {_MOST} are read", subject)
    if not found:
        raise LockError.of(
            "TB2290",
            "the base's apt has no key, so nobody can vouch for packages to be added: "
            f"{'nothing in ' + ', '.join(paths) if paths else 'no keyring was found'}",
            hint="name a base with the keyring of its system's archive, which apt itself would need "
            "(/usr/share/keyrings/ubuntu-archive-keyring.gpg on Ubuntu)",
            where=subject,
        )
    return tuple(found.values())


def _unreadable(what: str, where: str) -> IntegrityError:
    return IntegrityError.of(
        "TB2291",
        f"a keyring of the base's apt cannot be used: {what}",
        hint="do not use the image; report it to whoever made it",
        where=where,
    )
