"""How to make a release's images again, as commands: part of the release manifest, executed by our tests."""

from __future__ import annotations

from twinbuild.codec.canonical import Json
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["reproduction"]


def reproduction(
    spec: ReleaseSpec,
    images: tuple[Image, ...],
    *,
    source: Digest,
    commit: str,
    modified: bool,
    arguments: tuple[str, ...],
    some: bool,
) -> dict[str, Json]:
    """The section ``reproduce``. ``arguments`` name spec and overlays; ``some``: the lock has further variants.

    ``modified``: files differ from the commit, so that a checkout alone does not do.
    """
    place = f" of {spec.source.repository}" if spec.source.repository else ""
    checkout = f"the commit {commit}{place}" if commit else f"the project{place} with application files of {source}"
    if commit and modified:
        checkout += f", with the changes that were in no commit: application files of {source}"
    chosen: list[Json] = [*arguments]
    for variant in sorted({image.variant for image in images}) if some else ():
        chosen += ["--variant", variant]
    digests: dict[str, Json] = {f"{image.variant} {image.platform}": str(image.manifest.digest) for image in images}
    tried: Json = {
        "run": ["twinbuild", "test", *chosen, "--locked", "--offline", "--retest"],
        "why": "The images answer in a sandbox as they did when they were released.",
    }
    return {
        "needs": [checkout, "release.lock, as this release has it", "this version of twinbuild"],
        "steps": [
            {
                "run": ["twinbuild", "lock", *arguments, "--check"],
                "why": "The lock is that of the spec and of the files on disk.",
            },
            {
                "run": ["twinbuild", "fetch", *chosen],
                "why": "Everything that the lock names is at hand, and has the digests that it says.",
            },
            {
                "run": ["twinbuild", "verify", *chosen, "--locked", "--offline", "--reverify", "--json"],
                "why": "Two builds without a network give the same bytes, and these images.",
                "expect": digests,
            },
            *([tried] if spec.tests.declared else []),
        ],
    }
