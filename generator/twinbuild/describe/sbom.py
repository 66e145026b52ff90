"""CycloneDX 1.6 documents from the lock: pure, complete, and the same bytes on every machine.

cyclonedx-python-lib has the model and writes both forms; ``additions`` puts in what it lacks. The serial number is the
name-based UUID of everything else in the document; times come from the release's date.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion

from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.describe import components as make
from twinbuild.describe import own
from twinbuild.describe.additions import Additions, into_json, into_xml
from twinbuild.describe.formulation import formulation
from twinbuild.describe.graph import APPLICATION, MODEL, Graph
from twinbuild.describe.naming import PROJECT
from twinbuild.describe.purls import image_purl
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.inspection import Inspection, InstalledStatement
from twinbuild.model.lock import Lock, Target
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["contents_sbom", "release_sbom"]

_VERSION: Final = SchemaVersion.V1_6


def contents_sbom(spec: ReleaseSpec, lock: Lock, target: Target, *, epoch: int) -> bytes:
    """Canonical JSON about one image's contents: packages, wheels and model files, without the image's own digest."""
    container = f"image/{target.key}"
    root = make.root(spec, ComponentType.CONTAINER, f"{spec.metadata.name}-{target.variant}", container, {})
    document = Graph(spec, lock, root)
    document.add_packages((target,))
    document.add_model()
    document.edges[container] |= {*document.packages(target), MODEL}
    return _plain(document.bom(epoch), document.additions())[0]


def release_sbom(
    spec: ReleaseSpec,
    lock: Lock,
    images: tuple[Image, ...],
    *,
    epoch: int,
    lock_digest: Digest,
    inspections: Mapping[Digest, Inspection] = MappingProxyType({}),
    statements: Mapping[Digest, tuple[InstalledStatement, ...]] = MappingProxyType({}),
    schemas: Mapping[str, Digest] = MappingProxyType({}),
) -> tuple[bytes, bytes]:
    """The release's SBOM as canonical JSON and as XML: every image with its contents, and the model.

    ``lock_digest`` is that of ``release.lock``. A file that several images hold is one component. ``inspections`` say
    what lies in packages, wheels and files, by the SHA-256 of each; they follow from the bytes that the lock names.
    ``statements`` are what a base image says of its packages, by the digest of its manifest.
    ``schemas`` are the digests of the model's data schemas, ``input`` and ``output``.
    """
    root = make.root(spec, ComponentType.APPLICATION, spec.metadata.name, "release", {"lock": str(lock_digest)})
    document = Graph(spec, lock, root, inspections, statements)
    targets = []
    for image in images:
        target = lock.target(image.variant, image.platform)
        assert target is not None, "an image is built from a target of the lock"
        targets.append((target, image))
    document.add_packages(tuple(target for target, _ in targets))
    document.add_interpreters(tuple(target for target, _ in targets))
    document.add_model()
    document.add_own(schemas)
    document.add_sources(tuple(target for target, _ in targets))
    root.licenses.update(own.licence_of(spec.metadata.licence))
    for target, image in targets:
        container = f"image/{target.key}"
        document.add(
            make.component(
                ComponentType.CONTAINER,
                f"{spec.metadata.name}-{target.variant}",
                spec.metadata.version,
                container,
                sha256=image.manifest.digest.hex,
                purl=image_purl(spec.metadata.name, image.manifest.digest, target.platform.architecture),
                licenses=own.licence_of(spec.metadata.licence),
                properties={"derivation": str(image.derivation), "platform": str(target.platform)},
                **make.by_team(spec.metadata),
            )
        )
        document.edges[container] |= {*document.packages(target), *document.sources(target), MODEL, APPLICATION}
    document.edges["release"] |= {*(f"image/{target.key}" for target, _ in targets), MODEL}
    document.conclude()
    made = formulation(lock, tuple(target for target, _ in targets), _VERSION)
    bom, additions = document.bom(epoch), document.additions(own.data_of(spec, schemas), made)
    plain, bom.serial_number = _plain(bom, additions)
    return plain, into_xml(make_outputter(bom, OutputFormat.XML, _VERSION).output_as_string(), additions)


def _plain(bom: Bom, additions: Additions) -> tuple[bytes, uuid.UUID]:
    """The document as canonical JSON, and its serial number, which is that of its content."""
    document = json.loads(make_outputter(bom, OutputFormat.JSON, _VERSION).output_as_string())
    del document["serialNumber"]
    document = into_json(document, additions)
    number = uuid.uuid5(PROJECT, digest_of(document).hex)
    return canonical({**document, "serialNumber": number.urn}) + b"\n", number
