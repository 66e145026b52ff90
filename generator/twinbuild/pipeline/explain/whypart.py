"""Why a part of a wheel is in the image: a library that it bundles, or what was compiled into it.

No lock knows of those; the bill of materials of a release does. What has the name of a package and of a part, such as a
project and a crate, is told as both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from twinbuild.deploy.parity.difference import text_of
from twinbuild.deploy.parity.manifests import entries_of
from twinbuild.errors import UsageError
from twinbuild.model.bom import Bom, BomComponent
from twinbuild.pipeline.explain.asked import Questioned
from twinbuild.pipeline.explain.why import Reasons, why_package
from twinbuild.pipeline.reading.boms import read_bom

__all__ = ["why_named"]

_BILL: Final = "sbom.cdx.json"
_WHEEL: Final = "wheel/"  # begins the reference of a wheel's component
_COMPILED: Final = "twinbuild:compiled-into"
_FILE_NAMES: Final = ("bsi:component:filename", "twinbuild:soname")


def why_named(questioned: Questioned, asked: str) -> tuple[Reasons, ...]:
    """The reasons of each package of that name, NAME==VERSION or package URL, then of each part of a wheel.

    Raises as ``why_package``, and of a release what ``read_bom`` raises.
    """
    bom = _bom(questioned)
    # References are there once, so that every way outwards ends; components without one would be in each other.
    inside = {part: each for each in bom.components for part in each.parts if part} if bom is not None else {}
    parts = tuple(each for each in bom.components if each.reference in inside) if bom is not None else ()
    found = tuple(
        reasons
        for part in parts
        if _is_named(part, asked)
        for reasons in _reasons(questioned, part, _outermost(part, inside))
    )
    try:
        return (*why_package(questioned, asked, also={part.name for part in parts}), *found)
    except UsageError:
        if not found:
            raise
        return found


def _bom(questioned: Questioned) -> Bom | None:
    """The bill of materials that the release manifest names; None for a spec, or where it names none."""
    release = questioned.release
    if release is None or release.directory is None:
        return None
    named = {text_of(each.get("path")) for each in entries_of(release.document.get("documents"))}
    return read_bom(release.directory).bom if _BILL in named else None


def _outermost(part: BomComponent, inside: dict[str, BomComponent]) -> BomComponent:
    while part.reference in inside:
        part = inside[part.reference]
    return part


def _is_named(part: BomComponent, asked: str) -> bool:
    """Whether a part is called so: by its name, with its version, by its package URL, or by the name of its file."""
    if asked.startswith("pkg:"):
        return asked in (part.purl, part.purl.partition("@")[0])
    name, _, version = asked.partition("==")
    if version not in ("", part.version):
        return False
    return canonicalize_name(part.name) == canonicalize_name(name) or asked in {
        PurePosixPath(part.properties.get(each, "")).name for each in _FILE_NAMES
    } - {""}


def _reasons(questioned: Questioned, part: BomComponent, wheel: BomComponent) -> Iterator[Reasons]:
    """Those of the wheel, in each target that has this very file of it."""
    filename = wheel.reference.removeprefix(_WHEEL)
    targets = {
        f"{each.variant} {each.platform}"
        for each in questioned.lock.targets
        if any(locked.filename == filename for locked in each.wheels)
    }
    how = "compiled into" if _COMPILED in part.properties else "within"
    file = PurePosixPath(part.properties.get(_FILE_NAMES[0], "")).name
    for reasons in why_package(questioned, wheel.name) if targets else ():
        if reasons.target in targets and reasons.kind == "Python package" and not reasons.part:
            yield replace(
                reasons,
                kind=f"{how} {wheel.title}{f': {file}' * bool(file)}",
                package=part.title,
                chains=tuple(replace(each, packages=(*each.packages, part.title)) for each in reasons.chains),
            )
