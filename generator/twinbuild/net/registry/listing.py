"""Lists that a registry gives: the tags of a repository, and what refers to a manifest."""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import urlencode

from twinbuild.errors import FetchError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.reference import TAG, ImageReference
from twinbuild.net.address import Address, redact
from twinbuild.net.registry.document import INDEXES, LARGEST_DOCUMENT, Entry, FetchedManifest, entries_of, kind_of
from twinbuild.net.registry.endpoint import Endpoint
from twinbuild.net.registry.fetching import fetch_manifest, no_image
from twinbuild.net.registry.wire import Ask, Reply, Wire, scope, unexpected

__all__ = ["fallback_tag", "referrers", "tags"]

_PAGE: Final = 1000
_PAGES: Final = 1000
_NEXT: Final = re.compile(r'<([^<>]{1,4096})>\s*;[^,]*\brel="?next"?', re.ASCII)


def fallback_tag(digest: Digest) -> str:
    """The tag under which a registry without the referrers API keeps that list (distribution-spec, "Referrers Tag")."""
    return f"sha256-{digest.hex}"


def tags(wire: Wire, endpoint: Endpoint, reference: ImageReference) -> tuple[str, ...]:
    """All tags of a repository, sorted. Raises FetchError TB3202, TB3025 (no such list), and what ``Wire`` raises."""
    found: set[str] = set()
    for reply in _pages(wire, endpoint, reference, "tags/list", [("n", str(_PAGE))]):
        try:
            listed = json.loads(reply.body)["tags"] or []
        except (ValueError, KeyError, TypeError, RecursionError):
            listed = None
        if not isinstance(listed, list) or not all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in listed):
            raise _malformed(reply, "tags")
        found.update(listed)
    return tuple(sorted(found))


def referrers(
    wire: Wire, endpoint: Endpoint, reference: ImageReference, digest: Digest, *, artifact_type: str
) -> tuple[Entry, ...]:
    """Manifests whose subject is ``digest``; ``artifact_type`` "" for all.

    A registry without the API is asked for the index under the fallback tag. Raises what ``fetch_manifest`` raises.
    """
    query = [("artifactType", artifact_type)] if artifact_type else []
    found: list[Entry] = []
    try:
        for reply in _pages(wire, endpoint, reference, f"referrers/{digest}", query):
            if reply.media_type != INDEXES[0]:  # a registry that knows no such path, and answers with some page
                raise no_image(redact(reply.url))
            kind_of(reply.body, reply.media_type, where=redact(reply.url))
            found += entries_of(
                FetchedManifest(content=reply.body, media_type=reply.media_type, digest=Digest.of(reply.body))
            )
    except FetchError as error:
        if error.findings[0].code != "TB3202":
            raise
        found = list(_fallback(wire, endpoint, reference, digest))
    return tuple(entry for entry in found if artifact_type in ("", entry.artifact_type))


def _fallback(wire: Wire, endpoint: Endpoint, reference: ImageReference, digest: Digest) -> tuple[Entry, ...]:
    try:
        index = fetch_manifest(wire, endpoint, reference.tagged(fallback_tag(digest)), INDEXES[:1])
    except FetchError as error:
        if error.findings[0].code != "TB3202":
            raise
        return ()
    return entries_of(index) if index.is_index else ()


def _pages(
    wire: Wire, endpoint: Endpoint, reference: ImageReference, path: str, query: list[tuple[str, str]]
) -> list[Reply]:
    """A list with all its pages, which stay where the first one was."""
    url = endpoint.url(wire.scheme(endpoint), reference.repository, path, urlencode(query))
    first, seen = Address.parse(url), {url}
    replies: list[Reply] = []
    while True:
        ask = Ask(
            method="GET",
            url=url,
            scopes=(scope(endpoint, reference.repository, "pull"),),
            accept=frozenset({200, 400, 404, 405, 410, 501}),
        )
        reply = wire.reply(ask, endpoint, limit=LARGEST_DOCUMENT)
        if reply.status in (404, 405, 410, 501) or (reply.status == 400 and not replies):
            raise no_image(redact(url))
        if reply.status != 200:
            raise unexpected(reply, "the request for a list")
        if len(reply.body) > LARGEST_DOCUMENT:
            raise _malformed(reply, "entries of at most 4 MiB a page")
        replies.append(reply)
        link = _NEXT.search(reply.header("link"))
        if link is None:
            return replies
        try:
            following = Address.parse(first.follow(link[1]))
        except (TwinbuildError, ValueError):
            raise _malformed(reply, "pages") from None
        url = str(following)
        if following.origin != first.origin or url in seen or len(replies) >= _PAGES:
            raise _malformed(reply, "pages that end")
        seen.add(url)


def _malformed(reply: Reply, what: str) -> TwinbuildError:
    return FetchError.of(
        "TB3025",
        f"the registry's answer is no list of {what}",
        hint="check that the address belongs to a registry; a proxy may stand in between",
        where=redact(reply.url),
    )
