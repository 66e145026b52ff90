"""Components of the release's own: the application with its files, data schemas, feature views, sources of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from cyclonedx.model import XsUri
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import License

from twinbuild.describe import components as make
from twinbuild.describe.inside import add_digests
from twinbuild.describe.purls import own_purl, sdist_purl
from twinbuild.describe.texts import line
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import Inspection
from twinbuild.model.lock import Lock, LockedSdist, LockedSourceFile, LockedStep, Target
from twinbuild.model.spec.artifacts import Artifact, Feature, Lineage
from twinbuild.model.spec.release import ReleaseSpec

__all__ = [
    "ancestor",
    "application",
    "data_of",
    "describe_model_file",
    "feature",
    "feature_reference",
    "licence_of",
    "schema",
    "schema_reference",
    "sdist",
    "step_sources",
]

# What BSI TR-03183-2 asks of a file (executable, archive, structured), by format, as far as the format decides it.
_PLAIN: Final = {"executable": "non-executable", "archive": "no archive", "structured": "structured"}
_FORMATS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "gguf": _PLAIN,
        "json": _PLAIN,
        "onnx": _PLAIN,
        "safetensors": _PLAIN,
        "skops": {**_PLAIN, "archive": "archive"},
        "tokenizers": _PLAIN,
        "txt": {**_PLAIN, "structured": "unstructured"},
    }
)


def licence_of(text: str | None) -> list[License]:
    """The licence that a spec states for the release or its model; none where it states none."""
    return make.stated_licences(text)


def describe_model_file(made: Component, stated: Artifact) -> None:
    """Put in who published a file of the model, and what its format decides; of other formats nothing is claimed."""
    if stated.supplier is not None:
        urls = [XsUri(line(stated.supplier_url))] if stated.supplier_url is not None else []
        made.supplier = OrganizationalEntity(name=line(stated.supplier), urls=urls)
    made.manufacturer = made.supplier
    made.properties.update(make.file_properties(_FORMATS.get(stated.format, {})))


def application(spec: ReleaseSpec, lock: Lock, inspections: Mapping[Digest, Inspection]) -> Component:
    """The application, and each of its files as a part of it."""
    release = spec.metadata
    made = make.component(
        ComponentType.APPLICATION,
        f"{release.name}-application",
        release.version,
        "application",
        purl=own_purl(release.name, release.version, f"{release.name}-application"),
        licenses=licence_of(release.licence),
        properties={"directory": spec.source.target},
        **make.by_team(release),
    )
    for each in lock.source:
        part = _source_file(spec, each)
        if (found := inspections.get(each.sha256)) is not None:
            add_digests(part, found)
        made.components.add(part)
    return made


def _source_file(spec: ReleaseSpec, each: LockedSourceFile) -> Component:
    release = spec.metadata
    return make.component(
        ComponentType.FILE,
        each.path,
        release.version,
        f"application/{each.path}",
        sha256=each.sha256.hex,
        purl=own_purl(release.name, release.version, each.path, sha256=each.sha256),
        licenses=licence_of(release.licence),
        properties={"size": str(each.size)},
        file={
            "filename": each.path.rpartition("/")[2],
            **_PLAIN,
            "executable": "executable" if each.executable else "non-executable",
        },
        **make.by_team(release),
    )


def schema_reference(side: str) -> str:
    """Of the data schema of a request (``input``) or an answer (``output``)."""
    return f"schema/{side}"


def schema(spec: ReleaseSpec, side: str, digest: Digest) -> Component:
    """A data schema of the model, which the release carries as ``schemas/SIDE.json``."""
    return make.component(
        ComponentType.DATA,
        f"{spec.metadata.name}-{side}-schema",
        spec.model.version,
        schema_reference(side),
        sha256=digest.hex,
        properties={"document": f"schemas/{side}.json"},
        supplier=make.team(spec.metadata),
    )


def feature_reference(each: Feature) -> str:
    """Of a feature view."""
    return f"feature/{each.name}"


def feature(each: Feature) -> Component:
    """A feature view that the model reads; the digest is that of its schema."""
    stated = {"store": each.store, "reference": each.reference, "schema": each.schema_sha256 or ""}
    return make.component(
        ComponentType.DATA,
        each.name,
        each.snapshot or "",
        feature_reference(each),
        properties={key: value for key, value in stated.items() if value},
    )


def ancestor(each: Lineage) -> Component:
    """A model that this one was made from."""
    return make.component(
        ComponentType.MACHINE_LEARNING_MODEL,
        each.name,
        each.version or "",
        f"ancestor/{each.name}",
        sha256=each.sha256 or "",
        licenses=licence_of(each.licence),
        supplier=OrganizationalEntity(name=line(each.supplier)) if each.supplier else None,
        properties={"relation": each.relation, **({"uri": each.uri} if each.uri else {})},
    )


def data_of(spec: ReleaseSpec, schemas: Mapping[str, Digest]) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """What each component of type data holds (CycloneDX, component.data), by reference."""
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for dataset in spec.model.datasets:
        entry: dict[str, Any] = {"type": "dataset", "name": line(dataset.name)}
        if dataset.uri:
            entry["contents"] = {"properties": [{"name": "twinbuild:uri", "value": line(dataset.uri)}]}
        if dataset.description:
            entry["description"] = line(dataset.description)
        found[f"dataset/{line(dataset.name)}"] = (entry,)
    for each in spec.model.features:
        found[feature_reference(each)] = ({"type": "dataset", "name": line(each.name)},)
    for side in schemas:
        found[schema_reference(side)] = ({"type": "definition", "name": f"JSON Schema of the {side}"},)
    return found


def step_sources(target: Target) -> Iterator[tuple[LockedStep, LockedSdist]]:
    """The source distributions that the target's build steps read, each once."""
    seen: set[Digest] = set()
    for step in target.steps:
        for each in step.sdists:
            if each.sha256 not in seen:
                seen.add(each.sha256)
                yield step, each


def sdist(step: LockedStep, item: LockedSdist, reference: str) -> Component:
    """A source distribution that a build step compiles or installs; the image has what the step made of it."""
    return make.component(
        ComponentType.LIBRARY,
        item.name,
        item.version,
        reference,
        sha256=item.sha256.hex,
        purl=sdist_purl(item),
        licenses=make.licences((), ("not stated by the package",)),
        properties={"step": step.name, "sdist": item.filename, "index": item.index},
        file={
            "filename": item.filename,
            "executable": "non-executable",
            "archive": "archive",
            "structured": "structured",
        },
    )
