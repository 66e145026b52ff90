"""Signatures and statements beside an image in a registry, as cosign lays them out, and as OCI referrers.

cosign's tags are one manifest for each image, whose layers are the signatures (``sha256-HEX.sig``) or statements
(``sha256-HEX.att``) of everybody: what is there stays, ours join. A referrer is a manifest of its own with a subject.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.standard64 import encode_base64
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.oci.document import parse
from twinbuild.oci.image import CONFIG, MANIFEST, described

__all__ = ["EMPTY", "Attachment", "attachments_tag", "image_signature", "joined", "referrer", "statement"]

EMPTY: Final = b"{}"  # OCI image-spec, "Guidance for an Empty Descriptor"
_SIGNATURE: Final = "dev.cosignproject.cosign/signature"
_SIMPLE: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
_DSSE: Final = "application/vnd.dsse.envelope.v1+json"
_NEVER: Final = "0001-01-01T00:00:00Z"  # when cosign says that a signature was made
_LAYERS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One signature or statement: a layer, with what is said of it in the manifest."""

    content: bytes
    media_type: str
    annotations: tuple[tuple[str, str], ...]

    @property
    def descriptor(self) -> Descriptor:
        """What refers to its content."""
        return Descriptor(media_type=self.media_type, digest=Digest.of(self.content), size=len(self.content))

    def listed(self) -> dict[str, Json]:
        """Its entry among the layers."""
        return described(self.descriptor, annotations=self.annotations)


def image_signature(payload: bytes, sig: bytes) -> Attachment:
    """A signature of an image: the text is the layer, the signature an annotation."""
    return Attachment(content=payload, media_type=_SIMPLE, annotations=((_SIGNATURE, encode_base64(sig)),))


def statement(envelope: bytes, predicate_type: str) -> Attachment:
    """A statement in its DSSE envelope, which has the signatures."""
    annotations = ((_SIGNATURE, ""), ("predicateType", predicate_type))
    return Attachment(content=envelope, media_type=_DSSE, annotations=annotations)


def attachments_tag(image: Digest, kind: str) -> str:
    """The tag of cosign for what is attached to an image; ``kind`` is ``sig`` or ``att``."""
    return f"sha256-{image.hex}.{kind}"


def joined(found: bytes | None, attachments: Sequence[Attachment]) -> tuple[bytes, bytes | None]:
    """The manifest with ours behind what is found there, and its configuration; (found, None) where all is there.

    Raises IntegrityError TB4330, TB4335, TB4338 for a manifest that is none.
    """
    document: dict[str, Any] = {"mediaType": MANIFEST, "schemaVersion": 2}
    layers: list[Any] = []
    if found is not None:
        node = parse(found, "a manifest of signatures")
        document = dict(node.fields)
        entries = node.children("layers", _LAYERS)
        for entry in entries:
            entry.descriptor()
        layers = [entry.fields for entry in entries]
    fresh = [each.listed() for each in attachments if not any(_is(each, layer) for layer in layers)]
    if found is not None and not fresh:
        return found, None
    layers += fresh
    config = canonical(
        {
            "architecture": "",
            "config": {},
            "created": _NEVER,
            "history": [{"created": _NEVER} for _ in layers],
            "os": "",
            "rootfs": {"diff_ids": [layer["digest"] for layer in layers], "type": "layers"},
        }
    )
    document["config"] = described(Descriptor(media_type=CONFIG, digest=Digest.of(config), size=len(config)))
    document["layers"] = layers
    # Not canonical JSON: somebody else's manifest may have numbers that it has no spelling for.
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), config


def referrer(
    subject: Descriptor,
    artifact_type: str,
    attachments: Sequence[Attachment],
    annotations: Sequence[tuple[str, str]] = (),
) -> bytes:
    """A manifest that refers to an image (image-spec 1.1), with the empty configuration."""
    empty = Descriptor(media_type="application/vnd.oci.empty.v1+json", digest=Digest.of(EMPTY), size=len(EMPTY))
    document: dict[str, Json] = {
        "artifactType": artifact_type,
        "config": described(empty),
        "layers": [each.listed() for each in attachments],
        "mediaType": MANIFEST,
        "schemaVersion": 2,
        "subject": described(subject),
    }
    if annotations:
        document["annotations"] = dict(annotations)
    return canonical(document)


def _is(attachment: Attachment, layer: dict[str, Any]) -> bool:
    """Whether an entry among the layers is that attachment, whatever else somebody notes there."""
    noted = (layer.get("annotations") or {}).items()
    same = (layer["mediaType"], layer["digest"]) == (attachment.media_type, str(attachment.descriptor.digest))
    return same and set(attachment.annotations) <= set(noted)
