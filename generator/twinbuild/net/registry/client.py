"""The client of OCI registries: what the rest of twinbuild asks of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from twinbuild.codec.amounts import counted
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference, PinnedReference
from twinbuild.model.settings import Settings
from twinbuild.net.download import Download
from twinbuild.net.http import HttpClient
from twinbuild.net.registry.document import ACCEPT, Entry, FetchedManifest
from twinbuild.net.registry.endpoint import Endpoint, endpoints_of, own_endpoint
from twinbuild.net.registry.fetching import blob_differs, fetch_into, fetch_manifest, head_manifest
from twinbuild.net.registry.guard import Guard
from twinbuild.net.registry.holding import delete_manifest, has_blob
from twinbuild.net.registry.listing import referrers, tags
from twinbuild.net.registry.logins import Logins
from twinbuild.net.registry.publishing import publish
from twinbuild.net.registry.upload import CHUNK, BlobSource, Sent, upload
from twinbuild.net.registry.wire import Wire
from twinbuild.ports import BlobSink, Progress, silent

__all__ = ["RegistryClient"]

Reference = ImageReference | PinnedReference
_Result = TypeVar("_Result")
_ABSENT: Final = frozenset({"TB3202", "TB3203"})
_AWAY: Final = frozenset({"TB3016", "TB3020", "TB3021"})


class RegistryClient:
    """Reads from registries and their mirrors, and writes to registries. Safe to use from several threads.

    A mirror that has not what is asked for, or cannot be reached, is passed over; one that refuses us or serves wrong
    bytes ends the command. ``logins`` is where credentials come from (None: nobody is logged in).
    """

    def __init__(
        self,
        settings: Settings,
        *,
        logins: Logins | None = None,
        http: HttpClient | None = None,
        clock: Callable[[], float] = time.monotonic,
        chunk: int = CHUNK,
    ) -> None:
        self._settings = settings
        self._chunk = chunk  # bytes of one request of an upload
        self.http = http or HttpClient(settings)
        guard = Guard(settings, self.http, logins or Logins(None, runner=None, environment={}), clock=clock)
        self.wire = Wire(settings, self.http, guard)
        self._away: set[Endpoint] = set()

    def manifest(self, reference: Reference, accept: Sequence[str] = ACCEPT) -> FetchedManifest:
        """A manifest or index, byte for byte, checked against the digest of the reference where it has one.

        Raises FetchError TB3202 (no such image), TB3204, TB3205, TB3213, TB30xx; IntegrityError TB3210, TB3212, TB4330.
        """
        wanted = _plain(reference)
        return self._somewhere(wanted, lambda endpoint: fetch_manifest(self.wire, endpoint, wanted, accept))

    def resolve(self, reference: Reference, accept: Sequence[str] = ACCEPT) -> Descriptor:
        """What a reference names now, by HEAD, or by GET where that does not say all. Raises likewise."""
        wanted = _plain(reference)

        def ask(endpoint: Endpoint) -> Descriptor:
            return (
                head_manifest(self.wire, endpoint, wanted, accept)
                or fetch_manifest(self.wire, endpoint, wanted, accept).descriptor
            )

        return self._somewhere(wanted, ask)

    def fetch_blob(
        self, reference: Reference, descriptor: Descriptor, store: BlobSink, progress: Progress = silent
    ) -> bool:
        """Bring a blob of the repository into the store; whether anything had to be fetched.

        A broken connection is resumed where it broke, at the next mirror too. Raises FetchError TB3203 and as
        ``manifest``; IntegrityError TB3211 for other bytes or another length than the descriptor says; nothing is
        stored then.
        """
        wanted, digest = _plain(reference), descriptor.digest
        if store.has(digest):
            if (size := store.size(digest)) != descriptor.size:
                raise blob_differs(
                    str(digest), f"the descriptor says {counted(descriptor.size, 'byte')}, the blob has {size}"
                )
            return False
        activity = f"fetching {digest.hex[:12]}"
        with store.writer() as writer:
            done = 0

            def advance(count: int) -> None:
                nonlocal done
                done += count
                progress(activity, done, descriptor.size)

            download = Download(
                writer, size=descriptor.size, limit=descriptor.size, where=f"{wanted.name}@{digest}", advance=advance
            )
            self._somewhere(
                wanted, lambda endpoint: fetch_into(self.wire, endpoint, wanted.repository, descriptor, download)
            )
            writer.commit(digest)
        return True

    def push_blob(
        self,
        reference: Reference,
        descriptor: Descriptor,
        source: BlobSource,
        progress: Progress = silent,
        *,
        mount_from: Sequence[str] = (),
    ) -> Sent:
        """Have a blob in the repository, sending what it lacks; ``mount_from`` are repositories that may have it.

        Raises FetchError TB3204, TB3220, TB3221, TB30xx; IntegrityError TB3222, and what ``source.check`` raises.
        """
        wanted, digest = _plain(reference), descriptor.digest
        activity = f"sending {digest.hex[:12]}"
        return upload(
            self.wire,
            own_endpoint(wanted.registry, self._settings),
            wanted.repository,
            descriptor,
            source,
            mount_from=mount_from,
            advance=lambda done: progress(activity, done, descriptor.size),
            chunk=self._chunk,
        )

    def put_manifest(
        self,
        reference: Reference,
        content: bytes,
        media_type: str,
        *,
        is_fresh: Callable[[], bool] = lambda: True,
    ) -> Sent:
        """Have a manifest or index in the repository, byte for byte, under the reference's tag or digest.

        ``is_fresh`` is asked right before each try, and Stale is raised where it says no. Raises FetchError
        TB3204, TB3220, TB30xx; IntegrityError TB3222 where the registry stored something else.
        """
        wanted = _plain(reference)
        return publish(
            self.wire, own_endpoint(wanted.registry, self._settings), wanted, content, media_type, is_fresh=is_fresh
        )

    def own_manifest(self, reference: Reference) -> FetchedManifest | None:
        """What the registry itself, and no mirror, has under a tag now; None for nothing. Raises as ``manifest``."""
        wanted = _plain(reference)
        try:
            return fetch_manifest(self.wire, own_endpoint(wanted.registry, self._settings), wanted, ACCEPT)
        except FetchError as error:
            if error.findings[0].code != "TB3202":
                raise
            return None

    def own_blob(self, reference: Reference, digest: Digest) -> bool:
        """Whether the registry itself, and no mirror, has a blob in the repository. Raises as ``manifest``."""
        wanted = _plain(reference)
        return has_blob(self.wire, own_endpoint(wanted.registry, self._settings), wanted.repository, digest)

    def delete_manifest(self, reference: Reference, digest: Digest) -> bool:
        """Delete a manifest or index with all its tags; whether it was there. Raises FetchError TB9160, TB3220."""
        wanted = _plain(reference)
        return delete_manifest(self.wire, own_endpoint(wanted.registry, self._settings), wanted.repository, digest)

    def list_tags(self, reference: Reference) -> tuple[str, ...]:
        """All tags of the repository, sorted. Raises FetchError TB3202 and as ``manifest``."""
        wanted = _plain(reference)
        return self._somewhere(wanted, lambda endpoint: tags(self.wire, endpoint, wanted))

    def referrers(self, reference: PinnedReference, artifact_type: str = "") -> tuple[Entry, ...]:
        """What refers to a manifest, by the referrers API, else by the fallback tag. Raises as ``manifest``."""
        wanted = _plain(reference)
        return self._somewhere(
            wanted,
            lambda endpoint: referrers(self.wire, endpoint, wanted, reference.digest, artifact_type=artifact_type),
        )

    def close(self) -> None:
        """Close idle connections."""
        self.http.close()

    def _somewhere(self, reference: ImageReference, ask: Callable[[Endpoint], _Result]) -> _Result:
        """Ask the mirrors of a registry and then itself, until one has it."""
        *mirrors, own = endpoints_of(reference, self._settings)
        earlier: list[FetchError] = []
        for endpoint in mirrors:
            if endpoint in self._away:
                continue
            try:
                return ask(endpoint)
            except FetchError as error:
                code = error.findings[0].code
                if code not in _ABSENT | _AWAY:
                    raise
                if code in _AWAY:
                    self._away.add(endpoint)
                earlier.append(error)
        try:
            return ask(own)
        except IntegrityError:
            raise
        except FetchError as error:
            raise FetchError(error.findings + tuple(item for one in earlier for item in one.findings)) from None


def _plain(reference: Reference) -> ImageReference:
    return reference.unpinned() if isinstance(reference, PinnedReference) else reference
