"""``services`` and ``secrets``: what the service asks, and where its secrets are kept."""

import re
from typing import Literal, Self

from pydantic import model_validator

from twinbuild.model.spec.base import Objections, Section
from twinbuild.model.spec.references import Address
from twinbuild.model.spec.values import Duration, Line, Name, refuse_path

__all__ = ["Authentication", "Secret", "Service"]


class Authentication(Section):
    """How a service is convinced."""

    secret: Name
    """Name of an entry of `secrets`."""


class Service(Section):
    """Another service that this one asks."""

    name: Name
    """Name of the service."""
    endpoint: Address
    """Address of the service, without credentials."""
    purpose: Line
    """What it is asked for."""
    authentication: Authentication | None = None
    """How it is convinced."""
    timeout: Duration = "5s"
    """Time to answer."""
    fallback: Line | None = None
    """What happens where it does not answer."""
    required: bool = True
    """Whether the service cannot start without it."""


_REFERENCES = {
    "env": (r"[A-Z_][A-Z0-9_]{0,127}", "the name of an environment variable, such as DATABASE_PASSWORD"),
    "file": (r"/.+", "an absolute path, such as /run/secrets/database"),
    "vault": (r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*#[A-Za-z0-9._-]+", "PATH#KEY, such as risk/scorer#database"),
    "kubernetes": (r"[a-z0-9][a-z0-9.-]{0,252}/[A-Za-z0-9._-]{1,253}", "SECRET/KEY, such as scorer/database"),
}


class Secret(Section):
    """Where a secret is kept; never the secret itself."""

    name: Name
    """Name of the secret."""
    provider: Literal["env", "file", "vault", "kubernetes"]
    """What keeps it."""
    reference: Line
    """Where the provider has it: a variable, an absolute path, PATH#KEY, or SECRET/KEY."""
    purpose: Line
    """What it is for."""
    rotation: Duration | None = None
    """How often it changes."""

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        pattern, expected = _REFERENCES[self.provider]
        path = self.reference.partition("#")[0].removeprefix("/" if self.provider == "file" else "")
        if not re.fullmatch(pattern, self.reference, re.ASCII) or refuse_path(path):
            objections = Objections()
            message = f"the reference of secret {self.name!r} does not suit the provider {self.provider}"
            objections.add("TB1118", message, f"write {expected}", "reference")
            objections.settle()
        return self
