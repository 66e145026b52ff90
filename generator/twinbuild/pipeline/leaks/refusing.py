"""A release that holds a secret is refused, before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from twinbuild.codec.leaks.scan import Leak, find_leaks
from twinbuild.errors import Finding, Location, PolicyRefused
from twinbuild.model.image import Image
from twinbuild.model.plan import Plan
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.leaks.sources import leaks_of_release
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project

__all__ = ["refuse_leaking_documents", "refuse_leaks"]

_MOST: Final = 200


def refuse_leaks(project: Project, plan: Plan, images: tuple[Image, ...], machine: Machine) -> None:
    """Raise PolicyRefused TB8665 with every secret in what images are made of, in them, and in their configuration."""
    _refuse(leaks_of_release(project, plan, images, machine), project.spec)


def refuse_leaking_documents(spec: ReleaseSpec, documents: Mapping[str, bytes]) -> None:
    """Raise PolicyRefused TB8665 with every secret in the documents of a release, by their paths in it."""
    _refuse((leak for path in sorted(documents) for leak in find_leaks(documents[path], path)), spec)


def _refuse(leaks: Iterable[Leak], spec: ReleaseSpec) -> None:
    accepted = {(each.path, each.fingerprint) for each in spec.governance.accepted_findings or ()}
    found = dict.fromkeys(leak for leak in leaks if (leak.path, leak.fingerprint) not in accepted)
    if found:
        raise PolicyRefused(tuple(_finding(leak) for leak in list(found)[:_MOST]))


def _finding(leak: Leak) -> Finding:
    return Finding(
        code="TB8665",
        message=f"this looks like {leak.title} ({leak.kind}; fingerprint {leak.fingerprint})",
        hint="take it out, and have a new one made: it was written down; if it is none, name path and fingerprint with "
        "a reason in governance.accepted_findings",
        where=Location(file=leak.path, line=leak.line),
    )
