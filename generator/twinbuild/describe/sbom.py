"""CycloneDX 1.6 documents from the lock, by cyclonedx-python-lib; the same bytes on every machine.

Serial numbers are name-based UUIDs of the contents, times come from the release's date. The library has no model card
yet, so that is put into the JSON form afterwards (and is missing from the XML form).
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from twinbuild import __version__
from twinbuild.codec.canonical import canonical, digest_of, to_json
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock, LockedDeb, LockedWheel, Target
from twinbuild.model.spec.release import ReleaseSpec

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component

__all__ = ["contents_sbom", "release_sbom"]

_NAMESPACE: Final = uuid.UUID("5a1f8e5c-2f0b-5c39-9d3e-7d1f4a1c0b6e")
_RELEASES: Final = {"bookworm": "debian-12", "trixie": "debian-13"}


def contents_sbom(spec: ReleaseSpec, lock: Lock, target: Target, *, epoch: int) -> bytes:
    """Canonical JSON about one image's contents: packages, wheels and model files, without the image's own digest."""
    root = _component(
        "container", f"{spec.metadata.name}-{target.variant}", spec.metadata.version, f"image:{target.key}"
    )
    bom = _bom(root, epoch, {"target": target, "artifacts": lock.artifacts, "root": str(root.bom_ref)})
    _add_target(bom, root, target)
    _add_model(bom, root, spec, lock)
    return _json(bom, spec)


def release_sbom(spec: ReleaseSpec, lock: Lock, images: tuple[Image, ...], *, epoch: int) -> tuple[bytes, bytes]:
    """The release's SBOM as canonical JSON and as XML: every target's contents below its image, and the model."""
    from cyclonedx.output.xml import XmlV1Dot6

    root = _component("application", spec.metadata.name, spec.metadata.version, "release")
    bom = _bom(root, epoch, {"lock": lock, "images": images})
    containers = []
    for image in images:
        target = lock.target(image.variant, image.platform)
        assert target is not None, "an image is built from a target of the lock"
        container = _component(
            "container",
            f"{spec.metadata.name}-{image.variant}",
            spec.metadata.version,
            f"image:{target.key}",
            sha256=image.manifest.digest.hex,
        )
        bom.components.add(container)
        containers.append(container)
        _add_target(bom, container, target)
    bom.register_dependency(root, containers)
    _add_model(bom, root, spec, lock)
    return _json(bom, spec), XmlV1Dot6(bom).output_as_string(indent=2).encode() + b"\n"


def _bom(root: Component, epoch: int, identity: dict[str, object]) -> Bom:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.tool import Tool

    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, digest_of({**identity, "version": __version__}).hex))
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    bom.metadata.component = root
    bom.metadata.tools.tools.add(Tool(name="twinbuild", version=__version__))
    bom.register_dependency(root)
    return bom


def _component(
    kind: str,
    name: str,
    version: str,
    reference: str,
    *,
    sha256: str = "",
    purl: Any = None,
    properties: tuple[tuple[str, str], ...] = (),
) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        type=ComponentType(kind),
        name=name,
        version=version,
        bom_ref=reference,
        purl=purl,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else None,
        properties=[Property(name=f"twinbuild:{key}", value=value) for key, value in properties],
    )


def _add_target(bom: Bom, container: Component, target: Target) -> None:
    debs = {deb.name: _deb(deb, target) for deb in target.debs}
    wheels = {wheel.name: _wheel(wheel, target) for wheel in target.wheels}
    for component in (*debs.values(), *wheels.values()):
        bom.components.add(component)
    bom.register_dependency(container, [*debs.values(), *wheels.values()])
    for deb in target.debs:
        bom.register_dependency(debs[deb.name], [debs[name] for name in deb.depends if name in debs])
    for wheel in target.wheels:
        bom.register_dependency(wheels[wheel.name], [wheels[name] for name in wheel.requires if name in wheels])


def _deb(deb: LockedDeb, target: Target) -> Component:
    from packageurl import PackageURL

    distribution = _RELEASES.get(deb.suite.partition("-")[0], deb.suite)
    return _component(
        "library",
        deb.name,
        deb.version,
        f"{target.key}/deb/{deb.name}",
        sha256=deb.sha256.hex,
        purl=PackageURL("deb", "debian", deb.name, deb.version, {"arch": deb.architecture, "distro": distribution}),
        properties=(("requested", str(deb.requested).lower()), ("source", f"{deb.source} {deb.source_version}")),
    )


def _wheel(wheel: LockedWheel, target: Target) -> Component:
    from packageurl import PackageURL

    return _component(
        "library",
        wheel.name,
        wheel.version,
        f"{target.key}/wheel/{wheel.name}",
        sha256=wheel.sha256.hex,
        purl=PackageURL("pypi", None, wheel.name, wheel.version),
        properties=(
            ("filename", wheel.filename),
            ("index", wheel.index),
            ("requested", str(wheel.requested).lower()),
        ),
    )


def _add_model(bom: Bom, root: Component, spec: ReleaseSpec, lock: Lock) -> None:
    model = _component("machine-learning-model", f"{spec.metadata.name}-model", spec.model.version, "model")
    bom.components.add(model)
    parts = [
        _component(
            "file",
            artifact.name,
            spec.model.version,
            f"artifact/{artifact.name}",
            sha256=artifact.sha256.hex,
            properties=(("uri", artifact.uri), ("size", str(artifact.size))),
        )
        for artifact in lock.artifacts
    ]
    parts += [
        _component("data", dataset.name, dataset.version or "", f"dataset/{dataset.name}", sha256=dataset.sha256 or "")
        for dataset in spec.model.datasets
    ]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(model, parts)
    bom.register_dependency(root, [model])


def _json(bom: Bom, spec: ReleaseSpec) -> bytes:
    from cyclonedx.output.json import JsonV1Dot6

    document = json.loads(JsonV1Dot6(bom).output_as_string())
    for component in document["components"]:
        if component["bom-ref"] == "model":
            component["modelCard"] = _card(spec)
    return canonical(document) + b"\n"


def _card(spec: ReleaseSpec) -> dict[str, Any]:
    """The model card (CycloneDX 1.6, modelCard) as far as the spec states it."""
    card: dict[str, Any] = {"modelParameters": {"architectureFamily": spec.model.family}}
    properties = [
        {"name": f"twinbuild:hyperparameter:{name}", "value": json.dumps(to_json(value))}
        for name, value in sorted(spec.model.hyperparameters.items())
    ]
    if properties:
        card["properties"] = properties
    stated = spec.model.card
    if stated is not None:
        if stated.metrics:
            card["quantitativeAnalysis"] = {
                "performanceMetrics": [
                    {
                        "type": metric.name,
                        "value": repr(metric.value),
                        **({"slice": metric.slice} if metric.slice else {}),
                    }
                    for metric in stated.metrics
                ]
            }
        considerations = {"useCases": list(stated.intended_use), "technicalLimitations": list(stated.limitations)}
        card["considerations"] = {key: value for key, value in considerations.items() if value}
    return card
