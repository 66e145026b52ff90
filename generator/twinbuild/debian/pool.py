"""The packages of all suites that may be chosen from, for one architecture, with what satisfies what."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from twinbuild.debian.packages import Package
from twinbuild.debian.relation import Alternatives, Provided, Relation
from twinbuild.debian.version import SortKey, sort_key

__all__ = ["Pool"]

_PRIORITIES: Final = {"required": 0, "important": 1, "standard": 2, "optional": 3, "extra": 4}


class Pool:
    """Packages by name, best first, and by the names that they provide.

    The best version is the newest one, but a suite in ``reluctant`` (one that is not automatic, such as backports)
    comes after all others. Of a version that several suites have, the suite that was given first keeps it.
    """

    def __init__(
        self, packages: Iterable[Package], *, architecture: str, reluctant: frozenset[str] = frozenset()
    ) -> None:
        self.architecture = architecture
        self._named: dict[str, list[Package]] = {}
        self._reluctant = reluctant
        self._ranked: set[str] = set()
        self._providing: dict[str, list[Package]] = {}
        self._essential: set[str] = set()
        mine = {architecture, "all"}
        for package in packages:
            if package.architecture in mine:
                self._named.setdefault(package.name, []).append(package)
                if package.essential:
                    self._essential.add(package.name)
                if package.provides_text:
                    for provided in package.provides:
                        self._providing.setdefault(provided.name, []).append(package)

    def names(self) -> frozenset[str]:
        """The names of all real packages."""
        return frozenset(self._named)

    def versions(self, name: str) -> tuple[Package, ...]:
        """The versions of a package, best first; empty if there is none."""
        found = self._named.get(name, [])
        if len(found) > 1 and name not in self._ranked:
            self._ranked.add(name)
            unlike: dict[SortKey, Package] = {}
            for package in found:
                unlike.setdefault(sort_key(package.version), package)
            newest = [unlike[key] for key in sorted(unlike, reverse=True)]
            found[:] = sorted(newest, key=lambda package: package.suite in self._reluctant)
        return tuple(found)

    def essential(self) -> tuple[Package, ...]:
        """The best version of every package that is Essential in that version, sorted by name."""
        best = [self.versions(name)[0] for name in sorted(self._essential)]
        return tuple(package for package in best if package.essential)

    def providers(self, name: str) -> tuple[Package, ...]:
        """Packages that provide a name: Essential ones first, then by Priority, then by name; best version first."""
        found = self._providing.get(name, ())
        ranks = {package.name: self.versions(package.name) for package in found}
        kept = [package for package in found if package in ranks[package.name]]
        return tuple(
            sorted(
                kept,
                key=lambda package: (
                    not package.essential,
                    _PRIORITIES.get(package.priority, 5),
                    package.name,
                    ranks[package.name].index(package),
                ),
            )
        )

    def candidates(self, relation: Relation) -> tuple[Package, ...]:
        """Every package that satisfies a relation, in the order in which they are to be tried."""
        real = [package for package in self.versions(relation.name) if self.meets(package, relation)]
        virtual = [package for package in self.providers(relation.name) if package.name != relation.name]
        return (*real, *(package for package in virtual if self.meets(package, relation)))

    def meets(self, package: Package, relation: Relation) -> bool:
        """Whether a package satisfies a relation, by its name or by one that it provides."""
        if not self._qualifies(package, relation):
            return False
        if package.name == relation.name:
            return relation.admits(package.version)
        return any(provided.name == relation.name and provided.meets(relation) for provided in _provides(package))

    def _qualifies(self, package: Package, relation: Relation) -> bool:
        """Whether the architecture qualifier lets it (Policy, 7.1; multi-arch specification, "Dependencies")."""
        match relation.qualifier:
            case "":
                return True
            case "any":
                return package.multi_arch == "allowed"
            case qualifier:
                return qualifier == self.architecture  # packages for all architectures count as native

    def applying(self, groups: Iterable[Alternatives]) -> tuple[Alternatives, ...]:
        """The groups as they stand on this architecture; a group of which nothing is left says nothing."""
        kept = (tuple(relation for relation in group if relation.applies(self.architecture)) for group in groups)
        return tuple(group for group in kept if group)

    def similar(self, name: str) -> tuple[str, ...]:
        """Up to three names of packages that are spelled alike, for a hint."""
        alike = sorted(known for known in self._named if known[:2] == name[:2])
        return tuple(difflib.get_close_matches(name, alike, n=3, cutoff=0.8))


def _provides(package: Package) -> tuple[Provided, ...]:
    return package.provides if package.provides_text else ()
