"""The documents that an image carries about its own contents, in ``/etc/twinbuild``: made from locked facts only."""

from __future__ import annotations

from twinbuild.codec.canonical import canonical
from twinbuild.model.lock import Lock, Target
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["contents_documents"]


def contents_documents(spec: ReleaseSpec, lock: Lock, target: Target, *, epoch: int) -> tuple[tuple[str, bytes], ...]:
    """Path below ``etc/twinbuild`` and content of each document, sorted by path.

    ``contents.cdx.json`` is the SBOM of the image without the image's own digest and without itself;
    ``release.json`` says which release and target the image belongs to.
    """
    from twinbuild.describe.sbom import contents_sbom  # its library takes long to import

    release = {
        "apiVersion": "twinbuild/v1",
        "kind": "Contents",
        "name": spec.metadata.name,
        "version": spec.metadata.version,
        "variant": target.variant,
        "platform": target.platform,
        "model": {"family": spec.model.family, "version": spec.model.version},
        "python": target.python.version,
    }
    return (
        ("contents.cdx.json", contents_sbom(spec, lock, target, epoch=epoch)),
        ("release.json", canonical(release)),
    )
