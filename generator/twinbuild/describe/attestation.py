"""What a signature of a release says: one in-toto statement that binds everything which the release is made of.

It follows from the release alone, byte for byte, so that whoever verifies it writes it again and compares, and so that
several people sign the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.describe.naming import PROJECT
from twinbuild.model.digest import Digest

__all__ = ["CYCLONEDX", "RELEASE", "release_attestation", "sbom_attestation"]

RELEASE: Final = f"{PROJECT.urn}#release/v1"
CYCLONEDX: Final = "https://cyclonedx.org/bom"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"


def release_attestation(manifest: Mapping[str, Any], digest: Digest, beside: Iterable[tuple[str, Digest]]) -> bytes:
    """The statement (in-toto Statement v1). ``beside``: the statements that no manifest can cover, by file name.

    Subjects, sorted by name: the release manifest and every document that it names, statements, images and their
    indexes (``image/VARIANT-PLATFORM``), files of the model (``model/NAME``).
    """
    metadata = manifest["metadata"]
    subjects = {"manifest.json": digest.hex, **{name: each.hex for name, each in beside}}
    subjects |= {entry["path"]: entry["sha256"] for entry in manifest["documents"]}
    subjects |= _images(manifest)
    for artifact in manifest["model"].get("artifacts", ()):
        subjects[f"model/{artifact['name']}"] = artifact["sha256"]
    verification = manifest["verification"]
    varied: list[Json] = [
        variation["name"] for variation in verification.get("variations", ())
    ]  # not in the first form
    tested: list[Json] = [
        {key: image[key] for key in ("variant", "platform", "verdict")} for image in manifest["tests"].get("images", ())
    ]
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": _named(subjects),
            "predicateType": RELEASE,
            "predicate": {
                "name": metadata["name"],
                "version": metadata["version"],
                "builds": {"count": verification["builds"], "varied": varied},
                "tests": tested,
            },
        }
    )


def sbom_attestation(manifest: Mapping[str, Any], sbom: Mapping[str, Any]) -> bytes:
    """The SBOM as a statement about the images and indexes, of the predicate type under which cosign looks for it."""
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": _named(_images(manifest)),
            "predicateType": CYCLONEDX,
            "predicate": sbom,
        }
    )


def _images(manifest: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of each image and index, by the names that they have as subjects."""
    found = {}
    environment = manifest["environment"]
    for image in environment["images"]:
        name = f"image/{image['variant']}-{str(image['platform']).replace('/', '-')}"
        found[name] = str(image["digest"]).removeprefix("sha256:")
    for index in environment.get("indexes", ()):
        found[f"image/{index['variant']}"] = str(index["digest"]).removeprefix("sha256:")
    return found


def _named(subjects: Mapping[str, str]) -> list[Json]:
    return [{"name": name, "digest": {"sha256": subjects[name]}} for name in sorted(subjects)]
