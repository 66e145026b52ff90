"""Components of an SBOM, as cyclonedx-python-lib has them, each from the facts about one thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalContact, OrganizationalEntity
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseAcknowledgement, LicenseExpression

from twinbuild.codec.spdx import conjunction, is_identifier, spdx_expression
from twinbuild.describe.purls import base_purl, deb_purl, installed_purl, own_purl, python_purl, wheel_purl
from twinbuild.describe.texts import line
from twinbuild.model.lock import (
    InstalledPackage,
    Licensing,
    LockedArtifact,
    LockedBase,
    LockedDeb,
    LockedWheel,
    PythonEnvironment,
)
from twinbuild.model.spec.artifacts import Dataset
from twinbuild.model.spec.metadata import Metadata
from twinbuild.model.spec.release import ReleaseSpec

__all__ = [
    "base",
    "by_team",
    "component",
    "dataset",
    "deb",
    "file_properties",
    "installed",
    "interpreter",
    "licences",
    "model_file",
    "root",
    "stated_licences",
    "team",
    "wheel",
]

_UNSTATED: Final = "not stated by the package"
_SUPPLIERS: Final = {"debian": "Debian", "debian-security": "Debian", "ubuntu": "Ubuntu"}  # by archive
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII)  # of an address; without one it is a file of the project
_DECLARED: Final = LicenseAcknowledgement.DECLARED


def component(
    kind: ComponentType,
    name: str,
    version: str,
    reference: str,
    *,
    sha256: str = "",
    properties: Mapping[str, str],
    file: Mapping[str, str] = MappingProxyType({}),
    **fields: Any,
) -> Component:
    """A component. ``sha256`` is hex; names of properties get the prefix ``twinbuild:``, of ``file`` that of BSI."""
    named = {f"twinbuild:{key}": value for key, value in properties.items()}
    return Component(
        type=kind,
        bom_ref=reference,
        name=line(name),
        version=line(version) or None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else [],
        properties=[
            *(Property(name=line(key), value=line(value)) for key, value in named.items()),
            *file_properties(file),
        ],
        **fields,
    )


def file_properties(file: Mapping[str, str]) -> list[Property]:
    """Properties of BSI's taxonomy, by their name without its prefix."""
    return [Property(name=f"bsi:component:{key}", value=line(value)) for key, value in file.items()]


def licences(expressions: Iterable[str], names: Iterable[str]) -> list[License]:
    """What CycloneDX says for licences that all apply: one id or expression, or a list of ids and names.

    Its list cannot hold an expression beside a name, so there an expression becomes a name.
    """
    expressions, names = tuple(expressions), tuple(names)
    if expressions and not names and not (len(expressions) == 1 and is_identifier(expressions[0])):
        return [LicenseExpression(conjunction(expressions), acknowledgement=_DECLARED)]
    return [
        *(
            DisjunctiveLicense(id=each, acknowledgement=_DECLARED)
            if is_identifier(each)
            else DisjunctiveLicense(name=each, acknowledgement=_DECLARED)
            for each in expressions
        ),
        *(DisjunctiveLicense(name=line(name), acknowledgement=_DECLARED) for name in names),
    ]


def stated_licences(text: str | None) -> list[License]:
    """The licence that a spec states: an expression where it is one, else a name."""
    if not text:
        return []
    found = spdx_expression(text)
    return licences((found,), ()) if found else licences((), (text,))


def _of(entry: Licensing | None) -> list[License]:
    """The licences of a package; where it has only a text, the text's place and digest stand for a name."""
    if entry is None:
        return licences((), (_UNSTATED,))
    if entry.expressions or entry.names:
        return licences(entry.expressions, entry.names)
    if entry.notice is not None:
        return licences((), (f"see /{entry.files[0]} ({entry.notice})",))
    if entry.files:
        return licences((), ("see " + ", ".join(entry.files),))
    return licences((), (_UNSTATED,))


def _package_file(name: str) -> dict[str, str]:
    """What BSI TR-03183-2 (5.2.2) asks of a file: a package is an archive that says what is in it, and runs nothing."""
    return {"filename": name, "executable": "non-executable", "archive": "archive", "structured": "structured"}


def deb(
    item: LockedDeb,
    reference: str,
    entry: Licensing | None,
    notice: Licensing | None,
    *,
    requested: bool,
    on: LockedBase | None = None,
) -> Component:
    """A Debian package. ``entry`` is its own statement, ``notice`` that of whose copyright file is also its own.

    ``on`` is the base image that it is added to, if it is.
    """
    properties = {
        "filename": item.filename,
        "requested": str(requested).lower(),
        "source": f"{item.source} {item.source_version}",
    }
    return component(
        ComponentType.LIBRARY,
        item.name,
        item.version,
        reference,
        sha256=item.sha256.hex,
        purl=deb_purl(item, on),
        supplier=OrganizationalEntity(name=_SUPPLIERS.get(item.archive, item.archive)),
        publisher=line(entry.authors[0]) if entry is not None and entry.authors else None,
        licenses=_of(notice),
        properties=properties | _copyright(notice),
        file=_package_file(item.filename),
    )


def _copyright(notice: Licensing | None) -> dict[str, str]:
    """The copyright file in which the licence of a Debian package was read."""
    if notice is None or notice.notice is None:
        return {}
    return {"copyright": f"/{notice.files[0]}", "copyright:digest": str(notice.notice)}


def base(item: LockedBase, reference: str) -> Component:
    """The image that others stand on, for one platform."""
    properties = {"reference": item.reference, "config": str(item.config.digest)}
    if item.index is not None:
        properties["index"] = str(item.index)
    properties |= {f"layer:{number:03}": str(layer.digest) for number, layer in enumerate(item.layers, 1)}
    return component(
        ComponentType.CONTAINER,
        item.name,
        item.tag,
        reference,
        sha256=item.manifest.digest.hex,
        purl=base_purl(item),
        properties=properties,
    )


def installed(item: InstalledPackage, on: LockedBase, reference: str, entry: Licensing | None = None) -> Component:
    """A package that a base image holds, as its dpkg status has it. Its files have no digest of their own.

    ``entry`` is what the base says of it: the maintainer, and the licence where the copyright file is there. From whom
    the base got the package, dpkg does not keep.
    """
    notice = entry if entry is not None and entry.notice is not None else None
    return component(
        ComponentType.LIBRARY,
        item.name,
        item.version,
        reference,
        purl=installed_purl(item, on),
        publisher=line(entry.authors[0]) if entry is not None and entry.authors else None,
        licenses=_of(notice) if notice is not None else (),
        properties={"source": f"{item.source} {item.source_version}", **_copyright(notice)},
    )


def interpreter(python: PythonEnvironment, on: LockedBase, reference: str) -> Component:
    """A base image's own Python, whose version is a text in its bytes. Who built it, and how, they do not say."""
    return component(
        ComponentType.PLATFORM,
        "python",
        python.version,
        reference,
        purl=python_purl(python),
        cpe=f"cpe:2.3:a:python:python:{python.version}:*:*:*:*:*:*:*",
        properties={"target": f"/{on.executable}"},
    )


def wheel(item: LockedWheel, reference: str, entry: Licensing | None, *, requested: bool) -> Component:
    """A wheel. Its authors are those that its METADATA names; nobody states who supplied it."""
    files = entry.files if entry is not None else ()
    return component(
        ComponentType.LIBRARY,
        item.name,
        item.version,
        reference,
        sha256=item.sha256.hex,
        purl=wheel_purl(item),
        authors=[OrganizationalContact(name=line(name)) for name in entry.authors] if entry is not None else [],
        licenses=_of(entry),
        properties={
            "filename": item.filename,
            "index": item.index,
            "requested": str(requested).lower(),
            **{f"licence-file:{number:03}": path for number, path in enumerate(files, 1)},
        },
        file=_package_file(item.filename),
    )


def model_file(spec: ReleaseSpec, item: LockedArtifact, reference: str) -> Component:
    """A file of the model."""
    stated = next(artifact for artifact in spec.model.artifacts if artifact.name == item.name)
    ours = _SCHEME.match(item.uri) is None  # who supplies what lies elsewhere, nobody states
    return component(
        ComponentType.FILE,
        item.name,
        spec.model.version,
        reference,
        sha256=item.sha256.hex,
        purl=own_purl(spec.metadata.name, spec.model.version, item.name, sha256=item.sha256),
        licenses=stated_licences(stated.licence),
        description=line(stated.description or "") or None,
        properties={
            "format": stated.format,
            "size": str(item.size),
            "target": stated.target,
            "uri": item.uri,
        },
        file={"filename": stated.target.rpartition("/")[2]},
        supplier=team(spec.metadata) if ours else None,
    )


def dataset(item: Dataset, reference: str) -> Component:
    """A data set from which the model came, as far as the spec states it."""
    return component(
        ComponentType.DATA,
        item.name,
        item.version or "",
        reference,
        sha256=item.sha256 or "",
        licenses=stated_licences(item.licence),
        description=line(item.description or "") or None,
        properties={"uri": item.uri} if item.uri else {},
    )


def team(metadata: Metadata) -> OrganizationalEntity:
    """The team that owns the release, with the people who answer for it."""
    return OrganizationalEntity(
        name=line(metadata.team),
        contacts=[OrganizationalContact(name=line(owner.name), email=line(owner.email)) for owner in metadata.owners],
    )


def by_team(metadata: Metadata) -> dict[str, Any]:
    """The fields that say that the team made and supplies a component: the release and its images."""
    return {"manufacturer": team(metadata), "supplier": team(metadata)}


def root(spec: ReleaseSpec, kind: ComponentType, name: str, reference: str, properties: Mapping[str, str]) -> Component:
    """What a document is about: the release, or one image's contents."""
    repository = spec.source.repository
    vcs = ExternalReferenceType.VCS
    return component(
        kind,
        name,
        spec.metadata.version,
        reference,
        purl=own_purl(spec.metadata.name, spec.metadata.version, "" if name == spec.metadata.name else name),
        description=line(spec.metadata.description or "") or None,
        external_references=[ExternalReference(type=vcs, url=XsUri(line(repository)))] if repository else [],
        properties=properties,
        **by_team(spec.metadata),
    )
