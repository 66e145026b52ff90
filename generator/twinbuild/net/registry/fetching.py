"""Reading from one endpoint of a registry: manifests and blobs, each checked against its digest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.address import redact
from twinbuild.net.download import Download
from twinbuild.net.failure import Broken
from twinbuild.net.registry.document import LARGEST_DOCUMENT, MEDIA_TYPES, FetchedManifest, kind_of
from twinbuild.net.registry.endpoint import Endpoint
from twinbuild.net.registry.wire import Ask, Reply, Wire, scope, unexpected

if TYPE_CHECKING:
    from twinbuild.net.transport import Exchange

__all__ = ["digest_header", "fetch_into", "fetch_manifest", "head_manifest", "no_image"]

_HINT: Final = "do not use the image; find out who changed it: the registry, a mirror or a proxy"
_DIGEST: Final = "docker-content-digest"


def no_image(where: str) -> FetchError:
    """The registry answered, and has no such manifest."""
    return FetchError.of(
        "TB3202",
        "the registry has no such image",
        hint="check repository, tag or digest; a private repository also answers so to whoever is not logged in",
        where=where,
    )


def digest_header(reply: Reply) -> Digest | None:
    """The digest that a registry states, None where it states none or one of another algorithm."""
    text = reply.header(_DIGEST).strip()
    try:
        return Digest.parse(text) if text.startswith("sha256:") else None
    except TwinbuildError:
        raise _contradicts(
            reply.url, f"the header Docker-Content-Digest is {text[:80]!r}, which is no digest"
        ) from None


def head_manifest(
    wire: Wire, endpoint: Endpoint, reference: ImageReference, accept: Sequence[str], *, actions: str = "pull"
) -> Descriptor | None:
    """What the registry says of a manifest, or None where it does not say all of it.

    Raises FetchError TB3202 and what ``Wire`` raises, IntegrityError TB3212.
    """
    reply = wire.reply(_ask(wire, endpoint, reference, accept, f"HEAD {actions}"), endpoint, limit=0)
    if reply.status in (404, 410):
        raise no_image(redact(reply.url) if endpoint.mirror else str(reference))
    digest, size = digest_header(reply), reply.header("content-length").strip()
    if reply.status != 200 or digest is None or reply.media_type not in MEDIA_TYPES:
        return None
    if not (size.isascii() and size.isdecimal() and len(size) < 10 and 0 < int(size) <= LARGEST_DOCUMENT):
        return None
    if reference.digest is not None and digest != reference.digest:
        raise _contradicts(reply.url, f"asked for {reference.digest}, the registry says that it is {digest}")
    return Descriptor(media_type=reply.media_type, digest=digest, size=int(size))


def fetch_manifest(wire: Wire, endpoint: Endpoint, reference: ImageReference, accept: Sequence[str]) -> FetchedManifest:
    """A manifest or index with its exact bytes.

    Raises FetchError TB3202, TB3213; IntegrityError TB3210 (not the bytes of the digest), TB3212 (an answer that
    contradicts itself), TB4330; and what ``Wire`` raises.
    """
    reply = wire.reply(_ask(wire, endpoint, reference, accept, "GET pull"), endpoint, limit=LARGEST_DOCUMENT)
    if reply.status in (404, 410):
        raise no_image(redact(reply.url) if endpoint.mirror else str(reference))
    if reply.status != 200:
        raise unexpected(reply, "the request for a manifest")
    content, where = reply.body, str(reference)
    if len(content) > LARGEST_DOCUMENT:
        raise _not_it(where, f"the manifest is larger than {LARGEST_DOCUMENT} bytes, which none may be")
    digest = Digest.of(content)
    if reference.digest is not None and digest != reference.digest:
        raise _not_it(where, f"got a manifest with {digest}, expected {reference.digest}")
    stated = digest_header(reply)
    if stated is not None and stated != digest:
        raise _contradicts(where, f"the registry says {stated} of a manifest with {digest}")
    media_type = kind_of(content, reply.media_type, where=where)
    return FetchedManifest(content=content, media_type=media_type, digest=digest)


def fetch_into(
    wire: Wire,
    endpoint: Endpoint,
    repository: str,
    descriptor: Descriptor,
    download: Download,
) -> None:
    """Continue a download of a blob from an endpoint until it is whole; ``download`` may have begun elsewhere.

    Raises FetchError TB3203 (no such blob) and what ``Wire`` raises; IntegrityError TB3027, TB3032, TB3211.
    """
    url = endpoint.url(wire.scheme(endpoint), repository, f"blobs/{descriptor.digest}")

    def ask() -> Ask:
        return Ask(
            method="GET",
            url=url,
            scopes=(scope(endpoint, repository, "pull"),),
            accept=download.accept | {404, 410},
            headers=tuple(download.headers().items()),
        )

    def take(exchange: Exchange) -> None:
        if exchange.status in (404, 410):
            raise FetchError.of(
                "TB3203",
                "the registry has no such blob",
                hint="ask who pushed the image to push it again; a registry that collected garbage may have lost it",
                where=redact(url),
            )
        try:
            download.take(exchange)
        except Broken as broken:
            if broken.code != "TB3030":
                raise
            raise blob_differs(redact(url), broken.reason) from None  # it ended in order: the answer itself is short
        except IntegrityError as error:
            if error.findings[0].code != "TB3030":
                raise
            raise blob_differs(redact(url), error.findings[0].message) from None

    wire.stream(ask, endpoint, take, download.progressed)
    if download.received != descriptor.size:
        raise blob_differs(redact(url), f"got {counted(download.received, 'byte')}, expected {descriptor.size}")
    if download.digest != descriptor.digest:
        raise blob_differs(redact(url), f"got a blob with {download.digest}, expected {descriptor.digest}")


def blob_differs(where: str, reason: str) -> IntegrityError:
    """The bytes are not those that the digest names."""
    return IntegrityError.of("TB3211", reason, hint=_HINT, where=where)


def _ask(wire: Wire, endpoint: Endpoint, reference: ImageReference, accept: Sequence[str], what: str) -> Ask:
    method, _, actions = what.partition(" ")
    unsure = frozenset({400, 405, 406, 415, 501}) if method == "HEAD" else frozenset()  # no HEAD here: a GET will tell
    return Ask(
        method=method,
        url=endpoint.url(wire.scheme(endpoint), reference.repository, f"manifests/{reference.named}"),
        scopes=(scope(endpoint, reference.repository, actions),),
        accept=frozenset({200, 404, 410}) | unsure,
        headers=(("accept", ", ".join(accept)),),
    )


def _not_it(where: str, reason: str) -> IntegrityError:
    return IntegrityError.of("TB3210", reason, hint=_HINT, where=where)


def _contradicts(where: str, reason: str) -> IntegrityError:
    return IntegrityError.of("TB3212", reason, hint=_HINT, where=redact(where))
