"""How each keeper of secrets names one: the forms of references, and what External Secrets is told of them.

Clouds have names of their own for a secret, which say where it is: an ARN, a resource name, an address. They are taken
as they are, and with ``#KEY`` one value of a secret that is JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["REMOTE", "RemoteReference", "objection_to", "remote_reference"]

_KEY: Final = r"(?:#(?P<property>[A-Za-z0-9._-]{1,253}))?"
_AWS: Final = (
    r"(?P<key>arn:aws(?:-cn|-us-gov)?:secretsmanager:[a-z]{2}(?:-[a-z]{2,16}){1,3}-[0-9]{1,2}:[0-9]{12}"
    r":secret:[A-Za-z0-9/_+=.@-]{1,512})"
)
_PROJECT: Final = r"(?:[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{6,20})"
_GCP: Final = (
    rf"projects/{_PROJECT}/secrets/(?P<key>[A-Za-z0-9_-]{{1,255}})/versions/(?P<version>latest|[1-9][0-9]{{0,9}})"
)
_AZURE: Final = (
    r"https://[A-Za-z](?:[A-Za-z0-9]|-(?!-)){1,22}[A-Za-z0-9]\.vault\.(?:azure\.net|azure\.cn|usgovcloudapi\.net)"
    r"/secrets/(?P<key>[A-Za-z0-9-]{1,127})(?:/(?P<version>[0-9a-f]{32}))?"
)
_FORMS: Final = {
    "env": (r"[A-Z_][A-Z0-9_]{0,127}", "the name of an environment variable, such as DATABASE_PASSWORD"),
    "file": (r"/.+", "an absolute path, such as /run/secrets/database"),
    "vault": (
        r"(?P<key>[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)#(?P<property>[A-Za-z0-9._-]+)",
        "PATH#KEY, such as risk/scorer#database",
    ),
    "kubernetes": (r"[a-z0-9][a-z0-9.-]{0,252}/[A-Za-z0-9._-]{1,253}", "SECRET/KEY, such as scorer/database"),
    "aws": (
        _AWS + _KEY,
        "the ARN, such as arn:aws:secretsmanager:eu-central-1:111122223333:secret:scorer-a1B2c3#token",
    ),
    "gcp": (_GCP + _KEY, "the resource name, such as projects/risk-prod/secrets/scorer/versions/3"),
    "azure": (_AZURE + _KEY, "the identifier, such as https://risk.vault.azure.net/secrets/scorer"),
}
REMOTE: Final = frozenset({"vault", "aws", "gcp", "azure"})
"""Providers that External Secrets asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteReference:
    """``remoteRef`` of an ExternalSecret: the secret's name at its provider, a value of it, a version; "" for none."""

    key: str
    property: str = ""
    version: str = ""


def objection_to(provider: str, reference: str) -> str:
    """What a provider's reference would look like; "" for one that does."""
    form, expected = _FORMS[provider]
    return "" if re.fullmatch(form, reference, re.ASCII) else expected


def remote_reference(provider: str, reference: str) -> RemoteReference:
    """A sound reference of a provider of ``REMOTE`` as External Secrets takes it.

    Its stores say in which account, project or vault a secret is: the reference's own must be the same.
    """
    match = re.fullmatch(_FORMS[provider][0], reference, re.ASCII)
    assert match is not None, "the spec was checked"
    found = match.groupdict()
    key = f"secret/{found['key']}" if provider == "azure" else found["key"]
    version = found.get("version") or ""
    return RemoteReference(key=key, property=found["property"] or "", version="" if version == "latest" else version)
