"""``serving``: how the service is started and watched."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.paths import AbsolutePath
from twinbuild.model.spec.tables import EnvironmentTable
from twinbuild.model.spec.values import Duration, Name, Port, objection

__all__ = [
    "Health",
    "HttpPath",
    "NamedPort",
    "Probe",
    "Serving",
    "User",
]

_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)
_HTTP_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,2000}", re.ASCII)


def _check_account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "use 1 to 32 lower-case letters, digits, '_' and '-'")
    if text in ("root", "nobody", "daemon", "bin", "sys"):
        raise objection("TB1116", f"the account {text!r} is the system's own", "choose another name, such as app")
    return text


def _check_http_path(text: str) -> str:
    if not _HTTP_PATH.fullmatch(text):
        raise objection("TB1104", f"got {text[:120]!r}", "write a path of the service, such as /healthz")
    return text


def _check_argument(text: str) -> str:
    if "\0" in text or len(text) > 4096:
        raise objection("TB1104", "an argument has a NUL or more than 4096 characters", "shorten it")
    return text


HttpPath = Annotated[str, AfterValidator(_check_http_path)]
Argument = Annotated[str, AfterValidator(_check_argument)]


class NamedPort(Section):
    """A port on which the service listens."""

    name: Name
    """Name of the port."""
    port: Port
    """Number of the port."""


class User(Section):
    """The account that the service runs as; never root."""

    name: Annotated[str, AfterValidator(_check_account)] = "app"
    """Name of the account."""
    uid: int = Field(default=10001, ge=1000, le=2_000_000_000)
    """Number of the user."""
    gid: int = Field(default=10001, ge=1000, le=2_000_000_000)
    """Number of the group."""
    home: AbsolutePath = "/home/app"
    """Home directory."""


class Probe(Section):
    """A question whose answer says how the service is."""

    path: HttpPath
    """Path that answers 200 where all is well."""
    port: Port
    """Port on which it is asked."""
    initial_delay: Duration | None = None
    """Time before the first question."""
    period: Duration = "10s"
    """Time between two questions."""
    timeout: Duration = "1s"
    """Time to answer."""
    failures: int = Field(default=3, ge=1, le=100)
    """Failures in a row that count."""


class Health(Section):
    """Health checks."""

    liveness: Probe | None = None
    """Whether the process must be started anew."""
    readiness: Probe | None = None
    """Whether it may get requests."""
    startup: Probe | None = None
    """Whether it has started."""


class Serving(Section):
    """How the service is started and watched."""

    command: Several[Argument] = Field(min_length=1)
    """Program and arguments; no shell reads them."""
    ports: Several[NamedPort] = ()
    """Ports on which it listens."""
    user: User = Field(default_factory=User)
    """Account that it runs as."""
    environment: EnvironmentTable = Field(default_factory=FrozenMapping)
    """Environment variables."""
    health: Health = Field(default_factory=Health)
    """Health checks."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if not self.command[0].strip():
            objections.add("TB1126", "the program of 'command' is empty", "name the program to start", "command", 0)
        objections.repeated("port", (port.name for port in self.ports), "ports", key="name")
        objections.repeated("port", (str(port.port) for port in self.ports), "ports", key="port")
        known = {port.port for port in self.ports}
        for name in ("liveness", "readiness", "startup"):
            probe: Probe | None = getattr(self.health, name)
            if probe is not None and probe.port not in known:
                objections.add(
                    "TB1117",
                    f"health.{name} asks port {probe.port}, which serving.ports lacks",
                    "add the port to serving.ports, or ask one that is there",
                    *("health", name, "port"),
                )
        objections.settle()
        return self
