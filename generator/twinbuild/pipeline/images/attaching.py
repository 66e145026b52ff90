"""Attach: what was signed of a release goes beside its images into a repository, where other tools look for it.

Twice: under cosign's tags, which a plain ``cosign verify`` reads, and as OCI referrers, which registries list. What
somebody else attached stays. Nothing is verified by keys here, for the reader has them; that the signatures are about
this release is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twinbuild.codec.dsse import IN_TOTO, decode_envelope
from twinbuild.codec.imagesignatures import decode_image_signatures
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.listing import fallback_tag
from twinbuild.net.registry.publishing import Stale
from twinbuild.net.registry.upload import Sent
from twinbuild.oci.cosign import EMPTY, Attachment, attachments_tag, image_signature, joined, referrer, statement
from twinbuild.oci.image import MANIFEST
from twinbuild.pipeline.images.transfer import Moved
from twinbuild.pipeline.observed import SIGNATURES
from twinbuild.pipeline.reading.attested import ENVELOPES, IMAGES, claims_of, payloads_of, signatures_of, texts_to_sign
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.reading.validating import require_format

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.net.registry.client import RegistryClient

__all__ = ["Attachments", "attach", "attachments_of"]

_SIGNATURES: Final = "application/vnd.dev.cosign.artifact.sig.v1+json"  # what cosign takes a referrer for
_STATEMENT: Final = "application/vnd.in-toto+json"
_TRIES: Final = 5
_PAUSE: Final = 0.1  # seconds, more with each try: others are writing
_AGAIN: Final = "take the release from where it was signed again, or leave them out: --no-signatures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """Signatures and statements (with their predicate types) that are about one image or index."""

    signatures: tuple[Attachment, ...]
    statements: tuple[tuple[str, Attachment], ...]


def attachments_of(layout: Path, repository: str = "") -> dict[Digest, Attachments]:
    """What was signed of the images of a layout that lies in a release, by their digests; {} where nothing was.

    Of the signatures of an image those are taken that name the repository (``HOST/NAME``), and where none does, as in
    one that the spec does not name, all. Raises PolicyRefused TB8611, IntegrityError TB7607 for what is no release
    manifest, and TB8619 for signatures of something else than this release.
    """
    directory = layout.parent
    if layout.name != "image" or not (directory / "release.digest").is_file():
        return {}
    files = {path.removeprefix(f"{SIGNATURES}/"): content for path, content in signatures_of(directory).items()}
    if not files:
        return {}
    release = read_release(directory)
    require_format(release.path, release.document)  # what is no release manifest cannot be read as one
    signatures = _signatures(release, files, repository)
    statements = _statements(release, files)
    return {
        image: Attachments(signatures=signatures.get(image, ()), statements=statements.get(image, ()))
        for image in signatures.keys() | statements.keys()
    }


def attach(
    client: RegistryClient, reference: ImageReference, images: Sequence[Descriptor], found: Mapping[Digest, Attachments]
) -> tuple[Moved, ...]:
    """Have the attachments of images in a repository, which has the images already; what each blob and manifest took.

    A registry has no way to change a tag only if nobody else did: what was written, the lists of referrers included, is
    looked at again at the end, and written again where another writer took it away. Raises FetchError TB3236 where a
    tag of cosign's, or of such a list, holds something else, TB8621 where others write it again and again, and what
    ``RegistryClient`` raises.
    """
    moved: dict[Digest, Moved] = {}
    todo: list[tuple[str, Callable[[], bool]]] = []
    for image in images:
        about = found.get(image.digest)
        if about is None:
            continue
        beside = _Beside(client, reference, image, moved)
        statements = [each for _, each in about.statements]
        for kind, attachments in (("sig", about.signatures), ("att", statements)):
            if attachments:
                todo.append((attachments_tag(image.digest, kind), partial(beside.tag, kind, attachments)))
        listed = fallback_tag(image.digest)
        if about.signatures:
            todo.append((listed, partial(beside.refer, _SIGNATURES, about.signatures)))
        for kind, each in about.statements:
            named = (("in-toto.io/predicate-type", kind),)
            todo.append((listed, partial(beside.refer, _STATEMENT, (each,), named)))
    for tried in range(_TRIES + 1):
        time.sleep(_PAUSE * max(tried - 1, 0))
        todo = [(tag, write) for tag, write in todo if write()]
        if not todo:
            return tuple(moved.values())
    raise FetchError.of(
        "TB8621",
        f"others write the tag {todo[0][0]} again and again: ours was taken away {_TRIES} times",
        hint="push again when they have ended; or push without signatures: --no-signatures",
        where=str(reference),
    )


class _Beside:
    """What lies beside one image of a repository."""

    def __init__(
        self, client: RegistryClient, reference: ImageReference, image: Descriptor, moved: dict[Digest, Moved]
    ) -> None:
        self._client, self._reference, self._image, self._moved = client, reference, image, moved

    def tagged(self, kind: str) -> ImageReference:
        """Cosign's tag."""
        return self._reference.tagged(attachments_tag(self._image.digest, kind))

    def tag(self, kind: str, attachments: Sequence[Attachment]) -> bool:
        """Join attachments to those under cosign's tag; whether anything had to be written."""
        tagged = self.tagged(kind)
        found = self._client.own_manifest(tagged)
        if found is not None and found.is_index:
            raise FetchError.of(
                "TB3236",
                f"the tag {tagged.tag} is an index, expected a manifest of signatures",
                hint="look whose it is, and delete the tag; or push without signatures: --no-signatures",
                where=str(tagged),
            )
        content, config = joined(found.content if found is not None else None, attachments)
        if config is None:
            digest = Digest.of(content)
            self._moved.setdefault(digest, Moved(digest=digest, size=len(content), how=Sent.PRESENT))
            return False
        for each in (config, *(attachment.content for attachment in attachments)):
            self._blob(each)
        with suppress(Stale):  # another one came meanwhile, to which ours is joined at the next try
            media_type = found.media_type if found is not None else MANIFEST
            self._manifest(tagged, content, media_type, is_fresh=lambda: self._client.own_manifest(tagged) == found)
        return True

    def refer(
        self, artifact_type: str, attachments: Sequence[Attachment], annotations: Sequence[tuple[str, str]] = ()
    ) -> bool:
        """Have a referrer; whether it had to be written into a list under a tag, as others may do at the same time.

        A registry that keeps the list itself has no such tag, and is believed: it may show the list later.
        """
        content = referrer(self._image, artifact_type, attachments, annotations)
        for each in (EMPTY, *(attachment.content for attachment in attachments)):
            self._blob(each)
        written = self._manifest(self._reference.pinned(Digest.of(content)).unpinned(), content, MANIFEST)
        listed = self._reference.tagged(fallback_tag(self._image.digest))
        return written and self._client.own_manifest(listed) is not None

    def _blob(self, content: bytes) -> None:
        digest = Digest.of(content)
        if digest in self._moved:
            return
        from twinbuild.store.memory import MemoryStore

        source = MemoryStore()
        source.put(content)
        descriptor = Descriptor(media_type="application/octet-stream", digest=digest, size=len(content))
        how = self._client.push_blob(self._reference, descriptor, source)
        self._moved[digest] = Moved(digest=digest, size=len(content), how=how)

    def _manifest(
        self,
        reference: ImageReference,
        content: bytes,
        media_type: str,
        *,
        is_fresh: Callable[[], bool] = lambda: True,
    ) -> bool:
        how = self._client.put_manifest(reference, content, media_type, is_fresh=is_fresh)
        digest = Digest.of(content)
        if digest not in self._moved or how is not Sent.PRESENT:
            self._moved[digest] = Moved(digest=digest, size=len(content), how=how)
        return how is not Sent.PRESENT


def _signatures(release: Released, files: Mapping[str, bytes], repository: str) -> dict[Digest, tuple[Attachment, ...]]:
    claims = claims_of(release)
    meant = [claim.repository == repository for claim in claims]
    found: dict[Digest, list[Attachment]] = {}
    for name, content in files.items():
        if not IMAGES.fullmatch(name):
            continue
        signatures = decode_image_signatures(content, name=f"{SIGNATURES}/{name}")
        if [each.payload for each in signatures] != [claim.payload for claim in claims]:
            raise _of_something_else(name)
        for claim, ours, each in zip(claims, meant, signatures, strict=True):
            if ours or not any(meant):
                found.setdefault(claim.image, []).append(image_signature(each.payload, each.sig))
    return {image: tuple(attachments) for image, attachments in found.items()}


def _statements(release: Released, files: Mapping[str, bytes]) -> dict[Digest, tuple[tuple[str, Attachment], ...]]:
    """Each envelope, by the images that are among its subjects."""
    found: dict[Digest, list[tuple[str, Attachment]]] = {}
    payloads = payloads_of(release.document, release.digest, texts_to_sign(release))
    images = {claim.image.hex: claim.image for claim in claims_of(release)}
    for name in ENVELOPES:
        if name not in files:
            continue
        envelope = decode_envelope(files[name], name=f"{SIGNATURES}/{name}")
        if (envelope.payload_type, envelope.payload) != (IN_TOTO, payloads.get(name)):
            raise _of_something_else(name)
        kind, subjects = _about(envelope.payload, name)
        for image in sorted(images.keys() & subjects):
            found.setdefault(images[image], []).append((kind, statement(files[name], kind)))
    return {image: tuple(attachments) for image, attachments in found.items()}


def _about(payload: bytes, name: str) -> tuple[str, set[str]]:
    """The predicate type and the digests of a statement."""
    try:
        value: Any = parse_json(name, payload)[0]
        return str(value["predicateType"]), {str(subject["digest"]["sha256"]) for subject in value["subject"]}
    except (JsonProblem, LookupError, TypeError):
        raise _of_something_else(name) from None


def _of_something_else(name: str) -> IntegrityError:
    message = f"{SIGNATURES}/{name} signs something else than this release and its images"
    return IntegrityError.of("TB8619", message, hint=_AGAIN, where=f"{SIGNATURES}/{name}")
