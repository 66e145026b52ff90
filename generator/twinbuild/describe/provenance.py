"""Provenance: an in-toto Statement v1 with a SLSA v1 predicate, of what went into the images. No clock, no run.

``docs/sbom.md`` is the documentation of the build type and of the builder that SLSA asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from twinbuild import __version__
from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json, canonical, digest_of
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.describe.naming import BUILD_TYPE, BUILDER
from twinbuild.describe.purls import base_purl, deb_purl, sdist_purl, wheel_purl
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image, ImageIndex
from twinbuild.model.lock import Lock
from twinbuild.model.platform import Platform
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["PROVENANCE", "provenance_fault", "provenance_statement", "spec_digest"]

_STATEMENT: Final = "https://in-toto.io/Statement/v1"
PROVENANCE: Final = "https://slsa.dev/provenance/v1"


def spec_digest(spec: ReleaseSpec) -> Digest:
    """The digest of a spec's value (canonical JSON, overlays merged, defaults filled in): its text may differ."""
    return digest_of(spec.model_dump(mode="python", by_alias=True))


def provenance_statement(
    spec: ReleaseSpec,
    lock: Lock,
    images: tuple[Image, ...],
    *,
    epoch: int,
    commit: str,
    modified: bool = False,
    digest: Digest,
    verification: Mapping[str, Any],
    indexes: tuple[ImageIndex, ...] = (),
) -> bytes:
    """The statement: subjects are the images, their indexes and the release manifest, whose digest is ``digest``.

    ``verification`` is the section of the manifest: that the images were built again is evidence, among the byproducts.
    ``commit`` is the source commit, or "" where there is none, ``modified`` whether files differ from it.
    resolvedDependencies is the whole lock.
    """
    metadata = spec.metadata
    again = {f"{image.variant}-{image.platform.file_part}": image.manifest.digest.hex for image in images}
    subjects: list[Json] = [
        {
            "name": f"{metadata.name}:{metadata.version}-{image.variant}-{image.platform.file_part}",
            "digest": {"sha256": image.manifest.digest.hex},
        }
        for image in images
    ]
    subjects += [
        {
            "name": f"{metadata.name}:{metadata.version}-{index.variant}",
            "digest": {"sha256": index.descriptor.digest.hex},
        }
        for index in indexes
    ]
    subjects.append({"name": "manifest.json", "digest": {"sha256": digest.hex}})
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": subjects,
            "predicateType": PROVENANCE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": {
                        "name": metadata.name,
                        "version": metadata.version,
                        "spec": str(spec_digest(spec)),
                        "variants": sorted({image.variant for image in images}),
                        "platforms": sorted({str(image.platform) for image in images}),
                    },
                    "internalParameters": {
                        "sourceDateEpoch": epoch,
                        "derivations": {
                            f"{image.variant}-{image.platform.file_part}": str(image.derivation) for image in images
                        },
                    },
                    "resolvedDependencies": [
                        *_dependencies(spec.source.directory, lock),
                        *_commit(spec, commit, modified=modified),
                    ],
                },
                "runDetails": {
                    "builder": {"id": BUILDER, "version": {"twinbuild": __version__}},
                    "byproducts": _byproducts(again, verification),
                },
            },
        }
    )


def provenance_fault(content: bytes, manifest: Mapping[str, Any], lock: Lock | None) -> str:
    """What provenance, whose subjects are those of a release, says otherwise than the release; "" where nothing.

    Its build type and builder are this version's, its targets, derivations and further builds those of the release
    manifest, and what it depends on is what the lock names, each under its name and address: nothing less, nothing
    more. ``lock`` is the whole one; for None dependencies are not compared.
    """
    try:
        predicate: Any = parse_json("provenance", content)[0]
        predicate = predicate["predicate"]
        return _fault(predicate["buildDefinition"], predicate["runDetails"], manifest, lock)
    except (JsonProblem, LookupError, TypeError, AttributeError):
        return "is no provenance of twinbuild's"


def _fault(definition: Any, details: Any, manifest: Mapping[str, Any], lock: Lock | None) -> str:
    if (definition["buildType"], details["builder"]["id"]) != (BUILD_TYPE, BUILDER):
        return "names another builder, or another type of build"
    images = manifest["environment"]["images"]
    stated, parameters = definition["internalParameters"]["derivations"], definition["externalParameters"]
    derivations = {
        f"{each['variant']}-{Platform.parse(each['platform']).file_part}": each["derivation"] for each in images
    }
    targets = [sorted({each[key] for each in images}) for key in ("variant", "platform")]
    if stated != derivations or [parameters["variants"], parameters["platforms"]] != targets:
        return "tells of other variants, platforms or derivations than the release manifest"
    again = {
        f"{each['variant']}-{Platform.parse(each['platform']).file_part}": each["digest"].removeprefix("sha256:")
        for each in images
    }
    builds = manifest["verification"]["builds"]  # of any size: no more is made of it than is stated
    told = details.get("byproducts", ())
    if len(told) != (builds - 1) * len(again) or told != _byproducts(again, manifest["verification"]):
        return "tells of other builds than the release manifest"
    if lock is None:
        return ""
    used = replace(lock, targets=tuple(each for each in lock.targets if each.key in derivations))
    locked = _named(_dependencies(manifest["source"]["directory"], used))
    named = _named(definition["resolvedDependencies"])
    missing, added = len(locked - named), len(named - locked)
    lacks = f"lacks {counted(missing, 'dependency', 'dependencies')} of the lock"
    return f"{lacks}, and names {counted(added, 'other')}" if missing or added else ""


def _byproducts(images: Mapping[str, str], verification: Mapping[str, Any]) -> list[Json]:
    """Each image of each build but the first, and what was varied as it was made (SLSA v1, ``byproducts``).

    ``images``: SHA-256 of the manifests by target. It is that of the subject, or there would be no release.
    """
    varied: list[Json] = [variation["name"] for variation in verification["variations"]]
    return [
        _resource(f"build {number} of {name}", Digest(images[name]), annotations={"varied": varied})
        for number in range(2, verification["builds"] + 1)
        for name in sorted(images)
    ]


def _named(dependencies: Any) -> set[tuple[Any, Any, Any]]:
    """Each by name, address and SHA-256 together: a digest is of what bears it. A commit no lock names."""
    return {
        (each["name"], each.get("uri"), digest.get("sha256"))
        for each in dependencies
        if "gitCommit" not in (digest := each.get("digest", {}))
    }


def _dependencies(directory: str, lock: Lock) -> list[Json]:
    """Each thing once, sorted by kind and name; ``directory`` is that of the application's files."""
    packages: dict[tuple[str, str], Json] = {}
    for target in lock.targets:
        if (base := target.base) is not None:
            uri = base_purl(base).to_string()
            packages[base.reference, base.manifest.digest.hex] = _resource(
                base.reference, base.manifest.digest, uri=uri, annotations={"platform": str(target.platform)}
            )
        for deb in (*target.debs, *(deb for step in target.steps for deb in step.debs)):
            uri = deb_purl(deb, target.base).to_string()
            packages[deb.filename, deb.sha256.hex] = _resource(deb.filename, deb.sha256, uri=uri)
        for step in target.steps:
            for sdist in step.sdists:
                uri = sdist_purl(sdist).to_string()
                packages[sdist.filename, sdist.sha256.hex] = _resource(sdist.filename, sdist.sha256, uri=uri)
            for file in step.files:
                name = f"step {step.name}/{file.path}"
                packages[name, file.sha256.hex] = _resource(name, file.sha256)
            packages |= {
                (wheel.filename, wheel.sha256.hex): _resource(
                    wheel.filename, wheel.sha256, uri=wheel_purl(wheel, file=True).to_string()
                )
                for wheel in step.wheels
            }
        for wheel in (*target.wheels, *target.build, *((lock.installer,) if lock.installer is not None else ())):
            uri = wheel_purl(wheel, file=True).to_string()
            packages[wheel.filename, wheel.sha256.hex] = _resource(wheel.filename, wheel.sha256, uri=uri)
    return [
        *(packages[key] for key in sorted(packages)),
        *_artifacts(lock),
        *(_resource(f"{directory}/{file.path}", file.sha256) for file in lock.source),
        *_indexes(lock),
        {"name": "pip", "uri": f"pkg:pypi/pip@{lock.resolver.pip}"},
        {"name": "pip-tools", "uri": f"pkg:pypi/pip-tools@{lock.resolver.pip_tools}"},
    ]


def _resource(name: str, digest: Digest, **fields: Any) -> dict[str, Json]:
    return {"name": name, "digest": {"sha256": digest.hex}, **fields}


def _artifacts(lock: Lock) -> Iterator[Json]:
    for artifact in lock.artifacts:
        web = artifact.uri.startswith(("http://", "https://"))
        if web:
            yield _resource(artifact.name, artifact.sha256, uri=artifact.uri)
        else:
            yield _resource(artifact.name, artifact.sha256, annotations={"source": artifact.uri})


def _indexes(lock: Lock) -> Iterator[Json]:
    """The signed indexes from which packages were chosen: what was read at lock time decides what is built."""
    for index in lock.indexes:
        name = f"{index.archive}/dists/{index.suite}/InRelease"
        yield _resource(name, index.release, annotations={"date": index.date, "signedBy": index.signed_by})


def _commit(spec: ReleaseSpec, commit: str, *, modified: bool) -> Iterator[Json]:
    if commit:
        uri = {"uri": f"git+{spec.source.repository}@{commit}"} if spec.source.repository else {}
        more: dict[str, Json] = {"annotations": {"modified": True}} if modified else {}
        yield {"name": "source", "digest": {"gitCommit": commit}, **uri, **more}
