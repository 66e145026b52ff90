"""What a service is told that is tried, shadowed or measured: what its deployment would tell it, as far as it can be.

There is one such function, so that a service which starts for one of them starts for all. Secrets have stand-ins, for
they are nowhere near. Addresses of other services lead to the loopback where their fallback can be tried, where
somebody or nobody listens. Traces are sent only where they are received: in a trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from twinbuild.deploy.observability.environment import identity_environment
from twinbuild.errors import UsageError
from twinbuild.model.plan import Derivation
from twinbuild.model.spec.environment import Resources
from twinbuild.model.spec.external import Secret, Service
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.serving import Serving
from twinbuild.pipeline.run.trying import STAND_IN, Told, bounds_of
from twinbuild.pipeline.trial.fallbacks import service_environment

__all__ = ["told_by_manifest", "told_by_spec"]

_IN_MEMORY = ("/tmp/", "/dev/", "/proc/", "/sys/")  # noqa: S108  of the sandbox, which has its own there


def told_by_spec(
    spec: ReleaseSpec, derivation: Derivation, *also: tuple[str, str], watched: tuple[tuple[str, str], ...]
) -> Told:
    """Of a spec's image: ``watched`` says which release it is and where traces go; ``also`` is over all others."""
    variant = next(each for each in spec.environment.variants if each.name == derivation.variant)
    values = spec.configuration.values("")
    set_here = dict(also)
    shared = [
        set_here.get(knob.variable or "", str(values[knob.name]))
        for knob in spec.configuration.parameters
        if knob.kind == "shared_memory"
    ]
    found = _told(
        spec.secrets,
        spec.services,
        spec.serving,
        spec.environment.resources_of(variant),
        shared=shared[0] if shared else "",
    )
    return Told(environment=(*found.environment, *watched, *also), secrets=found.secrets, bounds=found.bounds)


def told_by_manifest(
    document: Mapping[str, Any], serving: Serving, *, variant: str, image: str, release: str, where: str
) -> Told:
    """Of a release's image, by the release manifest. Raises UsageError TB7303 for sections that cannot be read."""
    environment = document["environment"]
    stated = next((each.get("resources") for each in environment["variants"] if each["name"] == variant), None)
    knobs = document.get("configuration", {}).get("parameters", ())
    shared = [str(knob["default"]) for knob in knobs if knob.get("kind") == "shared_memory"]
    try:
        found = _told(
            tuple(Secret.model_validate(each) for each in document.get("secrets", ())),
            tuple(_service(each) for each in document.get("services", ())),
            serving,
            Resources.model_validate(stated or environment.get("resources", {})),
            shared=shared[0] if shared else "",
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = f"what its service is to be told cannot be read: {'/'.join(map(str, first['loc']))}: {first['msg']}"
        raise UsageError.of("TB7303", message, hint="release it again", where=where) from None
    told = (*found.environment, *identity_environment(image=image, release=release))
    return Told(environment=told, secrets=found.secrets, bounds=found.bounds)


def _service(stated: Mapping[str, Any]) -> Service:
    """What a trial needs of a service; manifests of other versions say more or less of the rest."""
    needed = ("name", "endpoint", "purpose", "environment", "fallback")
    return Service.model_validate({key: stated[key] for key in needed if key in stated})


def _told(
    secrets: tuple[Secret, ...], services: tuple[Service, ...], serving: Serving, resources: Resources, *, shared: str
) -> Told:
    named = [secret.variable for secret in secrets if secret.variable is not None]
    files = [
        secret.reference
        for secret in secrets
        if secret.provider == "file" and not secret.reference.startswith(_IN_MEMORY)
    ]
    return Told(
        environment=(*((name, STAND_IN) for name in named), *service_environment(services, serving)),
        secrets=tuple(dict.fromkeys(files)),
        bounds=bounds_of(resources, shared=shared),
    )
