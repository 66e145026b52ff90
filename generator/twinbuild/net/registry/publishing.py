"""Manifests into a repository, byte for byte; and the list of referrers where the registry does not keep it itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from twinbuild.codec.canonical import Json
from twinbuild.errors import FetchError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.document import ACCEPT, INDEXES, FetchedManifest, ManifestParts, entries_of, parts_of
from twinbuild.net.registry.endpoint import Endpoint
from twinbuild.net.registry.fetching import fetch_manifest, head_manifest
from twinbuild.net.registry.listing import fallback_tag, referrers
from twinbuild.net.registry.refusals import CLIENT_ERRORS, refused, stored_other
from twinbuild.net.registry.upload import Sent
from twinbuild.net.registry.wire import Ask, Wire, scope
from twinbuild.oci.document import parse
from twinbuild.oci.image import described, index_document

__all__ = ["Stale", "publish"]

_LIMIT: Final = 1 << 20
_TRIES: Final = 5


class Stale(Exception):
    """What is to be sent was made from something that is not there any more: nothing was sent."""


def publish(
    wire: Wire,
    endpoint: Endpoint,
    reference: ImageReference,
    content: bytes,
    media_type: str,
    *,
    is_fresh: Callable[[], bool] = lambda: True,
) -> Sent:
    """Have a manifest or index under a tag or digest.

    ``is_fresh`` is asked before each try of sending it, the second after a failure included: Stale is raised where it
    says no. Raises FetchError TB3220 (refused), IntegrityError TB3222 (stored otherwise), and what ``Wire`` raises.
    """
    digest = Digest.of(content)
    assert reference.digest in (None, digest), "a manifest is pushed under its own digest"
    parts = _parts(content, media_type, digest) if media_type not in INDEXES else None
    subject = parts.subject if parts is not None else None
    if _is_there(wire, endpoint, reference, digest) and (
        subject is None or _refers(wire, endpoint, reference, digest, subject.digest)
    ):
        return Sent.PRESENT

    def body() -> bytes:
        if not is_fresh():
            raise Stale
        return content

    ask = Ask(
        method="PUT",
        url=endpoint.url(wire.scheme(endpoint), reference.repository, f"manifests/{reference.named}"),
        scopes=(scope(endpoint, reference.repository, "pull,push"),),
        accept=frozenset({200, 201, 202, 204, 501}) | CLIENT_ERRORS,
        headers=(("content-type", media_type),),
        body=body,
        length=len(content),
    )
    reply = wire.reply(ask, endpoint, limit=_LIMIT)
    if reply.status not in (200, 201, 202, 204):
        raise refused(reply, "take a manifest")
    stated = reply.header("docker-content-digest")
    if stated.startswith("sha256:") and stated != str(digest):
        raise stored_other(reply.url, f"the registry stored {stated[:80]!r}, expected {digest}")
    if parts is not None and subject is not None and not reply.header("oci-subject"):
        _list_referrer(
            wire, endpoint, reference, parts, Descriptor(media_type=media_type, digest=digest, size=len(content))
        )
    return Sent.UPLOADED


def _is_there(wire: Wire, endpoint: Endpoint, reference: ImageReference, digest: Digest) -> bool:
    try:
        found = head_manifest(wire, endpoint, reference, ACCEPT, actions="pull,push")
    except FetchError as error:
        if error.findings[0].code != "TB3202":
            raise
        return False
    return found is not None and found.digest == digest


def _refers(wire: Wire, endpoint: Endpoint, reference: ImageReference, digest: Digest, subject: Digest) -> bool:
    """Whether what is there is listed, too: who was killed before it was, or lost a race, left what nobody finds."""
    try:
        listed = referrers(wire, endpoint, reference, subject, artifact_type="")
    except TwinbuildError:
        return False  # then it is sent again, which says what is wrong
    return any(each.descriptor.digest == digest for each in listed)


def _parts(content: bytes, media_type: str, digest: Digest) -> ManifestParts | None:
    try:
        return parts_of(FetchedManifest(content=content, media_type=media_type, digest=digest))
    except TwinbuildError:
        return None  # of a kind that we do not read, and no referrer that we made


def _list_referrer(
    wire: Wire, endpoint: Endpoint, reference: ImageReference, parts: ManifestParts, descriptor: Descriptor
) -> None:
    """Add a manifest to the index under its subject's fallback tag ("Pushing Manifests with Subject").

    Everything else of that index stays as it is. Raises FetchError TB3236 where the tag is something else, TB8621.
    """
    assert parts.subject is not None
    tagged = reference.tagged(fallback_tag(parts.subject.digest))
    ours = _entry(descriptor, parts.artifact_type or parts.config.media_type, parts.annotations)
    for _ in range(_TRIES):  # what was written is looked at again: another writer may have taken it away
        found = _listed(wire, endpoint, tagged)
        if found is not None and any(each.descriptor.digest == descriptor.digest for each in entries_of(found)):
            return
        is_fresh = partial(_is_listed, wire, endpoint, tagged, found)
        with suppress(Stale):
            publish(wire, endpoint, tagged, _joined(found, ours), INDEXES[0], is_fresh=is_fresh)
    raise FetchError.of(
        "TB8621",
        f"others write the tag {tagged.tag} again and again: ours was taken away {_TRIES} times",
        hint="push again when they have ended",
        where=str(reference),
    )


def _joined(found: FetchedManifest | None, ours: Json) -> bytes:
    if found is None:
        return index_document([ours])
    document: dict[str, Any] = parse(found.content, str(found.digest)).fields
    # Not canonical JSON: somebody else's index may have numbers that it has no spelling for.
    whole = {**document, "manifests": [*document["manifests"], ours]}
    return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()


def _is_listed(wire: Wire, endpoint: Endpoint, tagged: ImageReference, found: FetchedManifest | None) -> bool:
    return _listed(wire, endpoint, tagged) == found


def _listed(wire: Wire, endpoint: Endpoint, tagged: ImageReference) -> FetchedManifest | None:
    """The index under the tag, None for nothing. Every kind is asked for: registries hide what was not."""
    try:
        found = fetch_manifest(wire, endpoint, tagged, ACCEPT)
    except FetchError as error:
        if error.findings[0].code != "TB3202":
            raise
        return None
    if found.media_type == INDEXES[0]:
        return found
    raise FetchError.of(
        "TB3236",
        f"the tag {tagged.tag} is {found.media_type}, expected an index of what refers to the image",
        hint="look whose it is, and delete the tag; or push without signatures: --no-signatures",
        where=str(tagged),
    )


def _entry(descriptor: Descriptor, artifact_type: str, annotations: tuple[tuple[str, str], ...]) -> Json:
    entry: dict[str, Json] = described(descriptor, annotations=annotations)
    return {**entry, "artifactType": artifact_type} if artifact_type else entry
