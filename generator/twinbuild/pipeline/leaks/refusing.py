"""A release that holds a secret is refused, before anybody sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from twinbuild.codec.leaks.scan import MOST, Leak, find_leaks
from twinbuild.errors import Finding, Location, PolicyRefused
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import Plan
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.leaks.sources import leaks_of_release
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project

__all__ = ["refuse_leaking_documents", "refuse_leaks"]

_MOST: Final = 200
_REMEDY: Final = "take it out, and have a new one made: it was written down"
_INSIDE: Final = (
    "take it out where the file comes from (a package, a base image, a build step), and have a new one made"
)


def refuse_leaks(project: Project, lock: Lock, plan: Plan, images: tuple[Image, ...], machine: Machine) -> None:
    """Raise PolicyRefused TB8665 with every secret in what images are made of, in them, and in their configuration."""
    _refuse(leaks_of_release(project, lock, plan, images, machine), project.spec)


def refuse_leaking_documents(spec: ReleaseSpec, documents: Mapping[str, bytes]) -> None:
    """Raise PolicyRefused TB8665 with every secret in the documents of a release, by their paths in it."""
    _refuse((leak for path in sorted(documents) for leak in find_leaks(documents[path], path)), spec)


def _refuse(leaks: Iterable[Leak], spec: ReleaseSpec) -> None:
    accepted = {(each.path, each.fingerprint) for each in spec.governance.accepted_findings or ()}
    every = dict.fromkeys(leaks)
    found = [leak for leak in every if (leak.path, leak.fingerprint) not in accepted]
    # Of a file the first findings alone are told: where all of them are accepted, nobody knows of the others.
    told = {leak.path for leak in found}
    full = [path for path, count in Counter(leak.path for leak in every).items() if count >= MOST and path not in told]
    if found or full:
        raise PolicyRefused((*(_finding(leak) for leak in found[:_MOST]), *map(_unknown, full[:_MOST])))


def _unknown(path: str) -> Finding:
    return Finding(
        code="TB8665",
        message=f"it has {MOST} findings that are accepted, and the search tells no more of one file",
        hint="take some of them out, or put them into files of their own",
        where=Location(file=path),
    )


def _finding(leak: Leak) -> Finding:
    return Finding(
        code="TB8665",
        message=f"this looks like {leak.title} ({leak.kind}; fingerprint {leak.fingerprint})",
        hint=f"{_INSIDE if leak.path.startswith('/') else _REMEDY}; if it is none, name path and fingerprint "
        "with a reason in governance.accepted_findings",
        where=Location(file=leak.path, line=leak.line),
    )
