"""Provenance: an in-toto Statement v1 with a SLSA v1 predicate, of what went into the images. No clock, no run."""

from __future__ import annotations

from typing import Final

from twinbuild import __version__
from twinbuild.codec.canonical import Json, canonical
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["provenance_statement"]

_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://slsa.dev/provenance/v1"
_BUILD_TYPE: Final = "https://twinbuild.example/build/embedded/v1"


def provenance_statement(
    spec: ReleaseSpec, lock: Lock, images: tuple[Image, ...], *, epoch: int, commit: str, digest: Digest
) -> bytes:
    """The statement: subjects are the images and the release manifest, whose digest is ``digest``.

    ``commit`` is the source commit, or "" where there is none. resolvedDependencies is the whole lock.
    """
    metadata = spec.metadata
    subjects: list[Json] = [
        {
            "name": f"{metadata.name}:{metadata.version}-{image.variant}-{image.platform.file_part}",
            "digest": {"sha256": image.manifest.digest.hex},
        }
        for image in images
    ]
    subjects.append({"name": "manifest.json", "digest": {"sha256": digest.hex}})
    files = {deb.filename: deb.sha256.hex for target in lock.targets for deb in target.debs} | {
        wheel.filename: wheel.sha256.hex for target in lock.targets for wheel in (*target.wheels, *target.build)
    }
    dependencies: list[Json] = [{"name": name, "digest": {"sha256": files[name]}} for name in sorted(files)]
    dependencies += [{"name": artifact.name, "digest": {"sha256": artifact.sha256.hex}} for artifact in lock.artifacts]
    dependencies += [{"name": file.path, "digest": {"sha256": file.sha256.hex}} for file in lock.source]
    if commit:
        source: dict[str, Json] = {"name": "source", "digest": {"gitCommit": commit}}
        if spec.source.repository:
            source["uri"] = f"git+{spec.source.repository}"
        dependencies.append(source)
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": subjects,
            "predicateType": _PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": _BUILD_TYPE,
                    "externalParameters": {
                        "name": metadata.name,
                        "version": metadata.version,
                        "variants": sorted({image.variant for image in images}),
                        "platforms": sorted({str(image.platform) for image in images}),
                    },
                    "internalParameters": {"source_date_epoch": epoch},
                    "resolvedDependencies": dependencies,
                },
                "runDetails": {
                    "builder": {
                        "id": "https://twinbuild.example/builder/embedded",
                        "version": {"twinbuild": __version__},
                    }
                },
            },
        }
    )
