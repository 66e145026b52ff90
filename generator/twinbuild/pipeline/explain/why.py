"""Why a Python package or a Debian package is in the image: the chains of requirements from the spec to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from twinbuild.errors import UsageError
from twinbuild.model.lock import LockedDeb, LockedWheel, Target
from twinbuild.pipeline.explain.asked import Asked, Questioned
from twinbuild.pipeline.explain.chains import nearest, shortest_chains

__all__ = ["Chain", "Reasons", "no_such", "why_package"]

_NAMED: Final = re.compile(  # as scanners and locks name a package
    r"pkg:(?P<type>deb|pypi)/(?:[^/@?#]+/)?(?P<package>[^/@?#]+)(?:@(?P<at>[^?#]+))?(?:[?#].*)?"
    r"|(?P<name>[^=\s]+)==(?P<version>\S+)"
)
_ARCHITECTURE: Final = re.compile(r"(?:^[a-z0-9][a-z0-9.+-]+:|^pkg:deb/[^?]*\?(?:[^#]*&)?arch=)([a-z0-9]+)(?=$|[&#])")
_KINDS: Final = {"deb": "Debian package", "pypi": "Python package"}
_NOT_IN_IMAGE: Final = ("build", "development", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """``reason`` is what the spec says (or what makes a package needed without it), ``where`` the place of that."""

    reason: str
    where: str
    packages: tuple[str, ...]  # from the one that was asked for to the one in question, each with its version


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why one package is there: ``target`` is the variant and platform, ``part`` what of it ("" for the image)."""

    target: str
    kind: str
    package: str
    part: str
    chains: tuple[Chain, ...]


def why_package(questioned: Questioned, asked: str, *, also: Collection[str] = ()) -> tuple[Reasons, ...]:
    """The reasons of each target that has a package of that name, NAME==VERSION, or package URL.

    ``also`` are other names that may have been meant.
    Raises UsageError TB9310 where there is none, with the nearest names, or the version that there is.
    """
    match = _NAMED.fullmatch(asked)
    name, version, kind = asked, "", ""
    if match is not None:
        name = unquote(match["package"] or match["name"])
        version, kind = unquote(match["at"] or match["version"] or ""), _KINDS.get(match["type"] or "", "")
    architecture = asked_for[1] if (asked_for := _ARCHITECTURE.search(asked)) else ""
    named = tuple(
        reason
        for target in questioned.lock.targets
        if architecture in ("", "all", target.platform.architecture)
        for reason in _of_target(questioned, target, name)
        if kind in ("", reason.kind)
    )
    if not named:
        within = "" if questioned.release else "; of what is within a wheel ask the directory of a release"
        known = _known(questioned).union(also)
        said = f"is no {kind or 'package'} of {questioned.name}{f' for {architecture}' * bool(architecture)}"
        raise no_such(name, known, said, otherwise=f"{_OTHERWISE}{within}")
    found = tuple(reason for reason in named if not version or reason.package.endswith(f" {version}"))
    if not found:
        there = ", ".join(sorted({reason.package for reason in named}))
        raise UsageError.of(
            "TB9310",
            f"{asked[:200]!r} is no package of {questioned.name}, which has {there}",
            hint="ask for the version that is there, or without one",
        )
    return found


_OTHERWISE: Final = "see `twinbuild show --section environment`"


def no_such(name: str, known: set[str], said: str, *, otherwise: str = _OTHERWISE) -> UsageError:
    """TB9310, to be raised. ``otherwise`` is the hint where no name is near."""
    near = nearest(name, known)
    return UsageError.of(
        "TB9310",
        f"{name[:200]!r} {said}",
        hint=f"the nearest are {', '.join(near)}" if near else otherwise,
    )


def _known(questioned: Questioned) -> set[str]:
    names = {item.name for target in questioned.lock.targets for item in (*target.contents, *_beside(target))}
    based = (target.base.packages for target in questioned.lock.targets if target.base is not None)
    return names | {package.name for packages in based for package in packages}


def _beside(target: Target) -> Iterator[LockedWheel]:
    for purpose in _NOT_IN_IMAGE:
        yield from getattr(target, purpose)


def _of_target(questioned: Questioned, target: Target, name: str) -> Iterator[Reasons]:
    label = f"{target.variant} {target.platform}"
    for purpose in ("runtime", *_NOT_IN_IMAGE):
        wheels: tuple[LockedWheel, ...] = target.wheels if purpose == "runtime" else getattr(target, purpose)
        if purpose != "runtime" and any(each.name == canonicalize_name(name) for each in target.wheels):
            continue
        part = "" if purpose == "runtime" else f"in no image: it is locked for {purpose}"
        yield from _wheels(questioned, (label, target.variant, purpose, part), wheels, name)
    for step in target.steps:
        part = f"in no image: the step {step.name!r} is given it"
        yield from _given(label, part, step.wheels, step.debs, name)
    yield from _debs(questioned, label, target, name)


def _wheels(
    questioned: Questioned, what: tuple[str, str, str, str], wheels: tuple[LockedWheel, ...], name: str
) -> Iterator[Reasons]:
    label, variant, purpose, part = what
    packages = {each.name: each for each in wheels}
    wanted = canonicalize_name(name)
    if wanted not in packages:
        return
    asked = [
        each
        for each in questioned.asked
        if each.kind == "python" and each.purpose == purpose and each.variant in ("", variant)
    ]
    roots = {each.name for each in asked} | {each.name for each in wheels if each.requested}
    titles = {each.name: f"{each.name} {each.version}" for each in wheels}
    chains = shortest_chains(wanted, {each.name: each.requires for each in wheels}, roots)
    yield Reasons(
        target=label,
        kind="Python package",
        package=titles[wanted],
        part=part,
        chains=tuple(_chain(chain, asked, titles, ("asked for by the spec", "")) for chain in chains),
    )


def _chain(chain: tuple[str, ...], asked: list[Asked], titles: Mapping[str, str], otherwise: tuple[str, str]) -> Chain:
    said = next((each for each in asked if each.name == chain[0]), None)
    return Chain(
        reason=said.text if said else otherwise[0],
        where=said.where if said else otherwise[1],
        packages=tuple(titles.get(each, each) for each in chain),
    )


def _given(
    label: str, part: str, wheels: tuple[LockedWheel, ...], debs: tuple[LockedDeb, ...], name: str
) -> Iterator[Reasons]:
    """A package that only a build step is given."""
    for kind, items, wanted in (("Python package", wheels, canonicalize_name(name)), ("Debian package", debs, name)):
        packages: dict[str, LockedWheel | LockedDeb] = {each.name: each for each in items}
        if wanted not in packages:
            continue
        requires = {
            each.name: each.requires if isinstance(each, LockedWheel) else each.depends for each in packages.values()
        }
        titles = {each.name: f"{each.name} {each.version}" for each in packages.values()}
        chains = shortest_chains(wanted, requires, {each.name for each in packages.values() if each.requested})
        told = tuple(_chain(chain, [], titles, ("asked for by the step", "")) for chain in chains)
        yield Reasons(target=label, kind=kind, package=titles[wanted], part=part, chains=told)


def _debs(questioned: Questioned, label: str, target: Target, name: str) -> Iterator[Reasons]:
    wanted = name.partition(":")[0]
    packages = {each.name: each for each in target.debs}
    if wanted in packages:
        asked = [each for each in questioned.asked if each.kind == "debian" and each.variant in ("", target.variant)]
        titles = {each.name: f"{each.name} {each.version}" for each in target.debs}
        roots = {each.name for each in target.debs if each.requested}
        chains = shortest_chains(wanted, {each.name: each.depends for each in target.debs}, roots)
        named = {each.name for each in asked}
        chains = tuple(sorted(chains, key=lambda chain: chain[0] not in named))  # what people wrote comes first
        told = tuple(_chain(chain, asked, titles, _unasked(questioned, packages[chain[0]])) for chain in chains)
        yield Reasons(target=label, kind="Debian package", package=titles[wanted], part="", chains=told)
    elif target.base is not None:
        for package in target.base.packages:
            if package.name == wanted:
                chain = Chain(
                    reason=f"comes with the base image {target.base.reference}",
                    where=questioned.base,
                    packages=(f"{package.name} {package.version}",),
                )
                yield Reasons(target=label, kind="Debian package", package=chain.packages[0], part="", chains=(chain,))


def _unasked(questioned: Questioned, package: LockedDeb) -> tuple[str, str]:
    """Why a package is at the beginning of a chain though the spec does not name it."""
    if package.name.startswith(("python3", "libpython3")):
        return "the Python of the image", questioned.python
    if package.essential:
        return "Essential: yes, so that every Debian system has it", questioned.base
    return "every image that is made of Debian packages has it", questioned.base
