"""What a release manifest says of the environment variables that its service sees: values, and names alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.observability.environment import IMAGE, RELEASE
from twinbuild.deploy.parity.difference import object_at, text_of
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.model.knobs import written
from twinbuild.model.spec.external import secret_variable
from twinbuild.model.spec.knob import variable_name

__all__ = ["Variables", "declared_variables", "usual"]

# Names of variables that shells, engines and orchestrators set, and that an image of ours has by itself. Kubernetes
# sets more for each Service, but not in our pods (enableServiceLinks: false), and DATABASE_PORT may be anybody's.
_USUAL: Final = re.compile(
    r"PATH|HOME|HOSTNAME|PWD|OLDPWD|SHLVL|TERM|_|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|container|VIRTUAL_ENV"
    r"|PYTHONDONTWRITEBYTECODE|PYTHONUNBUFFERED|K_(SERVICE|REVISION|CONFIGURATION)"
    r"|KUBERNETES_(SERVICE_(HOST|PORT(_HTTPS)?)|PORT(_[0-9]+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """Variables that a release knows.

    ``values``: those that must be set, with their values. ``where_set``: values of those that only a deployment sets.
    ``secrets``: those that must be set, to what no document says. ``names``: those that may be set to anything.
    """

    values: Mapping[str, str]
    where_set: Mapping[str, str]
    secrets: frozenset[str]
    names: frozenset[str]

    @property
    def known(self) -> frozenset[str]:
        """Every name."""
        return frozenset({*self.values, *self.where_set, *self.secrets, *self.names})

    @property
    def shown(self) -> list[str]:
        """Those whose values are compared, sorted; no secret is one of them."""
        return sorted({*self.values, *self.where_set} - self.secrets)


def usual(name: str) -> bool:
    """Whether shells, engines or orchestrators set a variable of that name."""
    return _USUAL.fullmatch(name) is not None


def declared_variables(document: Mapping[str, Json]) -> Variables:
    """The variables of a release manifest of any version."""
    whole = dict(document)
    found = {name: text_of(value) for name, value in object_at(whole, "serving", "environment").items()}
    for knob in entries_of(object_at(whole, "configuration").get("parameters")):
        name = knob.get("environment")
        if name is None and "kind" in knob and knob["kind"] != "hyperparameter":  # version 1 set no such variable
            name = variable_name(text_of(knob.get("name")))
        if isinstance(name, str):
            found[name] = written(knob.get("default"))
    for service in entries_of(whole.get("services")):
        if isinstance(service.get("environment"), str):
            found[text_of(service["environment"])] = text_of(service.get("endpoint"))
    secrets = set()
    for secret in entries_of(whole.get("secrets")):
        if secret.get("provider") == "env":
            secrets.add(text_of(secret.get("reference")))
        elif secret.get("provider") == "kubernetes" or "store" in secret:
            secrets.add(secret_variable(text_of(secret.get("name"))))
    where_set, names = _traced(whole)
    return Variables(
        values=dict(sorted(found.items())),
        where_set=where_set,
        secrets=frozenset(secrets),
        names=frozenset({IMAGE, RELEASE, *names}),
    )


def _traced(whole: dict[str, Json]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What `deploy.observability` tells OpenTelemetry's SDKs; where traces go is the deployment's own."""
    tracing = object_at(whole, "observability", "tracing")
    if tracing.get("enabled") is not True or tracing.get("exporter") != "otlp":
        return {}, ()
    ratio = tracing.get("sample_ratio")
    values = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": text_of(object_at(whole, "metadata").get("name")),
        "OTEL_TRACES_SAMPLER": "traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": repr(float(ratio)) if isinstance(ratio, (int, float)) else "",
    }
    return values, ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_RESOURCE_ATTRIBUTES")
