"""Components of an SBOM (CycloneDX 1.6, JSON form), each from the facts about one thing."""

from __future__ import annotations

from typing import Any, Final

from packageurl import PackageURL

from twinbuild.codec.spdx import conjunction, is_identifier, spdx_expression
from twinbuild.describe.texts import line, lines
from twinbuild.model.lock import Licensing, LockedArtifact, LockedDeb, LockedWheel
from twinbuild.model.spec.artifacts import Dataset
from twinbuild.model.spec.metadata import Metadata
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["component", "dataset", "deb", "deb_purl", "licences", "model_file", "root", "team", "wheel", "wheel_purl"]

_RELEASES: Final = {"bookworm": "debian-12", "trixie": "debian-13"}
_UNSTATED: Final = "not stated by the package"
_DECLARED: Final = {"acknowledgement": "declared"}


def component(
    kind: str, name: str, version: str, reference: str, *, sha256: str = "", properties: dict[str, str], **fields: Any
) -> dict[str, Any]:
    """A component of a CycloneDX type; fields that are empty are left out.

    ``sha256`` is hex; names of properties get the prefix ``twinbuild:``.
    """
    found = {
        "type": kind,
        "bom-ref": reference,
        "name": line(name),
        "version": line(version),
        "hashes": [{"alg": "SHA-256", "content": sha256}] if sha256 else [],
        "properties": [
            {"name": line(f"twinbuild:{key}"), "value": line(properties[key])} for key in sorted(properties)
        ],
        **fields,
    }
    return {key: value for key, value in found.items() if value}


def licences(expressions: tuple[str, ...], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """What CycloneDX says for licences that all apply: one id or expression, or a list of ids and names.

    Its list cannot hold an expression beside a name, so there an expression becomes a name.
    """
    if expressions and not names and not (len(expressions) == 1 and is_identifier(expressions[0])):
        return [{"expression": conjunction(expressions), **_DECLARED}]
    identified = [{"id" if is_identifier(each) else "name": each, **_DECLARED} for each in expressions]
    return [{"license": each} for each in (*identified, *({"name": line(each), **_DECLARED} for each in names))]


def _stated(text: str | None) -> list[dict[str, Any]]:
    """The licence that a spec states: an expression where it is one, else a name."""
    if not text:
        return []
    found = spdx_expression(text)
    return licences((found,), ()) if found else licences((), (text,))


def _of(entry: Licensing | None) -> list[dict[str, Any]]:
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


def deb_purl(item: LockedDeb) -> str:
    """The package URL of a Debian package."""
    distribution = _RELEASES.get(item.suite.partition("-")[0], item.suite)
    qualifiers = {"arch": item.architecture, "distro": distribution}
    return PackageURL("deb", "debian", item.name, item.version, qualifiers).to_string()


def wheel_purl(item: LockedWheel, *, file: bool = False) -> str:
    """The package URL of a wheel's project and version, and of the very ``file`` if asked."""
    qualifiers = {"file_name": item.filename} if file else None
    return PackageURL("pypi", None, item.name, item.version, qualifiers).to_string()


def deb(
    item: LockedDeb, reference: str, entry: Licensing | None, notice: Licensing | None, *, requested: bool
) -> dict[str, Any]:
    """A Debian package. ``entry`` is its own statement, ``notice`` that of whose copyright file is also its own."""
    properties = {
        "filename": item.filename,
        "requested": str(requested).lower(),
        "source": f"{item.source} {item.source_version}",
    }
    if notice is not None and notice.notice is not None:
        properties |= {"copyright": f"/{notice.files[0]}", "copyright:digest": str(notice.notice)}
    return component(
        "library",
        item.name,
        item.version,
        reference,
        sha256=item.sha256.hex,
        purl=deb_purl(item),
        supplier={"name": "Debian"},
        publisher=line(entry.authors[0]) if entry is not None and entry.authors else "",
        licenses=_of(notice),
        properties=properties,
    )


def wheel(item: LockedWheel, reference: str, entry: Licensing | None, *, requested: bool) -> dict[str, Any]:
    """A wheel. Its authors are those that its METADATA names; nobody states who supplied it."""
    files = entry.files if entry is not None else ()
    return component(
        "library",
        item.name,
        item.version,
        reference,
        sha256=item.sha256.hex,
        purl=wheel_purl(item),
        authors=[{"name": line(name)} for name in entry.authors] if entry is not None else [],
        licenses=_of(entry),
        properties={
            "filename": item.filename,
            "index": item.index,
            "requested": str(requested).lower(),
            **{f"licence-file:{number:03}": path for number, path in enumerate(files, 1)},
        },
    )


def model_file(spec: ReleaseSpec, item: LockedArtifact, reference: str) -> dict[str, Any]:
    """A file of the model."""
    stated = next(artifact for artifact in spec.model.artifacts if artifact.name == item.name)
    return component(
        "file",
        item.name,
        spec.model.version,
        reference,
        sha256=item.sha256.hex,
        licenses=_stated(stated.licence),
        description=lines(stated.description or ""),
        properties={
            "format": stated.format,
            "size": str(item.size),
            "target": stated.target,
            "uri": item.uri,
        },
    )


def dataset(item: Dataset, reference: str) -> dict[str, Any]:
    """A data set from which the model came, as far as the spec states it."""
    return component(
        "data",
        item.name,
        item.version or "",
        reference,
        sha256=item.sha256 or "",
        licenses=_stated(item.licence),
        description=lines(item.description or ""),
        properties={"uri": item.uri} if item.uri else {},
    )


def team(metadata: Metadata) -> dict[str, Any]:
    """The team that owns the release, with the people who answer for it."""
    people = [{"name": line(owner.name), "email": line(owner.email)} for owner in metadata.owners]
    return {"name": line(metadata.team), "contact": people}


def root(spec: ReleaseSpec, kind: str, name: str, reference: str, properties: dict[str, str]) -> dict[str, Any]:
    """What a document is about: the release, or one image's contents."""
    repository = spec.source.repository
    return component(
        kind,
        name,
        spec.metadata.version,
        reference,
        supplier=team(spec.metadata),
        description=lines(spec.metadata.description or ""),
        externalReferences=[{"type": "vcs", "url": line(repository)}] if repository else [],
        properties=properties,
    )
