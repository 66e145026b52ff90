"""``services`` and ``secrets``: what the service asks, and where its secrets are kept."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.spec.base import Objections, Section
from twinbuild.model.spec.paths import refuse_path
from twinbuild.model.spec.references import Address
from twinbuild.model.spec.secretreferences import REMOTE, objection_to
from twinbuild.model.spec.tables import EnvironmentName, check_variable
from twinbuild.model.spec.tests import Tests
from twinbuild.model.spec.values import Duration, Line, Name, duration_seconds, objection

__all__ = ["Authentication", "Secret", "Service", "check_services"]


def _check_header(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", text, re.ASCII):
        raise objection("TB1179", f"{text[:80]!r} is no name of a header", "use letters, digits and '-': X-API-Key")
    return text


class Authentication(Section):
    """How a service is convinced."""

    scheme: Literal["bearer", "basic", "header", "mtls"]
    """How the secret is shown: a bearer token (RFC 6750), Basic (RFC 7617: USER:PASSWORD), a header of its own, or a
    client certificate with its key (RFC 8446)."""
    secret: Name
    """Name of an entry of `secrets`."""
    header: Annotated[str, AfterValidator(_check_header)] | None = None
    """Name of the header, for the scheme `header`: X-API-Key."""

    @model_validator(mode="after")
    def _headed(self) -> Self:
        objections = Objections()
        if (self.scheme == "header") != (self.header is not None):
            message = f"the scheme {self.scheme} has {'no' if self.header is None else 'a'} name of a header"
            hint = "name it: header: X-API-Key" if self.header is None else "leave it out, or write scheme: header"
            objections.add("TB1179", message, hint, "scheme" if self.header is None else "header")
        objections.settle()
        return self


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
    environment: EnvironmentName | None = None
    """Environment variable that holds its address."""
    timeout: Duration = "5s"
    """Time to answer."""
    retries: int = Field(default=0, ge=0, le=10)
    """How often it is asked again where it does not answer."""
    fallback: Line | None = None
    """What happens where it does not answer; a golden test with `fallback` shows that it does. Without one, it must
    answer."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        objections = Objections()
        if self.fallback is not None and self.environment is None:
            message = f"the fallback of service {self.name!r} can't be tried: nothing says where its address is read"
            objections.add("TB1178", message, "name the variable: environment: FEATURES_URL", "fallback")
        if duration_seconds(self.timeout) == 0:
            objections.add("TB1178", f"service {self.name!r} has no time to answer", "allow some", "timeout")
        objections.settle()
        return self


def check_services(services: tuple[Service, ...], tests: Tests, taken: dict[str, str], objections: Objections) -> None:
    """Object to fallbacks that no golden test tries, and to variables that something else sets (``taken``: by whom)."""
    known = {service.name: service for service in services}
    tried = {golden.fallback for golden in tests.golden}
    for index, golden in enumerate(tests.golden):
        if golden.fallback is not None and (golden.fallback not in known or not known[golden.fallback].fallback):
            message = f"golden test {golden.name!r} tries the fallback of {golden.fallback!r}, which is not there"
            hint = "name an entry of 'services' that has a fallback"
            objections.add("TB1117", message, hint, "tests", "golden", index, "fallback")
    for index, service in enumerate(services):
        if service.fallback is not None and service.environment is not None and service.name not in tried:
            message = f"the fallback of service {service.name!r} is tried by no golden test"
            hint = f"mark one that must pass without it: fallback: {service.name}"
            objections.add("TB1178", message, hint, "services", index, "fallback")
        if service.environment is not None:
            owner = taken.setdefault(service.environment, f"service {service.name!r}")
            if owner != f"service {service.name!r}":
                message = f"the variable {service.environment} is set by {owner} and by service {service.name!r}"
                objections.add("TB1115", message, "rename one of them", "services", index, "environment")


def check_secrets(secrets: tuple["Secret", ...], taken: dict[str, str], objections: Objections) -> None:
    """Object to secrets in variables that are the system's, another secret's, or set in the open.

    ``taken`` says by whom, and gets those of the secrets.
    """
    for index, secret in enumerate(secrets):
        variable = secret.variable
        if variable is None:
            continue
        at = ("secrets", index, "reference" if secret.provider == "env" else "name")
        if problem := check_variable(variable):
            context = problem.context or {}
            objections.add("TB1112", str(context.get("message", problem)), "keep it in another variable", *at)
        if variable in taken:
            message = f"the variable {variable} of secret {secret.name!r} is set by {taken[variable]}, too"
            objections.add("TB1115", message, "take one of them out, or rename it", *at)
        taken.setdefault(variable, f"secret {secret.name!r}")


def secret_variable(name: str) -> str:
    """The environment variable that carries a secret which Kubernetes keeps: feature-token → FEATURE_TOKEN."""
    variable = name.upper().replace("-", "_")
    return f"_{variable}" if variable[:1].isdigit() else variable


_WITH_PATHS = ("file", "vault", "kubernetes", "env")
_STORE = re.compile(r"(cluster/)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)


def _check_store(text: str) -> str:
    if not _STORE.fullmatch(text):
        message = f"{text[:80]!r} is no name of a store"
        raise objection("TB1118", message, "write the name of a SecretStore, or cluster/NAME of a ClusterSecretStore")
    return text


def _is_none(value: object) -> bool:
    """Whether a field is not stated: then nothing that is made of a spec's value knows of it."""
    return value is None


class Secret(Section):
    """Where a secret is kept; never the secret itself."""

    name: Name
    """Name of the secret."""
    provider: Literal["env", "file", "vault", "kubernetes", "aws", "gcp", "azure"]
    """What keeps it: the environment, a file, Vault, Kubernetes, or a cloud's AWS Secrets Manager, Google Secret
    Manager, Azure Key Vault."""
    reference: Line
    """Where the provider has it: a variable, an absolute path, PATH#KEY, SECRET/KEY; an ARN, a resource name
    (projects/PROJECT/secrets/NAME/versions/N), an identifier (https://VAULT.vault.azure.net/secrets/NAME). `#KEY`
    behind these three is one value of a secret that is JSON."""
    store: Annotated[str, AfterValidator(_check_store)] | None = Field(default=None, exclude_if=_is_none)
    """Store of External Secrets by which a cluster brings it into the service's variable: the name of a SecretStore, or
    cluster/NAME of a ClusterSecretStore. Without one the service asks for it itself."""
    purpose: Line
    """What it is for."""
    rotation: Duration | None = None
    """How often it changes."""

    @property
    def variable(self) -> str | None:
        """The environment variable that holds it where the service runs; None for one that is no variable."""
        if self.provider == "env":
            return self.reference
        return secret_variable(self.name) if self.provider == "kubernetes" or self.store is not None else None

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        objections = Objections()
        path = self.reference.partition("#")[0] if self.provider == "vault" else self.reference
        path = path.removeprefix("/") if self.provider == "file" else path
        expected = objection_to(self.provider, self.reference)
        if expected or (self.provider in _WITH_PATHS and refuse_path(path)):
            message = f"the reference of secret {self.name!r} does not suit the provider {self.provider}"
            hint = f"write {expected or 'it without ..'}"
            objections.add("TB1118", message, hint, "reference")
        if self.store is not None and self.provider not in REMOTE:
            message = f"External Secrets asks no store for secret {self.name!r}, which the provider {self.provider} has"
            objections.add("TB1118", message, "leave the store out", "store")
        objections.settle()
        return self
