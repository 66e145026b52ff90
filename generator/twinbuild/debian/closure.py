"""The closure of packages that an image needs: what apt would install into an empty system, without Recommends.

The set is: every package that is Essential, what was requested, and whatever those depend on (Policy, 7.2), as
``mmdebstrap --variant=essential --include=…`` chooses it. ``Priority: required`` alone brings nothing in. Choices are
apt's, and deterministic:

1. of several versions of a name, the newest that satisfies, suites that are not automatic (backports) last;
2. a dependency that a chosen package satisfies brings nothing in;
3. else its alternatives are tried in the order written; a real package before those that provide its name; of these
   Essential ones, then the higher Priority, then the name that sorts first;
4. an alternative fails if anything in its own closure is missing or conflicts with what is chosen; then the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from twinbuild.debian.packages import Package
from twinbuild.debian.pool import Pool
from twinbuild.debian.relation import Alternatives, Relation
from twinbuild.errors import Finding, Location, LockError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedDeb

__all__ = ["closure"]

_REQUEST: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?:=(\S+)|/([a-z][a-z0-9-]*))?", re.ASCII)
_STEPS: Final = 200_000  # groups that are looked at; a real closure needs a few thousand
_SPELLING: Final = "write a package as NAME, NAME=VERSION or NAME/SUITE"


@dataclass(slots=True)
class _Frame:
    """A package whose dependencies are being met, and the choice being tried for the present one."""

    package: Package
    groups: tuple[Alternatives, ...]
    position: int = 0
    choices: Iterator[Package] | None = None
    mark: int = 0  # how many packages were chosen before the present choice
    failures: list[_Failed] = field(default_factory=list)  # of the present choice


class _Failed(Exception):
    """Why a package cannot be chosen: a code and a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Search:
    """The packages chosen so far, and what they provide and exclude; it can go back to an earlier state."""

    def __init__(self, pool: Pool, prefer: frozenset[str], installed: tuple[Package, ...] = ()) -> None:
        self.pool = pool
        self.chosen: dict[str, Package] = {}
        native = tuple(package for package in installed if package.architecture in {pool.architecture, "all"})
        self._installed = frozenset(native)
        self._foreign = {package.name: package for package in installed if package not in self._installed}
        self._prefer = prefer
        self._providing: dict[str, list[Package]] = {}
        self._excluding: dict[str, list[tuple[Relation, Package]]] = {}
        self._steps = 0
        for package in native:  # however they are to each other: somebody installed them
            self._add(package)

    # -- the chosen ------------------------------------------------------------------------------------------------

    def choose(self, package: Package) -> None:
        """Add a package. Raises _Failed if another version of it is chosen, or anything that excludes it."""
        other = self.chosen.get(package.name)
        if other is package:
            return
        if other in self._installed:
            raise _Failed("TB2137", f"{package} is needed, but the base has {other}")
        if other is not None:
            raise _Failed("TB2132", f"{package} is needed, but {other} is already chosen")
        foreign = self._foreign.get(package.name)
        if foreign is not None and not (package.multi_arch == "same" and foreign.version == package.version):
            raise _Failed("TB2137", f"{package} is needed, but the base has {foreign} of {foreign.architecture}")
        for owner, relation, victim in self._clashes(package):
            raise _Failed("TB2132", f"{owner} conflicts with or breaks {relation}, and {victim} is chosen too")
        self._add(package)

    def _add(self, package: Package) -> None:
        self.chosen[package.name] = package
        for provided in package.provides:
            self._providing.setdefault(provided.name, []).append(package)
        for relation in self._exclusions(package):
            self._excluding.setdefault(relation.name, []).append((relation, package))

    def back_to(self, mark: int) -> None:
        """Forget all but the first ``mark`` packages."""
        while len(self.chosen) > mark:
            _, package = self.chosen.popitem()
            for provided in package.provides:
                self._providing[provided.name].pop()
            for relation in self._exclusions(package):
                self._excluding[relation.name].pop()

    def _exclusions(self, package: Package) -> tuple[Relation, ...]:
        return tuple(relation for group in self.pool.applying(package.excludes) for relation in group)

    def _clashes(self, package: Package) -> Iterator[tuple[Package, Relation, Package]]:
        """Who excludes what: both ways; a package never excludes itself or what it provides (Policy, 7.4)."""
        for relation in self._exclusions(package):
            for victim in self._named(relation.name):
                if victim.name != package.name and self.pool.meets(victim, relation):
                    yield package, relation, victim
        for name in (package.name, *(provided.name for provided in package.provides)):
            for relation, owner in self._excluding.get(name, ()):
                if owner.name != package.name and self.pool.meets(package, relation):
                    yield owner, relation, package

    def _named(self, name: str) -> list[Package]:
        """Chosen packages of a name, real before provided."""
        real = [self.chosen[name]] if name in self.chosen else []
        return real + [package for package in self._providing.get(name, ()) if package.name != name]

    def satisfying(self, group: Alternatives) -> Package | None:
        """The chosen package that satisfies a group, by its first alternative that any does."""
        for relation in group:
            met = [package for package in self._named(relation.name) if self.pool.meets(package, relation)]
            if met:
                real = met[0].name == relation.name
                return met[0] if real else min(met, key=lambda package: package.name)
        return None

    # -- the search ------------------------------------------------------------------------------------------------

    def settle(self, root: Package) -> None:
        """Choose what a chosen package depends on, depth first. Raises _Failed, and the chosen are as before."""
        start = len(self.chosen)
        stack = [self._frame(root)]
        while stack:
            frame = stack[-1]
            if frame.position == len(frame.groups):
                stack.pop()
                if stack:
                    stack[-1].position += 1
                    stack[-1].choices = None
                continue
            group = frame.groups[frame.position]
            if frame.choices is None:
                self._count()
                if self.satisfying(group) is not None:
                    frame.position += 1
                    continue
                frame.choices = self._choices(group)
                frame.mark = len(self.chosen)
                frame.failures = []
            if (child := self._next(frame)) is not None:
                stack.append(self._frame(child))
                continue
            failure = self._failure(stack, group)
            stack.pop()
            if not stack:
                self.back_to(start)
                raise failure
            self.back_to(stack[-1].mark)
            stack[-1].failures.append(failure)

    def _frame(self, package: Package) -> _Frame:
        groups = self.pool.applying(package.pre_depends + package.depends)
        return _Frame(package=package, groups=groups)

    def _choices(self, group: Alternatives) -> Iterator[Package]:
        for relation in sorted(group, key=lambda relation: relation.name not in self._prefer):
            yield from self.pool.candidates(relation)

    def _next(self, frame: _Frame) -> Package | None:
        assert frame.choices is not None
        for package in frame.choices:
            try:
                self.choose(package)
            except _Failed as failure:
                frame.failures.append(failure)
            else:
                return package
        return None

    def _failure(self, stack: list[_Frame], group: Alternatives) -> _Failed:
        """The reason why a group cannot be met: that of its only choice, or why each of several fails."""
        failures = stack[-1].failures
        wanted = " | ".join(map(str, group))
        chain = " → ".join(frame.package.name for frame in stack)
        if not failures:
            known = [str(package) for relation in group for package in self.pool.versions(relation.name)]
            there = f"there is {', '.join(known[:4])}" if known else "no suite has such a package"
            return _Failed("TB2131", f"{chain} needs {wanted}: {there}")
        reasons = "; or ".join(dict.fromkeys(failure.reason for failure in failures[:4]))
        if len(failures) == 1 and " needs " in reasons:
            return failures[0]
        return _Failed(failures[0].code, f"{chain} needs {wanted}: {reasons}")

    def _count(self) -> None:
        self._steps += 1
        if self._steps > _STEPS:
            raise LockError.of(
                "TB2133",
                f"no answer after looking at {_STEPS} dependencies",
                hint="name the package to take of the alternatives in the spec's packages",
            )


def closure(
    requested: tuple[str, ...],
    pool: Pool,
    *,
    base: bool = True,
    installed: tuple[Package, ...] = (),
    prefer: frozenset[str] = frozenset({"usr-is-merged"}),
) -> tuple[LockedDeb, ...]:
    """The closure of ``requested`` (``NAME``, ``NAME=VERSION`` or ``NAME/SUITE``), sorted by name.

    ``base`` adds the Essential packages. ``installed`` are there already: they satisfy and exclude as if they were
    chosen, are never replaced by another version, and are not part of the answer; those of another architecture only
    keep out what dpkg would not have beside them. ``prefer`` names packages that are tried first wherever they are
    one of several alternatives: by default the empty package that says that /usr is merged, as it is in our images,
    rather than the program that merges it. The order of ``requested`` changes nothing.

    Raises LockError with a finding per package that was requested: TB2130 (no such package), TB2131 (a dependency
    that nothing satisfies), TB2132 (conflicts), TB2136 (spelling), TB2137 (another version is installed); or TB2133
    alone (search too long).
    """
    search = _Search(pool, prefer, installed)
    installed = tuple(search.chosen.values())
    there = frozenset(package.name for package in installed)
    findings: list[Finding] = []
    roots: list[Package] = []
    asked: set[str] = set()
    for request in sorted(set(requested)):
        try:
            package = _requested(request, pool, {package.name: package for package in installed})
            search.choose(package)
        except _Failed as failure:
            findings.append(_finding(failure, request))
        else:
            asked.add(package.name)
            if package.name not in there:
                roots.append(package)
    essential = pool.essential() if base else ()
    kept = [package for package in essential if package.name not in asked]
    for package in (*kept, *roots):
        try:
            search.choose(package)
            search.settle(package)
        except _Failed as failure:
            findings.append(_finding(failure, package.name))
    if findings:
        raise LockError(tuple(findings))
    return tuple(_locked(search, search.chosen[name], asked, there) for name in sorted(search.chosen.keys() - there))


def _requested(request: str, pool: Pool, installed: dict[str, Package]) -> Package:
    match = _REQUEST.fullmatch(request)
    if match is None:
        raise _Failed("TB2136", f"{request[:80]!r} is not the name of a package")
    name, version, suite = match.groups()
    versions = pool.versions(name)
    there = installed.get(name)
    if there is not None and version in {None, there.version}:
        suites = {one.suite for one in versions if one.version == there.version}
        if suite in {None, *suites}:
            return there
    if not versions:
        providers = sorted({package.name for package in pool.providers(name)})
        if providers:
            raise _Failed("TB2130", f"{name} is a virtual package, provided by {', '.join(providers[:6])}")
        alike = pool.similar(name)
        raise _Failed("TB2130", f"there is no package {name}" + (f"; alike are {', '.join(alike)}" if alike else ""))
    for package in versions:
        if version in {None, package.version} and suite in {None, package.suite}:
            return package
    known = ", ".join(f"{package.version} ({package.suite})" for package in versions[:4])
    raise _Failed("TB2130", f"there is no {request}; {name} has {known}")


_HINTS: Final = {
    "TB2130": "name a package of the suite, or add the suite that has it to the spec's suites",
    "TB2131": "add the suite that has the missing package to the spec's suites, or leave out what needs it",
    "TB2132": "leave out one of the two, or name another alternative in the spec's packages",
    "TB2136": _SPELLING,
    "TB2137": "take what the base's tag is by now (`twinbuild lock --upgrade-all`), name a newer base, or add the "
    "suites that its packages are of (such as bookworm-security and bookworm-updates) to base.debian.suites",
}


def _finding(failure: _Failed, request: str) -> Finding:
    return Finding(
        code=failure.code,
        message=failure.reason,
        hint=_HINTS[failure.code],
        where=Location(subject=f"package {request[:80]}"),
    )


def _locked(search: _Search, package: Package, asked: set[str], there: frozenset[str]) -> LockedDeb:
    return LockedDeb(
        name=package.name,
        version=package.version,
        architecture=package.architecture,
        archive=package.archive,
        suite=package.suite,
        component=package.component,
        path=package.path,
        size=package.size,
        sha256=Digest(package.sha256),
        source=package.source,
        source_version=package.source_version,
        depends=_satisfied_by(search, package, package.pre_depends + package.depends, there),
        pre_depends=_satisfied_by(search, package, package.pre_depends, there),
        essential=package.essential,
        requested=package.essential or package.name in asked,
    )


def _satisfied_by(
    search: _Search, package: Package, groups: tuple[Alternatives, ...], there: frozenset[str]
) -> tuple[str, ...]:
    found = (search.satisfying(group) for group in search.pool.applying(groups))
    return tuple(sorted({other.name for other in found if other is not None} - there - {package.name}))
