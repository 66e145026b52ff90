"""Conventions of names and versions: what a spec may say by its format, and a team would rather not find in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from packaging.version import InvalidVersion, Version

from twinbuild.codec.spec import LoadedSpec
from twinbuild.errors import Finding
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["RULES", "Conventions", "breaches"]

RULES: Final[dict[str, str]] = {
    "TB7620": "the release's version is of the chosen scheme",
    "TB7621": "the model's version is of the chosen scheme",
    "TB7622": "a repository is called as the release is",
    "TB7623": "a variant is called after its accelerator",
    "TB7624": "a knob and its environment variable have the same name",
    "TB7625": "a counter ends in _total, and a unit of time or size is a base unit",
    "TB7626": "the release says what it is for",
    "TB7627": "the changelog has the version",
    "TB7628": "the service is told the model's version",
    "TB7629": "log lines say of which image and release they are",
}
# semver.org, "Is there a suggested regular expression"; without the groups.
_SEMVER: Final = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
_DERIVED: Final = re.compile(r"_(milliseconds|ms|microseconds|minutes|hours|kilobytes|kib|mib|gib|megabytes)(_|$)")
_EXPECTED: Final = {
    "semver": "MAJOR.MINOR.PATCH, such as 1.4.0 (semver.org)",
    "pep440": "a version of PEP 440, such as 1.4.0 or 2026.11",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """Those of a team: the scheme of versions, rules that do not count, the changelog ("" for none)."""

    versions: Literal["semver", "pep440", "any"] = "semver"
    ignore: frozenset[str] = frozenset()
    changelog: str = ""


def breaches(loaded: LoadedSpec, conventions: Conventions, *, changelog: str | None = None) -> tuple[Finding, ...]:
    """Every place where a spec breaks a rule. ``changelog`` is the text of the changelog, where one is kept."""
    spec = loaded.spec
    found = [*_versions(spec, conventions.versions), *_names(spec), *_metrics(spec), *_identity(spec)]
    told = spec.serving.environment.get("MODEL_VERSION", spec.model.version)
    if told != spec.model.version:
        message = f"the service is told that its model is {told[:80]!r}, and model.version is {spec.model.version!r}"
        hint = "write one version; in a project of a family: `twinbuild family update --set model_version=VERSION`"
        found.append(("TB7628", message, hint, ("serving", "environment", "MODEL_VERSION")))
    if spec.metadata.description is None:
        found.append(("TB7626", "it has no description", "say it in metadata.description", ("metadata", "name")))
    if changelog is not None and not re.search(rf"(?<![\w.]){re.escape(spec.metadata.version)}(?![\w.])", changelog):
        message = f"{conventions.changelog} does not name the version {spec.metadata.version}"
        found.append(("TB7627", message, "write what is new in it", ("metadata", "version")))
    return tuple(
        Finding(code=code, message=message, hint=hint, where=loaded.where(*path))
        for code, message, hint, path in found
        if code not in conventions.ignore
    )


_Breach = tuple[str, str, str, tuple[int | str, ...]]


def _versions(spec: ReleaseSpec, scheme: str) -> Iterator[_Breach]:
    for code, section, version in (
        ("TB7620", "metadata", spec.metadata.version),
        ("TB7621", "model", spec.model.version),
    ):
        if scheme != "any" and not _fits(version, scheme):
            yield (
                code,
                f"got the version {version!r}, expected {_EXPECTED[scheme]}",
                "write it so",
                (section, "version"),
            )


def _fits(version: str, scheme: str) -> bool:
    if scheme == "semver":
        return _SEMVER.fullmatch(version) is not None
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True


def _names(spec: ReleaseSpec) -> Iterator[_Breach]:
    for stage, repository in spec.publish.repositories.items():
        if repository.rpartition("/")[2] != spec.metadata.name:
            message = f"the repository {repository!r} is not called {spec.metadata.name!r}"
            yield "TB7622", message, f"write HOST/…/{spec.metadata.name}", ("publish", "repositories", stage)
    for index, variant in enumerate(spec.environment.variants):
        wanted = {"none": "cpu", "cuda": "cuda", "rocm": "rocm"}[variant.accelerator]
        if not variant.name.startswith(wanted):
            message = f"the variant {variant.name!r} is for {variant.accelerator}, and is not called {wanted}…"
            yield "TB7623", message, f"call it {wanted}, or {wanted}-WHAT", ("environment", "variants", index, "name")
    for index, knob in enumerate(spec.configuration.parameters):
        wanted = re.sub(r"[^A-Za-z0-9]", "_", knob.name).upper()
        if knob.environment is not None and knob.environment != wanted and not knob.environment.endswith(f"_{wanted}"):
            message = f"the knob {knob.name!r} is set by {knob.environment}, expected {wanted} or PREFIX_{wanted}"
            yield "TB7624", message, "give both the same name", ("configuration", "parameters", index, "environment")


def _metrics(spec: ReleaseSpec) -> Iterator[_Breach]:
    """As Prometheus asks for (docs: "Metric and label naming")."""
    for index, metric in enumerate(spec.observability.metrics):
        place = ("observability", "metrics", index, "name")
        if metric.type == "counter" and not metric.name.endswith("_total"):
            yield "TB7625", f"the counter {metric.name!r} does not end in _total", f"call it {metric.name}_total", place
        elif found := _DERIVED.search(metric.name):
            message = f"the metric {metric.name!r} has the unit {found[1]}, expected a base unit"
            yield "TB7625", message, "measure in seconds or bytes", place


def _identity(spec: ReleaseSpec) -> Iterator[_Breach]:
    """A rollout has lines of two releases at once; what is measured, a rule says by itself (deploy/prometheus)."""
    observed = spec.observability
    missing = [name for name in ("image", "release") if name not in observed.logs.fields]
    if observed.logs.fields and missing:
        message = f"log lines do not say of which {' and '.join(missing)} they are"
        yield "TB7629", message, "log TWINBUILD_IMAGE and TWINBUILD_RELEASE so", ("observability", "logs", "fields")
