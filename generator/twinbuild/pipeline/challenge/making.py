"""A rebuilder's part: build every image anew, nothing taken from an earlier build, and sign what they are."""

from __future__ import annotations

import platform

from twinbuild import __version__
from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, encode_envelope, pae
from twinbuild.codec.lock import encode_lock
from twinbuild.describe.manifest import source_digest
from twinbuild.describe.rebuilt import encode_rebuilt
from twinbuild.govern.signer import Signer
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock
from twinbuild.model.rebuilt import Rebuilt, RebuiltImage
from twinbuild.pipeline.build.rebuilding import rebuild
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project

__all__ = ["rebuild_images", "sign_rebuilt", "statement_name"]


def rebuild_images(project: Project, lock: Lock, machine: Machine, *, epoch: int) -> Rebuilt:
    """What the images of a spec are, built from spec, lock and stored inputs with an empty cache of layers.

    Raises as a build does.
    """
    images = rebuild(
        {
            "spec": str(project.spec_path),
            "overlays": [str(path) for path in project.overlays],
            "variants": list(project.variants),
            "store": str(machine.settings.store),
            "scratch": str(machine.scratch / "rebuild"),
            "epoch": epoch,
        }
    )
    found = (
        RebuiltImage(
            variant=image.variant,
            platform=str(image.platform),
            derivation=image.derivation,
            digest=image.manifest.digest,
        )
        for image in images
    )
    metadata = project.spec.metadata
    return Rebuilt(
        name=metadata.name,
        version=metadata.version,
        lock=Digest.of(encode_lock(lock)),
        source=source_digest(lock),
        images=tuple(sorted(found, key=lambda each: each.name)),
        tool=__version__,
        python=platform.python_version(),
    )


def sign_rebuilt(rebuilt: Rebuilt, signer: Signer) -> bytes:
    """The statement in a DSSE envelope with this key's signature."""
    payload = encode_rebuilt(rebuilt)
    signature = Signature(keyid=signer.public.keyid, sig=signer.sign(pae(IN_TOTO, payload)))
    return encode_envelope(Envelope(payload_type=IN_TOTO, payload=payload, signatures=(signature,)))


def statement_name(rebuilt: Rebuilt, keyid: str) -> str:
    """The file name of a statement: by whom it is about what."""
    return f"{rebuilt.name}-{rebuilt.version}.rebuild.{keyid[:16]}.dsse.json"
