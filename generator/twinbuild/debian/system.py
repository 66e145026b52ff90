"""An operating system from Debian packages: everything together, from package files to the entries of a layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.debian.accounts import add_service_user
from twinbuild.debian.archive import Deb
from twinbuild.debian.database import install_database
from twinbuild.debian.effects import Divert, Effect, SetOwner
from twinbuild.debian.effects.apply import apply_effects, placed
from twinbuild.debian.scripts import KnownScript, UnknownScript, judge, scripts_of
from twinbuild.debian.unpack import Diverted, Unpacked, merge, unpack_order
from twinbuild.errors import Finding, Location, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.plan import DebInput, User
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Entry

__all__ = ["Installation", "assemble", "examine"]

_HOSTS: Final = b"127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n"  # engines put theirs over it


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What the scripts of a set of packages do, as far as it is known. Scripts are in unpack order."""

    known: tuple[KnownScript, ...]
    unknown: tuple[UnknownScript, ...]

    @property
    def effects(self) -> tuple[Effect, ...]:
        """All known effects: those of preinst scripts first."""
        ordered = sorted(self.known, key=lambda item: item.script.kind != "preinst")
        return tuple(effect for item in ordered for effect in item.effects)

    def diverted(self, platform: Platform) -> tuple[Diverted, ...]:
        """The paths that packages take over from others."""
        return tuple(
            Diverted(package=item.script.package, path=placed(effect.path, platform), to=placed(effect.to, platform))
            for item in self.known
            for effect in item.effects
            if isinstance(effect, Divert)
        )

    def refuse_unknown(self) -> None:
        """Raise PolicyRefused TB4210 with every unknown script."""
        if self.unknown:
            raise PolicyRefused(tuple(_unknown(script) for script in self.unknown))


def _unknown(script: UnknownScript) -> Finding:
    return Finding(
        code="TB4210",
        message=f"the effects of {script.package}'s {script.script} are not known",
        hint="leave the package out, or let its script run in a sandbox",
        where=Location(subject=f"{script.package}!{script.script}@{script.sha256}"),
    )


def examine(debs: Iterable[Deb]) -> Installation:
    """What is known about the scripts of packages, which are given in unpack order. Needs control parts only."""
    verdicts = [judge(script) for deb in debs for script in scripts_of(deb)]
    return Installation(
        known=tuple(verdict for verdict in verdicts if isinstance(verdict, KnownScript)),
        unknown=tuple(verdict for verdict in verdicts if isinstance(verdict, UnknownScript)),
    )


def assemble(
    packages: Iterable[Unpacked],
    debs: tuple[DebInput, ...],
    *,
    platform: Platform,
    user: User | None = None,
    handled: frozenset[Digest] = frozenset(),
) -> Iterator[Entry]:
    """The entries of a system, sorted by path, so that parents precede children and files their hard links.

    ``packages`` may come in any order; ``debs`` says what depends on what. ``handled`` names unknown scripts, by their
    digest, that the caller runs himself on the finished tree. Raises PolicyRefused TB4210 for other unknown scripts,
    IntegrityError and BuildError as ``merge`` and ``apply_effects``.
    """
    by_name = {package.deb.name: package for package in packages}
    ordered = tuple(by_name[name] for name in unpack_order(debs))
    installation = examine(package.deb for package in ordered)
    Installation(
        known=(), unknown=tuple(script for script in installation.unknown if script.sha256 not in handled)
    ).refuse_unknown()
    diverted = installation.diverted(platform)
    merged = merge(ordered, platform, diverted)
    root = merged.root
    apply_effects(root, installation.effects, platform)
    if not root.exists("etc/hosts"):
        root.write("etc/hosts", _HOSTS)
    if user is not None:
        add_service_user(root, user)
    overrides = tuple(effect for effect in installation.effects if isinstance(effect, SetOwner))
    install_database(root, zip(merged.order, merged.lists, strict=True), platform, diverted, overrides)
    return root.entries()
