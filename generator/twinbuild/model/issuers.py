"""Issuers of OpenID Connect tokens that an organisation trusts, and whose a token is by what it claims.

Times are in seconds since 1970 (UTC). An issuer's keys are pinned: nobody asks the network for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twinbuild.model.validity import Validity

__all__ = ["Algorithm", "Identity", "Issuer", "IssuerKey"]

Algorithm = Literal["RS256", "ES256", "EdDSA"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey(Validity):
    """A public key (``pem``) of an issuer, by its ``kid`` (RFC 7517, 4.5), for one algorithm (RFC 7518, RFC 8037)."""

    kid: str
    algorithm: Algorithm
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer(Validity):
    """Who issues tokens: ``url`` is their ``iss``, ``audience`` what their ``aud`` begins with; ``keys`` by ``kid``."""

    name: str
    url: str
    audience: str
    keys: tuple[IssuerKey, ...]

    def key(self, kid: str) -> IssuerKey | None:
        """The key of a ``kid``."""
        return next((each for each in self.keys if each.kid == kid), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(Validity):
    """Whose tokens of an issuer are that have these claims (name and text, sorted); ``keyid`` is as a key has one."""

    keyid: str
    who: str
    issuer: str
    claims: tuple[tuple[str, str], ...]
