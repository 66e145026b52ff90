"""A base in a registry, asked for by the registry client: mirrors, logins and digests are its business."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.client import RegistryClient
from twinbuild.ports import Progress, Store

__all__ = ["RegistrySource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySource:
    """Implements ``BaseSource`` for one repository. ``name`` is as the lock has it: registry and repository."""

    client: RegistryClient
    name: str

    def manifest(self, reference: str) -> tuple[str, bytes]:
        """What a tag or digest names, checked against the digest. Raises as ``RegistryClient.manifest``."""
        repository = ImageReference.parse(self.name)
        wanted = (
            repository.pinned(Digest.parse(reference))
            if reference.startswith("sha256:")
            else repository.tagged(reference)
        )
        found = self.client.manifest(wanted)
        return found.media_type, found.content

    def fetch(self, blob: Descriptor, store: Store, progress: Progress) -> None:
        """Bring a blob into the store. Raises as ``RegistryClient.fetch_blob``."""
        self.client.fetch_blob(ImageReference.parse(self.name), blob, store, progress)
