"""Components of a bill of materials held against advisories: pure, for any bill and any set of advisories.

A component is looked up by its package URL: of PyPI under its normalised name, of Debian and Ubuntu under its source
package (advisories are about those) for its very release, of crates.io, npm and Go as it is. Other components are told
apart as not looked up. Advisories that name one another (aliases, upstream) are one vulnerability; its severity is the
highest that any of them states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL

from twinbuild.codec.cvss import level_of, score_of
from twinbuild.govern.vulnerabilities.versions import Undecided, fixed_versions, is_affected
from twinbuild.model.bom import Bom, BomComponent
from twinbuild.model.vulnerability import LEVELS, Advisory, AdvisoryPackage, Level, Package, Vulnerable

__all__ = ["find", "names_of", "packages_of", "same_system", "systems_of"]

_SOURCE: Final = "twinbuild:source"  # name and version of the source package
_SDIST: Final = "twinbuild:sdist"
_PLAIN: Final[Mapping[str, str]] = {"cargo": "crates.io", "npm": "npm", "golang": "Go"}
_SYSTEMS: Final[Mapping[str, str]] = {"debian": "Debian", "ubuntu": "Ubuntu"}


def packages_of(bom: Bom) -> tuple[tuple[Package, ...], tuple[BomComponent, ...]]:
    """The components that a database may know, and those that no ecosystem of it has, both in the document's order.

    A file within a package (a package URL with a subpath) is neither: it belongs to that package.
    """
    found: list[Package] = []
    others: list[BomComponent] = []
    for each in bom.everything:
        purl = _purl(each.purl)
        if purl is not None and purl.subpath and purl.type == "pypi":
            continue
        package = _package(each, purl) if purl is not None else None
        if package is None:
            others.append(each)
        else:
            found.append(package)
    return tuple(found), tuple(others)


def names_of(packages: Iterable[Package]) -> frozenset[str]:
    """The names under which advisories would have them."""
    return frozenset(each.name for each in packages)


def systems_of(packages: Iterable[Package]) -> frozenset[str]:
    """The databases that would have them: ``Debian`` for ``Debian:12``."""
    return frozenset(each.ecosystem.partition(":")[0] for each in packages)


def _purl(text: str) -> PackageURL | None:
    try:
        return PackageURL.from_string(text) if text else None
    except ValueError:
        return None


def _package(each: BomComponent, purl: PackageURL) -> Package | None:
    ecosystem, name, version = _known_as(each, purl)
    if not (ecosystem and name and version):
        return None
    return Package(
        ecosystem=ecosystem,
        name=name,
        version=version,
        reference=each.reference,
        title=each.title,
        purl=each.purl,
    )


def _known_as(each: BomComponent, purl: PackageURL) -> tuple[str, str, str]:
    """Ecosystem, name and version in a database; empty texts for a component that none of them has."""
    version = unquote(purl.version or "")
    if purl.type == "pypi":
        from packaging.utils import canonicalize_name

        return "PyPI", canonicalize_name(purl.name), version
    if purl.type in _PLAIN:
        space = f"{purl.namespace}/" if purl.namespace else ""
        return _PLAIN[purl.type], f"{space}{purl.name}", version
    if purl.type == "deb" and purl.namespace is not None and purl.namespace in _SYSTEMS:
        qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
        _, _, release = qualifiers.get("distro", "").partition("-")
        system = _SYSTEMS[purl.namespace]
        if system == "Debian":  # advisories are for 12, and others write its point release: 12.5
            release = release.partition(".")[0]
        if (epoch := qualifiers.get("epoch", "")) not in ("", "0") and ":" not in version:  # as trivy has it
            version = f"{epoch}:{version}"
        source, _, source_version = each.properties.get(_SOURCE, "").partition(" ")
        if not source:  # a bill by others: as syft has it, or the package itself
            source, _, source_version = qualifiers.get("upstream", "").partition("@")
        return f"{system}:{release}" if release else system, source or purl.name, source_version or version
    return "", "", ""


def find(packages: Iterable[Package], advisories: Iterable[Advisory]) -> tuple[Vulnerable, ...]:
    """Every component that an advisory is about, once for each vulnerability; by severity, then name and component."""
    standing = {each.id: each for each in advisories if not each.withdrawn}
    groups = _groups(standing)
    about: dict[str, list[tuple[Advisory, AdvisoryPackage]]] = {}
    for advisory in standing.values():
        for affected in advisory.affected:
            about.setdefault(_normal(affected), []).append((advisory, affected))
    found: dict[tuple[str, int], list[tuple[Advisory, AdvisoryPackage, bool]]] = {}
    asked = tuple(packages)
    for place, package in enumerate(asked):  # not by reference: bills by others need not give one
        for advisory, affected in about.get(package.name, ()):
            if not same_system(package.ecosystem, affected.ecosystem):
                continue
            decided, hit = _judged(package, affected)
            if hit:
                found.setdefault((groups[advisory.id], place), []).append((advisory, affected, decided))
    members = _members(groups, standing)
    made = (
        _vulnerable(asked[place], hits, members[group], _related(members[group], hits, standing))
        for (group, place), hits in found.items()
    )
    return tuple(sorted(made, key=_severest_first))


def _vulnerable(
    package: Package,
    hits: list[tuple[Advisory, AdvisoryPackage, bool]],
    names: tuple[str, ...],
    related: list[Advisory],
) -> Vulnerable:
    """One finding. Its severity is the highest score of any vector; without one, the highest word that is stated."""
    vectors = [vector for _, affected, _ in hits for vector in affected.vectors]
    vectors += [vector for advisory in related for vector in advisory.vectors]
    scored = sorted(((score, vector) for vector in vectors if (score := score_of(vector)) is not None), reverse=True)
    score, vector = scored[0] if scored else (None, "")
    words = [affected.level for _, affected, _ in hits] + [advisory.level for advisory in related]
    fixed = dict.fromkeys(version for _, affected, _ in hits for version in fixed_versions(affected))
    return Vulnerable(
        package=package,
        ids=names,
        summary=next((advisory.summary for advisory in related if advisory.summary), ""),
        level=level_of(score) if score is not None else _highest(words),
        score=score,
        vector=vector,
        fixed=tuple(fixed),
        decided=any(decided for _, _, decided in hits),
    )


def _related(
    names: tuple[str, ...], hits: list[tuple[Advisory, AdvisoryPackage, bool]], standing: Mapping[str, Advisory]
) -> list[Advisory]:
    """The advisories whose severity counts: those that are the vulnerability, and what a hit says is upstream of it."""
    above = (name for advisory, _, _ in hits for name in advisory.upstream)
    return [standing[name] for name in dict.fromkeys((*names, *above)) if name in standing]


def _highest(words: Iterable[Level]) -> Level:
    known = [LEVELS.index(word) for word in words if word != "unknown"]
    return LEVELS[max(known)] if known else "unknown"


def _normal(affected: AdvisoryPackage) -> str:
    if affected.ecosystem == "PyPI":
        from packaging.utils import canonicalize_name

        return canonicalize_name(affected.name)
    return affected.name


def same_system(ours: str, theirs: str) -> bool:
    """``Debian:12`` goes by that name or by Debian, for all releases; ``Ubuntu:24.04`` also by ``Ubuntu:24.04:LTS``."""
    one, other = ours.split(":"), theirs.split(":")
    if one[0] != other[0] or (one[0] == "Ubuntu" and "Pro" in other):
        return False
    return len(one) == 1 or len(other) == 1 or one[1] == next((part for part in other[1:] if part != "Pro"), "")


def _judged(package: Package, affected: AdvisoryPackage) -> tuple[bool, bool]:
    """Whether it could be decided, and whether the advisory is about the version; undecided counts as about it."""
    try:
        return True, is_affected(package.version, affected)
    except Undecided:
        return False, True


def _groups(standing: Mapping[str, Advisory]) -> dict[str, str]:
    """For each advisory the least name of those that it is one vulnerability with (union of aliases).

    An upstream counts where it is the only one; a distribution's advisory about several is a finding of its own, or an
    exception for one of them would excuse the others.
    """
    leader: dict[str, str] = {}

    def top(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for each in standing.values():
        for other in (*each.aliases, *(each.upstream if len(each.upstream) == 1 else ())):
            one, two = sorted((top(each.id), top(other)))
            leader[two] = one
    return {name: top(name) for name in (*standing, *leader)}


def _members(groups: Mapping[str, str], standing: Mapping[str, Advisory]) -> dict[str, tuple[str, ...]]:
    """All names of each vulnerability: that of CVE first, then of advisories that are there, then others."""
    found: dict[str, list[str]] = {}
    for name, top in groups.items():
        found.setdefault(top, []).append(name)
    return {
        top: tuple(sorted(names, key=lambda name: (not name.startswith("CVE-"), name not in standing, name)))
        for top, names in found.items()
    }


def _severest_first(each: Vulnerable) -> tuple[int, float, str, str]:
    place = len(LEVELS) if each.level == "unknown" else LEVELS.index(each.level)
    return -place, -(each.score or 0.0), each.name, each.package.reference
