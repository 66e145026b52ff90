"""A bill of materials held against the lock of its release: each pinned file is a component, with the pinned digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from packageurl import PackageURL

from twinbuild.model.bom import BomComponent
from twinbuild.model.lock import Lock, LockedBase, LockedDeb, LockedWheel, Target

__all__ = ["unlike_lock"]

_FILE: Final = "twinbuild:filename"
_ARTIFACT: Final = "artifact/"  # of the reference of a file of the model
_LAYER: Final = "twinbuild:layer:"
_SOURCE: Final = "twinbuild:source"
_Item = LockedDeb | LockedWheel


def unlike_lock(components: Iterable[BomComponent], lock: Lock, target: Target) -> Iterator[str]:
    """A sentence for each component that is not as the lock pins it, and each pinned file that is no component.

    ``components`` are those of the target's image. What a base image holds is not pinned by file, and passed over; so
    the base itself must be the pinned one, with its very layers, or a bill could call any layer a base's.
    """
    components = tuple(components)
    yield from _unlike_base(components, target.base)
    found: dict[tuple[str, str, str, str], BomComponent] = {}
    for each in components:
        name = each.properties.get(_FILE, "")
        if name or each.reference.startswith(_ARTIFACT):
            key = (name or each.name, _ecosystem(each), each.version if name else "", _sha256(each))
            found[key] = each
    pinned = dict(_pinned(lock, target))
    for item in target.contents:
        if (one := found.get(_key_of(item))) is not None:
            yield from _unlike_names(one, item)
    for key in sorted(found.keys() - pinned.keys()):
        yield f"{found[key].title}: {_told(key)} is not pinned so"
    for key in sorted(pinned.keys() - found.keys()):
        yield f"{pinned[key]}: {_told(key)} is pinned, and no component"


def _unlike_base(components: Iterable[BomComponent], base: LockedBase | None) -> Iterator[str]:
    there = False
    for each in components:
        layers = tuple(each.properties[name] for name in sorted(each.properties) if name.startswith(_LAYER))
        if not layers:
            continue
        pinned = tuple(str(layer.digest) for layer in base.layers) if base is not None else ()
        if base is None or (_sha256(each), layers) != (base.manifest.digest.hex, pinned):
            yield f"{each.title}: it is no base with these layers that is pinned"
        there = True
    if base is not None and not there:
        yield f"{base.reference}: the base {base.manifest.digest} is pinned, and no component"


def _pinned(lock: Lock, target: Target) -> Iterator[tuple[tuple[str, str, str, str], str]]:
    for item in target.contents:
        yield _key_of(item), f"{item.name} {item.version}"
    for artifact in lock.artifacts:
        yield (artifact.name, "", "", artifact.sha256.hex), artifact.name


def _key_of(item: _Item) -> tuple[str, str, str, str]:
    return item.filename, "deb" if isinstance(item, LockedDeb) else "pypi", item.version, item.sha256.hex


def _unlike_names(each: BomComponent, item: _Item) -> Iterator[str]:
    """What scanners and advisories would look up is what is pinned."""
    if not _is_named(each, item):
        yield f"{each.title}: its package URL {each.purl} is not that of {item.name} {item.version}"
    if isinstance(item, LockedDeb):
        source = f"{item.source} {item.source_version}"  # what advisories of Debian are about
        if (said := each.properties.get(_SOURCE, "none")) != source:
            yield f"{each.title}: its source package is {said}, and {source} is pinned"


def _is_named(each: BomComponent, item: _Item) -> bool:
    """Whether scanners, which go by the package URL, look up what is pinned."""
    try:
        purl = PackageURL.from_string(each.purl)
    except ValueError:
        return False
    qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
    architecture = item.architecture if isinstance(item, LockedDeb) else None
    found = purl.name, purl.version, qualifiers.get("arch")
    return found == (item.name, item.version, architecture) and each.name == item.name


def _ecosystem(each: BomComponent) -> str:
    kinds: Mapping[str, str] = {"pkg:deb/": "deb", "pkg:pypi": "pypi"}
    return kinds.get(each.purl[:8], "")


def _sha256(each: BomComponent) -> str:
    return dict(each.hashes).get("SHA-256", "")


def _told(key: tuple[str, str, str, str]) -> str:
    name, _, version, digest = key
    return " ".join(
        part for part in (name, version, f"sha256:{digest[:16]}…" if digest else "without a digest") if part
    )
