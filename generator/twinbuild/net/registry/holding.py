"""What a repository holds, and taking a manifest out of it (distribution-spec, "Deleting Manifests").

Blobs are not deleted: a registry collects those that no manifest of the repository names, when its operator says so.
"""

from __future__ import annotations

from typing import Final

from twinbuild.errors import FetchError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.net.address import redact
from twinbuild.net.registry.endpoint import Endpoint
from twinbuild.net.registry.refusals import CLIENT_ERRORS, refused
from twinbuild.net.registry.wire import Ask, Wire, scope, unexpected

__all__ = ["delete_manifest", "has_blob"]

_LIMIT: Final = 64 << 10
_GONE: Final = frozenset({404, 410})


def has_blob(wire: Wire, endpoint: Endpoint, repository: str, digest: Digest) -> bool:
    """Whether a repository says that it has a blob. Raises what ``Wire`` raises."""
    reply = wire.reply(
        Ask(
            method="HEAD",
            url=endpoint.url(wire.scheme(endpoint), repository, f"blobs/{digest}"),
            scopes=(scope(endpoint, repository, "pull"),),
            accept=frozenset({200}) | _GONE,
        ),
        endpoint,
        limit=0,
    )
    return reply.status == 200


def delete_manifest(wire: Wire, endpoint: Endpoint, repository: str, digest: Digest) -> bool:
    """Delete a manifest or index, with the tags that lead to it; whether it was there.

    Raises FetchError TB9160 where the registry deletes nothing, TB3220 where it would not, and what ``Wire`` raises.
    """
    reply = wire.reply(
        Ask(
            method="DELETE",
            url=endpoint.url(wire.scheme(endpoint), repository, f"manifests/{digest}"),
            scopes=(scope(endpoint, repository, "delete,pull"),),
            accept=frozenset({200, 202, 204, 501}) | CLIENT_ERRORS,
        ),
        endpoint,
        limit=_LIMIT,
    )
    if reply.status in _GONE:
        return False
    if reply.status in (405, 501) or b'"UNSUPPORTED"' in reply.body:
        raise _deletes_nothing(redact(reply.url), reply.status)
    if reply.status in CLIENT_ERRORS:
        raise refused(reply, "delete a manifest")
    if reply.status not in (200, 202, 204):
        raise unexpected(reply, "the deletion of a manifest")
    return True


def _deletes_nothing(where: str, status: int) -> TwinbuildError:
    return FetchError.of(
        "TB9160",
        f"the registry deletes nothing (status {status}), so that all that was archived there stays",
        hint="have its operator switch deletion on (docker-registry: REGISTRY_STORAGE_DELETE_ENABLED=true), and run it "
        "again",
        where=where,
    )
