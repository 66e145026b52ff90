"""A bill of materials in the making: components by reference, and for each those that it depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.model.tool import ToolRepository

from twinbuild import __version__
from twinbuild.describe import components as make
from twinbuild.describe import own
from twinbuild.describe.additions import Additions
from twinbuild.describe.concluded import conclude
from twinbuild.describe.formulation import Formulation
from twinbuild.describe.inside import add_digests, add_maker, add_parts
from twinbuild.describe.modelcard import model_card
from twinbuild.describe.naming import PROJECT
from twinbuild.describe.purls import own_purl
from twinbuild.describe.pythons import has_packaged_python
from twinbuild.describe.texts import line
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import Inspection, InstalledStatement
from twinbuild.model.lock import Licensing, Lock, LockedBase, LockedDeb, LockedWheel, Target
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["APPLICATION", "MODEL", "Graph"]

MODEL: Final = "model"
APPLICATION: Final = "application"
_MOST_LINKS: Final = 8  # of documentation directories; Debian's lead to one place at once

_Key = tuple[str, Digest]


class Graph:
    """A document in the making: components by reference, and for each reference those that it depends on."""

    def __init__(
        self,
        spec: ReleaseSpec,
        lock: Lock,
        root: Component,
        inspections: Mapping[Digest, Inspection] = MappingProxyType({}),
        statements: Mapping[Digest, tuple[InstalledStatement, ...]] = MappingProxyType({}),
    ) -> None:
        self._spec = spec
        self._inspections = inspections
        self._statements = statements  # by the digest of a base's manifest
        self._partly: list[str] = []  # wheels, of whose inside what can be seen is there
        self._lock = lock
        self._root = root
        self._components: dict[str, Component] = {}
        self._inside: list[str] = []  # packages, of whose inside nothing is claimed
        self._loose: list[str] = []  # packages of bases, of whose dependencies nothing is claimed
        self._references: dict[_Key, str] = {}
        self._stated: dict[str, Licensing] = {}  # by reference: whose copyright file is a Debian package's own
        self._files: dict[str, Digest] = {}  # by reference: of wheels
        self.edges: dict[str, set[str]] = {_of(root): set()}

    def add(self, component: Component) -> None:
        """A new component."""
        reference = _of(component)
        assert reference not in self.edges, "references are unique"
        self._components[reference] = component
        self.edges[reference] = set()

    def packages(self, target: Target) -> list[str]:
        """References of a target's base, packages and wheels."""
        found = [self._references[item.filename, item.sha256] for item in target.contents]
        return [*([_base_reference(target.base)] if target.base is not None else []), *found]

    def _add_bases(self, targets: tuple[Target, ...]) -> None:
        """Base images with the packages that they hold; what else is in one, nobody has said."""
        for base in dict.fromkeys(base for target in targets if (base := target.base) is not None):
            reference = _base_reference(base)
            self.add(make.base(base, reference))
            self._inside.append(reference)
            statements = {(each.name, each.architecture): each for each in self._said(base)}
            for package in base.packages:
                inner = f"{reference}/{package.name}:{package.architecture}"
                said = statements.get((package.name, package.architecture))
                made = make.installed(package, base, inner, said.licensing if said is not None else None)
                if said is not None:
                    add_maker(made, made.publisher or "", said.contact)
                    self._stated[inner] = said.licensing
                self.add(made)
                self.edges[reference].add(inner)
                self._loose.append(inner)

    def _said(self, base: LockedBase | None) -> tuple[InstalledStatement, ...]:
        """What a base says of the packages that it holds."""
        return self._statements.get(base.manifest.digest, ()) if base is not None else ()

    def add_packages(self, targets: tuple[Target, ...]) -> None:
        """Every package and wheel of the targets once, with the edges that any of them has."""
        items: dict[_Key, LockedDeb | LockedWheel] = {}
        requested: set[_Key] = set()
        below: dict[_Key, LockedBase | None] = {}
        for target in targets:
            for item in target.contents:
                items.setdefault((item.filename, item.sha256), item)
                below.setdefault((item.filename, item.sha256), target.base)
                if item.requested:
                    requested.add((item.filename, item.sha256))
        self._add_items(targets, items, requested, below)
        self._add_bases(targets)
        for target in targets:
            debs = {deb.name: self._references[deb.filename, deb.sha256] for deb in target.debs}
            wheels = {wheel.name: self._references[wheel.filename, wheel.sha256] for wheel in target.wheels}
            for deb in target.debs:
                self.edges[debs[deb.name]] |= {debs[name] for name in deb.depends if name in debs}
            for wheel in target.wheels:
                self.edges[wheels[wheel.name]] |= {wheels[name] for name in wheel.requires if name in wheels}

    def _add_items(
        self,
        targets: tuple[Target, ...],
        items: Mapping[_Key, LockedDeb | LockedWheel],
        requested: set[_Key],
        below: Mapping[_Key, LockedBase | None],
    ) -> None:
        """Components of packages and wheels, each with what it says of its licence."""
        names = Counter(name for name, _ in items)
        stated = {(entry.filename, entry.sha256): entry for entry in self._lock.licensing}
        notices: dict[_Key, Licensing] = {}
        for target in targets:
            notices |= _notices(target, stated, self._said(target.base))
        for key in sorted(items):
            name, digest = key
            match items[key]:
                case LockedDeb() as item:
                    reference = _reference("deb", name, digest, names)
                    made = make.deb(
                        item,
                        reference,
                        stated.get(key),
                        notices.get(key),
                        requested=key in requested,
                        on=below[key],
                    )
                case LockedWheel() as item:
                    reference = _reference("wheel", name, digest, names)
                    made = make.wheel(item, reference, stated.get(key), requested=key in requested)
                    self._files[reference] = digest
            self._references[key] = reference
            if (notice := notices.get(key)) is not None:
                self._stated[reference] = notice
            self.add(made)
            self._look_inside(made, digest)

    def _look_inside(self, made: Component, digest: Digest) -> None:
        """What an inspection says of a package, and the parts that it found, each with an entry in the graph."""
        found = self._inspections.get(digest)
        reference = _of(made)
        if found is not None:
            authors = (author.name for author in made.authors if author.name)
            add_digests(made, found, maker=made.publisher or ", ".join(sorted(authors)) or made.name)
            edges = tuple(add_parts(made, found))
            for part in made.components:
                self.edges[_of(part)] = set()
            for one, other in edges:
                self.edges[one].add(other)
        (self._partly if made.components else self._inside).append(reference)

    def add_model(self) -> None:
        """The model, its files and the data from which it came."""
        spec = self._spec
        card = spec.model.card
        name, version = f"{spec.metadata.name}-model", spec.model.version
        summary = line(card.summary) if card is not None else ""
        kind = ComponentType.MACHINE_LEARNING_MODEL
        self.add(
            make.component(
                kind,
                name,
                version,
                MODEL,
                purl=own_purl(spec.metadata.name, version, name),
                description=summary or None,
                properties={},
                supplier=make.team(spec.metadata),
            )
        )
        for artifact in self._lock.artifacts:
            made = make.model_file(spec, artifact, f"artifact/{artifact.name}")
            if (found := self._inspections.get(artifact.sha256)) is not None:
                add_digests(made, found)
                own.describe_model_file(made, next(x for x in spec.model.artifacts if x.name == artifact.name))
            self._part(made)
        for dataset in spec.model.datasets:
            self._part(make.dataset(dataset, f"dataset/{dataset.name}"))

    def add_own(self, schemas: Mapping[str, Digest]) -> None:
        """The application with its files; the model's licence, schemas, feature views and ancestors."""
        application = own.application(self._spec, self._lock, self._inspections)
        self.add(application)
        for part in application.components:
            self.edges[_of(part)] = set()
            self.edges[APPLICATION].add(_of(part))
        model = self._components[MODEL]
        model.licenses.update(own.licence_of(self._spec.model.licence))
        model.manufacturer = model.supplier
        if self._spec.model.lineage:
            model.pedigree = Pedigree(ancestors=[own.ancestor(each) for each in self._spec.model.lineage])
        for feature in self._spec.model.features:
            self._part(own.feature(feature))
        for side, digest in schemas.items():
            self._part(own.schema(self._spec, side, digest))

    def conclude(self) -> None:
        """Say of every component under which licence it may be used, where that is known; when all are there."""
        for each in (self._root, *self._components.values()):
            parts = list(each.components)
            each.components.clear()  # a set, whose members must not change in it
            for part in parts:
                conclude(part, self._spec)
            each.components.update(parts)
            file = self._files.get(_of(each))
            found = self._inspections.get(file) if file is not None else None
            conclude(each, self._spec, entry=self._stated.get(_of(each)), found=found)

    def add_interpreters(self, targets: tuple[Target, ...]) -> None:
        """The Python that a base image brings and no package of it has: Python's own images compile it.

        dpkg does not know it, so that a scanner that goes by packages does not list it (aquasecurity/trivy#2839).
        """
        for target in targets:
            if target.base is not None and not has_packaged_python(target):
                reference = f"{_base_reference(target.base)}/python"
                if reference not in self.edges:
                    self.add(make.interpreter(target.python, target.base, reference))
                    self.edges[_base_reference(target.base)].add(reference)
                    self._loose.append(reference)

    def add_sources(self, targets: tuple[Target, ...]) -> None:
        """What build steps read as source, once; ``sources`` names it."""
        for target in targets:
            for step, item in own.step_sources(target):
                if (item.filename, item.sha256) not in self._references:
                    reference = f"sdist/{item.filename}@{item.sha256.hex[:16]}"
                    self._references[item.filename, item.sha256] = reference
                    self.add(own.sdist(step, item, reference))
                    self._inside.append(reference)

    def sources(self, target: Target) -> list[str]:
        """References of what the target's build steps read as source."""
        return [self._references[item.filename, item.sha256] for _, item in own.step_sources(target)]

    def _part(self, component: Component) -> None:
        self.add(component)
        self.edges[MODEL].add(_of(component))

    def bom(self, epoch: int) -> Bom:
        """The whole document but for the additions. ``epoch`` is SOURCE_DATE_EPOCH."""
        nested = (part for each in self._components.values() for part in each.components)
        references = {_of(each): each.bom_ref for each in (self._root, *self._components.values(), *nested)}
        return Bom(
            serial_number=PROJECT,  # until the content is known
            metadata=BomMetaData(
                timestamp=datetime.fromtimestamp(epoch, UTC),
                lifecycles=[PredefinedLifecycle(phase=LifecyclePhase.BUILD)],
                tools=ToolRepository(
                    components=[Component(type=ComponentType.APPLICATION, name="twinbuild", version=__version__)]
                ),
                manufacturer=make.team(self._spec.metadata),
                component=self._root,
            ),
            components=self._components.values(),
            dependencies=[
                Dependency(references[each], [Dependency(references[other]) for other in others])
                for each, others in self.edges.items()
            ],
        )

    def additions(
        self, data: Mapping[str, tuple[Mapping[str, Any], ...]] = MappingProxyType({}), made: Formulation | None = None
    ) -> Additions:
        """The card, ``data``, how it was ``made``; that all edges are there, but not all that packages bundle."""
        loose = set(self._loose)  # what a package of a base needs, its base does not say here
        known = sorted(each for each in self.edges if each not in loose)
        compositions: list[dict[str, Any]] = [{"aggregate": "complete", "dependencies": known}]
        if loose:
            compositions.append({"aggregate": "unknown", "dependencies": sorted(loose)})
        if self._inside:
            compositions.append({"aggregate": "unknown", "assemblies": sorted(self._inside)})
        if self._partly:  # what is linked statically leaves no trace that could be relied on
            compositions.append({"aggregate": "incomplete", "assemblies": sorted(self._partly)})
        return Additions(
            cards={MODEL: model_card(self._spec)}, compositions=tuple(compositions), data=data, formulation=made
        )


def _of(component: Component) -> str:
    reference = component.bom_ref.value
    assert reference is not None, "every component has a reference"
    return reference


def _base_reference(base: LockedBase) -> str:
    return f"base/{base.reference}@{base.manifest.digest.hex[:16]}"  # a longer one says no more


def _reference(kind: str, name: str, digest: Digest, names: Counter[str]) -> str:
    """A reference that stays the same from release to release: the file's name, with its digest only where it must."""
    return f"{kind}/{name}" if names[name] == 1 else f"{kind}/{name}@{digest}"


def _notices(
    target: Target, stated: dict[_Key, Licensing], below: Iterable[InstalledStatement]
) -> dict[_Key, Licensing]:
    """For each package the statement that holds for it: its own, or that of whose copyright file is also its own.

    That may be a package of the base ``below``.
    """
    debs: dict[str, Licensing | None] = {each.name: each.licensing for each in below}
    debs |= {deb.name: stated.get((deb.filename, deb.sha256)) for deb in target.debs}
    found: dict[_Key, Licensing] = {}
    for deb in target.debs:
        entry = debs[deb.name]
        for _ in range(_MOST_LINKS):
            if entry is None or not entry.same_as:
                break
            entry = debs.get(entry.same_as)
        if entry is not None and not entry.same_as:
            found[deb.filename, deb.sha256] = entry
    return found
