"""The release manifest: one document of everything that was decided. Its digest is the release's one name.

Nothing that a machine observed stands in it (that is ``run.json``), nor the source commit unless the spec says so
(that is provenance), so that every machine that builds the same spec and lock writes the same bytes. Its sections are
those of the spec, with what tools added (``describe.parts``), and ``provenance`` says where each value is from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from twinbuild import __version__
from twinbuild.codec.canonical import Json, canonical, digest_of
from twinbuild.codec.findings import pointer
from twinbuild.codec.nodes import Path
from twinbuild.codec.written import Written
from twinbuild.describe.locked import beside_part, file_part, image_part, suite_part, target_part
from twinbuild.describe.origins import Default, Made, Source, leaves, provenance
from twinbuild.describe.parts import tool_of
from twinbuild.describe.plain import plain
from twinbuild.describe.reproduce import reproduction
from twinbuild.describe.trials import part_of_tests
from twinbuild.errors import InternalError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image, ImageIndex
from twinbuild.model.lock import Lock
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.trial import Outcome
from twinbuild.model.verification import Identical

__all__ = ["MANIFEST_VERSION", "release_manifest", "source_digest"]

MANIFEST_VERSION: Final = "twinbuild/manifest/v2"


def source_digest(lock: Lock) -> Digest:
    """The identity of the application: the digest of its files' paths, sizes, digests and modes."""
    return digest_of(lock.source)


def release_manifest(
    spec: ReleaseSpec,
    lock: Lock,
    images: tuple[Image, ...],
    verification: Identical,
    *,
    epoch: int,
    lock_digest: Digest,
    documents: tuple[tuple[str, Digest, int], ...],
    written: Mapping[Path, Written],
    arguments: tuple[str, ...] = (),
    commit: str = "",
    modified: bool = False,
    indexes: tuple[ImageIndex, ...] = (),
    variants: tuple[str, ...] = (),
    outcomes: tuple[Outcome, ...] = (),
    tested_with: tuple[tuple[str, Digest, int], ...] = (),
) -> bytes:
    """The canonical bytes of the manifest. ``variants`` are all that the lock has, where the release has fewer.

    ``indexes`` are those of variants with several platforms, ``documents`` the other files of the release that it
    covers (path, digest, size in bytes); ``commit`` is the source commit where the spec says ``commit: record``, else
    "", and ``modified`` whether files differ from the commit, where the spec says something of either. ``written`` says
    where each value of the spec was written, ``arguments`` how a command names spec and overlays.
    ``outcomes`` are what became of the images' tests, ``tested_with`` the files that those read.
    """
    names = [key for key in type(spec).model_fields if key not in ("api_version", "kind")]
    document: dict[str, Json] = {key: plain(value) for key in names if (value := getattr(spec, key)) is not None}
    stated = frozenset(path for path, _ in leaves(document))
    for section, more in _added(
        spec,
        lock,
        images,
        epoch=epoch,
        lock_digest=lock_digest,
        commit=commit,
        modified=modified,
        indexes=indexes,
        variants=variants,
    ).items():
        own = document[section]
        assert isinstance(own, dict)
        document[section] = {**own, **{key: plain(value) for key, value in more.items()}}
    document["tests"] = {**_stated(spec.tests), **part_of_tests(spec, outcomes, tested_with)}
    if not commit:
        source = document["source"]
        assert isinstance(source, dict)
        source.pop("commit", None)
    document |= {
        "apiVersion": MANIFEST_VERSION,
        "kind": "ReleaseManifest",
        "generator": {"name": "twinbuild", "version": __version__},
        "verification": {
            "verdict": "identical",
            "builds": 2,
            "variations": [
                {"name": variation.name, "description": variation.description} for variation in verification.variations
            ],
        },
        "documents": [{"path": path, "sha256": digest.hex, "size": size} for path, digest, size in sorted(documents)],
        "reproduce": reproduction(
            spec,
            images,
            source=source_digest(lock),
            commit=commit,
            modified=modified,
            arguments=arguments,
            some=bool(variants),
        ),
    }
    sources = {path: _source(path, written, stated) for path, _ in leaves(document)}
    if spec.metadata.date == "commit":
        sources["metadata", "source_date_epoch"] = Made(by="git")
    document["provenance"] = provenance(sources)
    return canonical(document)


def _added(
    spec: ReleaseSpec,
    lock: Lock,
    images: tuple[Image, ...],
    *,
    epoch: int,
    lock_digest: Digest,
    commit: str,
    modified: bool,
    indexes: tuple[ImageIndex, ...],
    variants: tuple[str, ...],
) -> dict[str, dict[str, object]]:
    """What stands beside the spec's own values in its sections."""
    locked = {artifact.name: artifact for artifact in lock.artifacts}
    beside = [beside_part(target) for target in lock.targets if target.build or target.development or target.test]
    return {
        "metadata": {"source_date_epoch": epoch},
        "source": {
            **({"commit": commit} if commit else {}),
            **({"modified": True} if modified else {}),
            "digest": source_digest(lock),
            "files": [file_part(file) for file in lock.source],
        },
        "model": {
            "artifacts": [
                {**_stated(artifact), "sha256": locked[artifact.name].sha256.hex, "size": locked[artifact.name].size}
                for artifact in spec.model.artifacts
            ]
        },
        "environment": {
            **({"subset_of": variants} if variants else {}),
            "images": [image_part(image) for image in images],
            "indexes": [
                {"variant": index.variant, "digest": index.descriptor.digest, "platforms": index.platforms}
                for index in indexes
            ],
            "targets": [target_part(target) for target in lock.targets],
            "suites": [suite_part(index) for index in lock.indexes],
        },
        "dependencies": {
            "lock": lock_digest,
            "resolver": {"pip": lock.resolver.pip, "pip-tools": lock.resolver.pip_tools},
            "beside": beside,
        },
    }


def _stated(section: object) -> dict[str, Json]:
    stated = plain(section)
    assert isinstance(stated, dict)
    return stated


def _source(path: Path, written: Mapping[Path, Written], stated: frozenset[Path]) -> Source:
    """The source of the value at a path: what a tool made, else what the spec says, else a default of its format."""
    part, place = tool_of(path), written.get(path)
    if part is not None and (place is None or not part.stated):
        return Made(by=part.by)
    if place is None and path not in stated:
        where = pointer(path)
        raise InternalError.of("TB9001", f"{where} has no source", hint="give it a part in describe/parts.py")
    return place if place is not None else Default()
