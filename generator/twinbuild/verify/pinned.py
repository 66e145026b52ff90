"""A bill of materials held against the lock of its release: each pinned file is a component, with the pinned digest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from twinbuild.describe.purls import deb_purl, installed_purl, python_purl, wheel_purl
from twinbuild.model.bom import BomComponent
from twinbuild.model.lock import Lock, LockedBase, LockedDeb, LockedWheel, Target

__all__ = ["unlike_lock"]

_FILE: Final = "twinbuild:filename"
_ARTIFACT: Final = "artifact/"  # of the reference of a file of the model
_LAYER: Final = "twinbuild:layer:"
_SOURCE: Final = "twinbuild:source"
_TARGET: Final = "twinbuild:target"  # where a file of the model lies, or a base's own Python
_REQUESTED: Final = "twinbuild:requested"
_Item = LockedDeb | LockedWheel
_Key = tuple[str, str, str, str]  # file name, ecosystem, version, SHA-256


def unlike_lock(
    components: Iterable[BomComponent],
    lock: Lock,
    target: Target,
    *,
    edges: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[str]:
    """A sentence for each component that is not as the lock pins it, and each pinned file that is no component.

    ``components`` are those of the target's image. What a base image holds is pinned by name and version, and by no
    file; so the base itself must be the pinned one, with its very layers, or a bill could call any layer a base's.
    """
    components = tuple(components)
    yield from _unlike_base(components, target.base)
    yield from _unlike_installed(components, target.base)
    found: dict[_Key, BomComponent] = {}
    for each in components:
        name = each.properties.get(_FILE, "")
        if (
            name
            or each.reference.startswith(_ARTIFACT)
            or (_TARGET in each.properties and not _is_python(each, target))
        ):
            key = (name or each.name, _ecosystem(each), each.version if name else "", _sha256(each))
            found[key] = each
    pinned = dict(_pinned(lock, target))
    same = _by_key(lock)
    for item in target.contents:
        if (one := found.get(_key_of(item))) is not None:
            yield from _unlike_names(one, item, same[_key_of(item)])
    if edges is not None:
        yield from _unlike_edges(found, lock, target, edges)
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


def _pinned(lock: Lock, target: Target) -> Iterator[tuple[_Key, str]]:
    for item in target.contents:
        yield _key_of(item), f"{item.name} {item.version}"
    for artifact in lock.artifacts:
        yield (artifact.name, "", "", artifact.sha256.hex), artifact.name


def _key_of(item: _Item) -> _Key:
    return item.filename, "deb" if isinstance(item, LockedDeb) else "pypi", item.version, item.sha256.hex


def _by_key(lock: Lock) -> dict[_Key, list[tuple[_Item, LockedBase | None]]]:
    """What is pinned, with the base of its image: of several images it is one component."""
    found: dict[_Key, list[tuple[_Item, LockedBase | None]]] = {}
    for target in lock.targets:
        for item in target.contents:
            found.setdefault(_key_of(item), []).append((item, target.base))
    return found


def _unlike_names(each: BomComponent, item: _Item, same: Iterable[tuple[_Item, LockedBase | None]]) -> Iterator[str]:
    """What scanners and advisories would look up is what is pinned: package URL, and source package of Debian's."""
    purls = {
        (deb_purl(other, base) if isinstance(other, LockedDeb) else wheel_purl(other)).to_string()
        for other, base in same
    }
    yield from _otherwise(each, f"{item.name} {item.version}", item.name, purls)
    if isinstance(item, LockedDeb):
        yield from _other_source(each, f"{item.source} {item.source_version}")
    asked = {str(other.requested).lower() for other, _ in same}
    if (said := each.properties.get(_REQUESTED, "")) not in asked:
        yield f"{each.title}: that it was asked for is {said or 'not said'}, and {' or '.join(sorted(asked))} is pinned"


def _unlike_edges(
    found: Mapping[_Key, BomComponent], lock: Lock, target: Target, edges: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """What each package and wheel needs, as it was locked; what lies within a wheel it needs as well.

    A component of several images has the edges of all of them.
    """
    titles = {each.reference: each.title for each in found.values()}
    anywhere: dict[_Key, set[str]] = {}
    for each in lock.targets:
        for key, needed in _needs(each, found):
            anywhere.setdefault(key, set()).update(needed)
    for key, asked in _needs(target, found):
        one = found.get(key)
        if one is None:
            continue
        ends = {*edges.get(one.reference, ())}
        for end in sorted(asked - ends):
            yield f"{one.title}: it needs {titles[end]} as it was locked, and has no edge to it"
        for end in sorted((ends & titles.keys()) - anywhere[key]):
            yield f"{one.title}: it has an edge to {titles[end]}, which it does not need as it was locked"


def _needs(target: Target, found: Mapping[_Key, BomComponent]) -> Iterator[tuple[_Key, set[str]]]:
    """The references of what each item of a target needs of it."""
    for items in (target.debs, target.wheels):
        named: dict[str, list[str]] = {}
        for item in items:
            if (key := _key_of(item)) in found:
                named.setdefault(item.name, []).append(found[key].reference)
        for item in items:
            names = item.depends if isinstance(item, LockedDeb) else item.requires
            yield _key_of(item), {each for name in names for each in named.get(name, ())}


def _otherwise(each: BomComponent, pinned: str, name: str, purls: Collection[str]) -> Iterator[str]:
    if each.purl not in purls or each.name != name:
        yield f"{each.title}: its package URL {each.purl} is not that of {pinned}"
    if others := [text for text in each.identifiers if text not in {each.purl, *purls}]:
        yield f"{each.title}: it has the identifier {others[0]}, which nothing pinned has"


def _other_source(each: BomComponent, source: str) -> Iterator[str]:
    if (said := each.properties.get(_SOURCE, "none")) != source:  # what advisories of Debian are about
        yield f"{each.title}: its source package is {said}, and {source} is pinned"


def _unlike_installed(components: Iterable[BomComponent], base: LockedBase | None) -> Iterator[str]:
    """The packages that a base holds, by their names; that each of them is there, the image's own database says."""
    pinned = {installed_purl(item, base).to_string(): item for item in base.packages} if base is not None else {}
    for each in components:
        if each.purl.startswith("pkg:deb/") and not each.properties.get(_FILE):
            item = pinned.get(each.purl)
            if item is None or item.version != each.version:
                yield f"{each.title}: its package URL {each.purl} is that of no package of the base, nor of a file"
                continue
            yield from _otherwise(each, f"{item.name} {item.version}", item.name, (each.purl,))
            yield from _other_source(each, f"{item.source} {item.source_version}")


def _is_python(each: BomComponent, target: Target) -> bool:
    """Whether it is the very Python that the base brings."""
    place = f"/{target.base.executable}" if target.base is not None else ""
    found = each.properties.get(_TARGET), each.purl, each.version
    return found == (place, python_purl(target.python).to_string(), target.python.version)


def _ecosystem(each: BomComponent) -> str:
    kinds: Mapping[str, str] = {"pkg:deb/": "deb", "pkg:pypi": "pypi"}
    return kinds.get(each.purl[:8], "")


def _sha256(each: BomComponent) -> str:
    return dict(each.hashes).get("SHA-256", "")


def _told(key: _Key) -> str:
    name, _, version, digest = key
    return " ".join(
        part for part in (name, version, f"sha256:{digest[:16]}…" if digest else "without a digest") if part
    )
