"""The release manifest: one document of everything that was decided. Its digest is the release's one name.

Nothing that a machine observed stands in it (that is ``run.json``), nor the source commit unless the spec says so
(that is provenance), so that every machine that builds the same spec and lock writes the same bytes.
"""

from __future__ import annotations

from typing import Any, Final

from twinbuild import __version__
from twinbuild.codec.canonical import Json, canonical, digest_of, to_json
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image, ImageIndex
from twinbuild.model.lock import Lock, LockedBase, LockedDeb, LockedWheel, Target
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.verification import Identical

__all__ = ["MANIFEST_VERSION", "release_manifest", "source_digest"]

# Keys that came later, and stand there where they say something.
_WHERE_USED: Final = frozenset({"absent_libraries", "unasked_code"})
_OF_VARIANTS: Final = frozenset({"driver", "compute_capabilities", "base", "indexes", "resources"})
MANIFEST_VERSION: Final = "twinbuild/manifest/v1"


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
    commit: str = "",
    indexes: tuple[ImageIndex, ...] = (),
    variants: tuple[str, ...] = (),
) -> bytes:
    """The canonical bytes of the manifest. ``variants`` are all that the lock has, where the release has fewer.

    ``indexes`` are those of variants with several platforms, ``documents`` the other files of the release that it
    covers (path, digest, size in bytes); ``commit`` is the source commit where the spec says ``commit: record``, else
    "".
    """
    sections: dict[str, Any] = spec.model_dump(mode="python", by_alias=True)
    source = {key: value for key, value in sections["source"].items() if key != "commit"}
    source["digest"] = source_digest(lock)
    source["files"] = [
        {"path": file.path, "sha256": file.sha256.hex, "size": file.size, "executable": file.executable}
        for file in lock.source
    ]
    if commit:
        source["commit"] = commit
    locked = {artifact.name: artifact for artifact in lock.artifacts}
    model = dict(sections["model"])
    model["artifacts"] = [
        {**artifact, "sha256": locked[artifact["name"]].sha256.hex, "size": locked[artifact["name"]].size}
        for artifact in sections["model"]["artifacts"]
    ]
    document = {
        "apiVersion": MANIFEST_VERSION,
        "kind": "ReleaseManifest",
        "generator": {"name": "twinbuild", "version": __version__},
        "metadata": {**sections["metadata"], "source_date_epoch": epoch},
        "source": source,
        "model": model,
        "environment": {
            **{key: value for key, value in sections["environment"].items() if value or key != "steps"},
            "variants": [_said(variant, _OF_VARIANTS) for variant in sections["environment"]["variants"]],
            **({"subset_of": variants} if variants else {}),
            "images": [_image(image) for image in images],
            "indexes": [
                {"variant": index.variant, "digest": index.descriptor.digest, "platforms": index.platforms}
                for index in indexes
            ],
            "targets": [_target(target) for target in lock.targets],
            "suites": [
                {
                    "archive": index.archive,
                    "suite": index.suite,
                    "component": index.component,
                    "architecture": index.architecture,
                    "date": index.date,
                    "release": index.release,
                    "signed_by": index.signed_by,
                }
                for index in lock.indexes
            ],
        },
        "dependencies": {
            **_said(sections["dependencies"], _WHERE_USED),
            "lock": lock_digest,
            "resolver": {"pip": lock.resolver.pip, "pip-tools": lock.resolver.pip_tools},
        },
        **{
            key: sections[key]
            for key in (
                "configuration",
                "serving",
                "tests",
                "rollout",
                "observability",
                "services",
                "secrets",
                "publish",
                "governance",
                "build",
            )
        },
        "verification": {
            "verdict": "identical",
            "builds": 2,
            "variations": [
                {"name": variation.name, "description": variation.description} for variation in verification.variations
            ],
        },
        "documents": [{"path": path, "sha256": digest.hex, "size": size} for path, digest, size in sorted(documents)],
    }
    return canonical(_plain(document))


def _said(section: dict[str, Any], optional: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if value or key not in optional}


def _plain(value: object) -> Json:
    """Plain JSON: like ``to_json``, with tuples of the spec as lists."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return to_json(value)


def _image(image: Image) -> dict[str, object]:
    return {
        "variant": image.variant,
        "platform": image.platform,
        "digest": image.manifest.digest,
        "config": image.config.digest,
        "derivation": image.derivation,
        "layers": [
            {
                "title": layer.title,
                "diff_id": layer.diff_id,
                "digest": layer.blob.digest,
                "size": layer.blob.size,
                "uncompressed_size": layer.uncompressed_size,
                "media_type": layer.blob.media_type,
            }
            for layer in image.layers
        ],
    }


def _target(target: Target) -> dict[str, object]:
    return {
        "variant": target.variant,
        "platform": target.platform,
        "python": {"version": target.python.version, "glibc": target.python.glibc},
        **({"base": _base(target.base)} if target.base is not None else {}),
        "os_packages": [_deb(deb) for deb in target.debs],
        "wheels": [_wheel(wheel) for wheel in target.wheels],
    }


def _base(base: LockedBase) -> dict[str, object]:
    return {
        "reference": base.reference,
        "digest": base.manifest.digest,
        "index": base.index,
        "config": base.config.digest,
        "layers": [{"digest": layer.digest, "diff_id": layer.diff_id, "size": layer.size} for layer in base.layers],
        "system": base.system,
        "system_version": base.system_version,
        "python": f"/{base.executable}",
        "packages": len(base.packages),
    }


def _deb(deb: LockedDeb) -> dict[str, object]:
    return {
        "name": deb.name,
        "version": deb.version,
        "architecture": deb.architecture,
        "source": f"{deb.source} {deb.source_version}",
        "sha256": deb.sha256.hex,
        "requested": deb.requested,
    }


def _wheel(wheel: LockedWheel) -> dict[str, object]:
    return {
        "name": wheel.name,
        "version": wheel.version,
        "filename": wheel.filename,
        "index": wheel.index,
        "sha256": wheel.sha256.hex,
        "requested": wheel.requested,
        "requires": wheel.requires,
    }
