"""A bill of materials held against a finished image: the component that each file belongs to, and what is left over.

A file belongs to a package whose list names it and whose component the bill has, to an artifact or a file of the
application by its place and digest, or to what a rule of ``generated`` says makes it. Everything else is unexplained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from twinbuild.codec.untar import Kind
from twinbuild.model.bom import Bom, BomComponent
from twinbuild.model.platform import Platform
from twinbuild.verify.generated import Witness, generated
from twinbuild.verify.installed import ImageFiles, Installed, dpkg_packages, python_distributions

__all__ = ["ImageOrigin", "Owned", "Reconciliation", "components_of", "reconcile"]

_TARGET: Final = "twinbuild:target"
_FILE_NAME: Final = "bsi:component:filename"
_APPLICATION: Final = "twinbuild:directory"  # of the component whose files are those of the application
_LAYER: Final = "twinbuild:layer:"
_OF_WHEELS: Final = "files of wheels"
_WHEEL: Final = "twinbuild:filename"
_COPYRIGHT: Final = "twinbuild:copyright"
_NO_FILES: Final = frozenset({"machine-learning-model", "data"})  # types of what an image has no files of
_SOURCE: Final = "twinbuild:sdist"  # a step read it; whether it installed it, or took files out of it, its outputs show


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOrigin:
    """What the release manifest says of an image: ``layers`` are digest and title of each, lowest first.

    ``application`` maps paths of the image to the SHA-256 of the application's files (hexadecimal).
    """

    name: str
    digest: str
    layers: tuple[tuple[str, str], ...]
    application: Mapping[str, str]
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Whose a file is: the component's title, the rule that says so, and the number of the layer (from 0)."""

    component: str
    rule: str
    layer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What was found in one image. Paths begin with a slash; components are named by their title.

    ``explained`` counts files by rule. ``missing`` and ``changed`` are component and path: a file that a component has
    and the image lacks, or has with other bytes. ``empty`` are components of which the image has no file, ``unlisted``
    packages that it has and the bill does not. ``bundled`` are distributions that another one ships inside of it (its
    RECORD has theirs): they are its files, and no fault. ``unpinned`` are sentences about the bill and the lock.
    ``packages`` counts components that are packages, or of which no rule knows what they are, ``claimed`` files of
    components.
    """

    image: str
    digest: str
    files: int
    claimed: int
    packages: int
    explained: Mapping[str, int]
    unexplained: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, str], ...]
    empty: tuple[str, ...]
    unlisted: tuple[str, ...]
    bundled: tuple[tuple[str, str], ...]  # title of the component, name and version
    unpinned: tuple[str, ...] = ()
    owned: Mapping[str, Owned] = field(default_factory=dict)  # by path, with a leading slash
    folders: Mapping[str, str] = field(
        default_factory=dict
    )  # links that lead to directories, and which: /lib, /usr/lib

    @property
    def exact(self) -> bool:
        """Whether bill and image are the same."""
        return not (self.unexplained or self.missing or self.changed or self.empty or self.unlisted or self.unpinned)

    @property
    def file_figures(self) -> tuple[float, float]:
        """Precision (of the files that components have, those that are there unchanged) and recall (explained)."""
        wrong = len(self.missing) + len(self.changed)
        return _share(self.claimed - wrong, self.claimed), _share(self.files - len(self.unexplained), self.files)

    @property
    def package_figures(self) -> tuple[float, float]:
        """Precision (of the packages that the bill has, those that are there) and recall (of those there, listed)."""
        there = self.packages - len(self.empty)
        return _share(there, self.packages), _share(there, there + len(self.unlisted))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


class _Ledger:
    """Owners in the making."""

    def __init__(self, files: ImageFiles) -> None:
        self.files = files
        self.owners: dict[str, tuple[str, str]] = {}  # path: rule, component's reference
        self.claimed = 0
        self.missing: list[tuple[str, str]] = []
        self.changed: list[tuple[str, str]] = []

    def own(self, path: str, rule: str, component: BomComponent, digest: tuple[str, str] | None = None) -> None:
        """A component has a file: it belongs to it if it is there."""
        place = self.files.stack.places.get(path)
        if place is not None and place.member.kind is Kind.DIRECTORY:
            return
        self.claimed += 1
        if place is None:
            self.missing.append((component.title, f"/{path}"))
            return
        self.owners.setdefault(path, (rule, component.reference))
        if digest is not None and (self.files.md5 if digest[0] == "md5" else self.files.sha256).get(path) != digest[1]:
            self.changed.append((component.title, f"/{path}"))


def reconcile(bom: Bom, image: BomComponent, files: ImageFiles, origin: ImageOrigin) -> Reconciliation:
    """Hold what the bill says of an image (everything that ``image`` depends on) against the image's files.

    Raises IntegrityError for a package database of the image that cannot be read.
    """
    inner = _within(bom)
    components = tuple(each for each in components_of(bom, image) if each.reference not in inner)
    ledger = _Ledger(files)
    packages = _own_packages(ledger, components)
    for each in components:
        if target := each.properties.get(_TARGET, "").strip("/"):
            _own_target(ledger, target, each)
    ledger.changed += (*_unlike_parts(bom, components, files), *_unlike_notices(components, files))
    own = next((each for each in components if each.type == "application" and _APPLICATION in each.properties), None)
    for path, digest in origin.application.items():
        ledger.own(path.strip("/"), "application", own or bom.root or image, ("sha256", digest))
    known = {each.reference for each in _own_base(ledger, components, origin)}
    if own is not None and origin.application:
        known.add(own.reference)
    idle = tuple(each.title for each in components if _is_idle(each, known))
    witness = Witness(
        files=files,
        owners={path: reference for path, (_, reference) in ledger.owners.items()},
        packages=packages.debs,
        titles=tuple(title for _, title in origin.layers),
        platform=origin.platform,
    )
    for made in generated(witness):
        ledger.owners.setdefault(made.path, (made.rule, made.reference or image.reference))
    paths = files.paths
    bundled = tuple(_unlisted_libraries(bom, components, ledger))
    titles = {each.reference: each.title for each in (*components, image, *((bom.root,) if bom.root else ()))}
    return Reconciliation(
        image=origin.name,
        digest=origin.digest,
        files=len(paths),
        claimed=ledger.claimed,
        packages=packages.listed + len(idle),
        explained=dict(sorted(Counter(ledger.owners[path][0] for path in paths if path in ledger.owners).items())),
        unexplained=tuple(f"/{path}" for path in paths if path not in ledger.owners),
        missing=tuple(ledger.missing),
        changed=tuple(ledger.changed),
        empty=(*packages.empty, *idle),
        unlisted=(*packages.unlisted, *bundled),
        bundled=packages.bundled,
        folders={f"/{path}": f"/{found}" for path in paths if (found := _folder(files, path))},
        owned={
            f"/{path}": Owned(
                component=titles.get(ledger.owners[path][1], ""),
                rule=ledger.owners[path][0],
                layer=files.stack.places[path].layer,
            )
            for path in paths
            if path in ledger.owners
        },
    )


def _folder(files: ImageFiles, path: str) -> str:
    """The directory that a link at a path leads to; nothing for a file, or another link."""
    stack = files.stack
    found = stack.follow(path) if stack.places[path].member.kind is Kind.SYMLINK else None
    place = stack.places.get(found) if found else None
    return found if found and place is not None and place.member.kind is Kind.DIRECTORY else ""


def _within(bom: Bom) -> set[str]:
    """What is nested in packages and in the application, whose files they are part of; in nothing else is a part."""
    found: set[str] = set()
    for each in bom.components:  # what is nested comes behind what it is nested in
        if each.reference in found or _key(each) is not None or _APPLICATION in each.properties:
            found.update(each.parts)
    return found


def components_of(bom: Bom, image: BomComponent) -> tuple[BomComponent, ...]:
    """The components that an image's reference leads to, in the document's order."""
    seen: set[str] = set()
    waiting = [image.reference]
    while waiting:
        reference = waiting.pop()
        if reference not in seen:
            seen.add(reference)
            waiting += bom.edges.get(reference, ())
    return tuple(each for each in bom.components if each.reference in seen and each is not image)


def _key(each: BomComponent) -> tuple[str, str, str] | None:
    """Kind, name and version of a component that is a package, as the image's own databases have them."""
    from packaging.utils import canonicalize_name

    if each.purl.startswith("pkg:deb/"):
        return "deb", each.name, each.version
    if each.purl.startswith("pkg:pypi/"):
        return "pypi", canonicalize_name(each.name), _normal(each.version)
    return None


def _normal(version: str) -> str:
    from packaging.utils import canonicalize_version

    return canonicalize_version(version.replace("_", "+") if "+" not in version else version)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packages:
    """How many components are packages, which of them the image has not, what it has beside, and its Debian ones."""

    listed: int
    empty: tuple[str, ...]
    unlisted: tuple[str, ...]
    bundled: tuple[tuple[str, str], ...]
    debs: tuple[tuple[Installed, str], ...]


def _own_packages(ledger: _Ledger, components: Sequence[BomComponent]) -> _Packages:
    listed: dict[tuple[str, str, str], list[BomComponent]] = {}
    for one in components:
        if (named := _key(one)) is not None:
            listed.setdefault(named, []).append(one)
    met: Counter[tuple[str, str, str]] = Counter()  # of one name and version there may be several architectures
    found: set[str] = set()
    unlisted: list[str] = []
    owned: list[tuple[Installed, str]] = []
    bundled: list[tuple[str, str]] = []
    debs, distributions = tuple(dpkg_packages(ledger.files)), tuple(python_distributions(ledger.files))
    shipped = {path for deb in debs for path in deb.paths}  # of Debian: these distributions are its packages
    within = {path: each for each in distributions for path in each.paths if path not in each.own}
    for each in (*debs, *(one for one in distributions if one.own[0] not in shipped)):
        if each.kind == "pypi" and (outer := within.get(each.own[0])) is not None:
            bundled.append((f"{outer.name} {outer.version}", f"{each.name} {each.version}"))
            continue
        key = (each.kind, each.name, each.version if each.kind == "deb" else _normal(each.version))
        if key not in listed:
            unlisted.append(f"{each.name} {each.version} ({each.kind})")
            continue
        component = listed[key][min(met[key], len(listed[key]) - 1)]
        met[key] += 1
        if each.kind == "deb":
            owned.append((each, component.reference))
        if _own_package(ledger, component, each):
            found.add(component.reference)
    packages = [
        one for same in listed.values() for one in same if one.reference in found or _SOURCE not in one.properties
    ]
    return _Packages(
        listed=len(packages),
        empty=tuple(one.title for one in packages if one.reference not in found),
        unlisted=tuple(unlisted),
        bundled=tuple(bundled),
        debs=tuple(owned),
    )


def _own_package(ledger: _Ledger, component: BomComponent, each: Installed) -> bool:
    """Whether the image has a file of it."""
    rule = "files of Debian packages" if each.kind == "deb" else _OF_WHEELS
    for path in each.paths:
        ledger.own(path, rule, component, each.digests.get(path))
    for path in each.own:
        ledger.owners.setdefault(path, ("database of packages", component.reference))
    return any(ledger.owners.get(path, ("", ""))[1] == component.reference for path in (*each.paths, *each.own))


def _unlike_parts(bom: Bom, components: Iterable[BomComponent], files: ImageFiles) -> Iterable[tuple[str, str]]:
    """The files that are parts of components, such as libraries within wheels, of which the image has no such bytes."""
    there = {(path.rpartition("/")[2], digest) for path, digest in files.sha256.items()}
    known = {each.reference: each for each in bom.components}
    for each in components:
        for part in (known[reference] for reference in each.parts if reference in known):
            name, digest = part.properties.get(_FILE_NAME, ""), dict(part.hashes).get("SHA-256", "")
            if name and digest and (name, digest) not in there:
                yield part.title, name


def _unlisted_libraries(bom: Bom, components: Iterable[BomComponent], ledger: _Ledger) -> Iterable[str]:
    """The shared libraries of wheels that are no part of the wheel's component."""
    wheels = {each.reference: each for each in components if each.properties.get(_WHEEL, "").endswith(".whl")}
    known = {each.reference: each for each in bom.components}
    parts = {
        (wheel.reference, known[part].properties.get(_FILE_NAME, ""), dict(known[part].hashes).get("SHA-256", ""))
        for wheel in wheels.values()
        for part in wheel.parts
        if part in known
    }
    for path in sorted(ledger.files.libraries):
        rule, owner = ledger.owners.get(path, ("", ""))
        name = path.rpartition("/")[2]
        if rule == _OF_WHEELS and owner in wheels and (owner, name, ledger.files.sha256[path]) not in parts:
            yield f"{name} (a library within {wheels[owner].title})"


def _unlike_notices(components: Iterable[BomComponent], files: ImageFiles) -> Iterable[tuple[str, str]]:
    """The copyright files in which licences were read, of which the image has other bytes."""
    for each in components:
        path, digest = (each.properties.get(f"{_COPYRIGHT}{key}", "") for key in ("", ":digest"))
        found = files.stack.file(path.strip("/")) if path else None
        if found is not None and f"sha256:{files.sha256.get(found)}" != digest:
            yield each.title, path


def _own_target(ledger: _Ledger, target: str, each: BomComponent) -> None:
    digest = dict(each.hashes).get("SHA-256")
    ledger.own(target, "artifacts", each, ("sha256", digest) if digest else None)


def _is_idle(each: BomComponent, known: Collection[str]) -> bool:
    """Whether a component should have files, and none can be told to be its; not one of the ``known`` references."""
    told = _key(each) is not None or each.type in _NO_FILES or _TARGET in each.properties
    return not told and each.reference not in known


def _own_base(ledger: _Ledger, components: Iterable[BomComponent], origin: ImageOrigin) -> tuple[BomComponent, ...]:
    """What the layers of a base image hold, whoever put it there, is the base's; the bases whose layers are there."""
    of_bases = {
        value: each
        for each in components
        for name, value in each.properties.items()
        if name.startswith(_LAYER) and each.type == "container"
    }
    numbers = {number: of_bases[digest] for number, (digest, _) in enumerate(origin.layers) if digest in of_bases}
    for path, place in ledger.files.stack.places.items() if numbers else ():
        if place.layer in numbers and place.member.kind is not Kind.DIRECTORY:
            ledger.owners.setdefault(path, ("base image", numbers[place.layer].reference))
    return tuple(numbers.values())
