"""What a lock and the images say, as parts of the release manifest."""

from __future__ import annotations

from twinbuild.model.image import Image
from twinbuild.model.lock import (
    AptIndex,
    LockedBase,
    LockedDeb,
    LockedSdist,
    LockedSourceFile,
    LockedStep,
    LockedWheel,
    Target,
)

__all__ = ["beside_part", "file_part", "image_part", "suite_part", "target_part"]


def image_part(image: Image) -> dict[str, object]:
    """An image with its layers."""
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


def target_part(target: Target) -> dict[str, object]:
    """What the image of a variant on a platform is made of."""
    return {
        "variant": target.variant,
        "platform": target.platform,
        "python": {"version": target.python.version, "glibc": target.python.glibc},
        **({"base": _base(target.base)} if target.base is not None else {}),
        "os_packages": [_deb(deb) for deb in target.debs],
        "wheels": [_wheel(wheel) for wheel in target.wheels],
        "steps": [_step(step) for step in target.steps],
    }


def beside_part(target: Target) -> dict[str, object]:
    """The wheels of a target that enter no image."""
    return {
        "variant": target.variant,
        "platform": target.platform,
        "build": [_wheel(wheel) for wheel in target.build],
        "development": [_wheel(wheel) for wheel in target.development],
        "test": [_wheel(wheel) for wheel in target.test],
    }


def suite_part(index: AptIndex) -> dict[str, object]:
    """A suite as it was read."""
    return {
        "archive": index.archive,
        "suite": index.suite,
        "component": index.component,
        "architecture": index.architecture,
        "date": index.date,
        "release": index.release,
        "signed_by": index.signed_by,
    }


def file_part(file: LockedSourceFile) -> dict[str, object]:
    """A file of the application or of a step."""
    return {"path": file.path, "sha256": file.sha256.hex, "size": file.size, "executable": file.executable}


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


def _sdist(sdist: LockedSdist) -> dict[str, object]:
    return {
        "name": sdist.name,
        "version": sdist.version,
        "filename": sdist.filename,
        "index": sdist.index,
        "sha256": sdist.sha256.hex,
    }


def _step(step: LockedStep) -> dict[str, object]:
    return {
        "name": step.name,
        "os_packages": [_deb(deb) for deb in step.debs],
        "wheels": [_wheel(wheel) for wheel in step.wheels],
        "sdists": [_sdist(sdist) for sdist in step.sdists],
        "files": [file_part(file) for file in step.files],
    }
