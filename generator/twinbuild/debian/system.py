"""An operating system from Debian packages: everything together, from package files to the entries of a layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.debian import hermetic
from twinbuild.debian.accounts import add_service_user
from twinbuild.debian.archive import Deb
from twinbuild.debian.database import install_database
from twinbuild.debian.effects import Divert, Effect, Perform, SetOwner, Step
from twinbuild.debian.effects.apply import apply_effects, placed
from twinbuild.debian.ground import Ground, additions
from twinbuild.debian.hermetic import Delta
from twinbuild.debian.scripts import KnownScript, UnknownScript, judge, scripts_of
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import Diverted, Unpacked, merge, unpack_order
from twinbuild.errors import BuildError, Finding, Location, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.plan import DebInput, User
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Entry, File

__all__ = ["HOSTS", "Installation", "assemble", "examine", "refusal"]

HOSTS: Final = b"127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n"  # engines put theirs over it
_ROUNDS: Final = 3  # of scripts that activate triggers of other scripts


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
            raise PolicyRefused(tuple(refusal(script) for script in self.unknown))


def refusal(script: UnknownScript, reason: str = "") -> Finding:
    """TB4210 for a script; ``reason`` says why it cannot run in a sandbox, where that was wanted."""
    hint = "run `twinbuild lock`, which notes the scripts that are to run in the sandbox, or leave the package out"
    return Finding(
        code="TB4210",
        message=f"the effects of {script.package}'s {script.script} are not known"
        + (f", and it cannot run in a sandbox here: {reason}" if reason else ""),
        hint="lock on a machine that has a sandbox (`twinbuild doctor`), or leave the package out" if reason else hint,
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
    perform: hermetic.Perform | None = None,
    ground: Ground | None = None,
) -> Iterator[Entry]:
    """The entries of a system, sorted by path, so that parents precede children and files their hard links.

    ``packages`` may come in any order; ``debs`` says what depends on what. ``handled`` names unknown scripts, by their
    digest, that ``perform`` runs. With a ``ground``, the packages are added to it, and the entries are what it has not.
    Raises PolicyRefused TB4210 for other unknown scripts, IntegrityError and BuildError
    as ``merge``, ``apply_effects`` and ``perform``, BuildError TB4217 for a script without its interpreter, TB4219.
    """
    by_name = {package.deb.name: package for package in packages}
    ordered = tuple(by_name[name] for name in unpack_order(debs))
    installation = examine(package.deb for package in ordered)
    Installation(
        known=(), unknown=tuple(script for script in installation.unknown if script.sha256 not in handled)
    ).refuse_unknown()
    if perform is None or not installation.unknown:
        root, _ = _system(ordered, platform, ground)
    else:
        root = _scripted(ordered, platform, installation, perform, ground)
    if user is not None:
        add_service_user(root, user)
    return (root if ground is None else additions(root, ground)).entries()


def _system(
    ordered: tuple[Unpacked, ...],
    platform: Platform,
    ground: Ground | None,
    earlier: tuple[tuple[Delta, frozenset[str]], ...] = (),
) -> tuple[Root, Installation]:
    """Packages with database and known effects, over what ``earlier`` scripts did and with the paths that they saw."""
    installation = examine(package.deb for package in ordered)
    diverted = [*(ground.diverted if ground is not None else ()), *installation.diverted(platform)]
    overrides = list(ground.overridden if ground is not None else ())
    overrides += [effect for effect in installation.effects if isinstance(effect, SetOwner)]
    for delta, _ in earlier:
        diverted += [item for item in hermetic.diversions(delta.read("diversions")) if item not in diverted]
        overrides += [item for item in hermetic.overrides(delta.read("statoverride")) if item not in overrides]
    before = ground.root if ground is not None else None
    owners = ground.owners if ground is not None else None
    merged = merge(ordered, platform, tuple(diverted), ground=before, owners=owners)
    root = merged.root
    for delta, seen in earlier:
        delta.apply(root, seen=seen)
    effects = installation.effects if ground is None else (*installation.effects, Perform(step=Step.LIBRARIES))
    if ground is not None:  # dpkg unpacks with the owners and modes that somebody set, also before there was a package
        shipped = {name for names in merged.lists for name in names}  # by the name that a package gives a file
        mine = (item for item in ground.overridden if item.path in shipped)
        effects = (*(item for item in mine if root.get(item.path) is not ground.root.get(item.path)), *effects)
    apply_effects(root, effects, platform)
    if ground is None and not root.exists("etc/hosts"):
        root.write("etc/hosts", HOSTS)
    pairs = zip(merged.order, merged.lists, strict=True)
    install_database(root, pairs, platform, tuple(diverted), tuple(overrides), ground=before, shipped=merged.conffiles)
    return root, installation


def _scripted(
    ordered: tuple[Unpacked, ...],
    platform: Platform,
    installation: Installation,
    perform: hermetic.Perform,
    ground: Ground | None,
) -> Root:
    """The system with the unknown scripts run."""
    unknown = {(script.package, script.script) for script in installation.unknown}
    dpkg = next((package.deb.version for package in ordered if package.deb.name == "dpkg"), "")
    dpkg = dpkg or (ground.dpkg if ground is not None else "")
    scripts = {(script.package, script.kind): script for package in ordered for script in scripts_of(package.deb)}
    earlier: list[tuple[Delta, frozenset[str]]] = []
    for index, package in enumerate(ordered):
        key = package.deb.name, "preinst"
        if key in unknown:
            root, _ = _system(ordered[:index], platform, ground, tuple(earlier))
            hermetic.require_programs(root, (scripts[key],))
            call = hermetic.preinstall(root, package.deb, dpkg)
            entries = tuple(root.entries())
            delta = perform(entries, (call,)).normalised()
            earlier.append((delta, frozenset(entry.path for entry in entries)))
    root, known = _system(ordered, platform, ground, tuple(earlier))
    before = {name: isinstance(root.get(name), File) for name in ("etc/passwd", "etc/group")}
    running = [package.deb for package in ordered if (package.deb.name, "postinst") in unknown]
    hermetic.require_programs(root, (scripts[deb.name, "postinst"] for deb in running))
    calls = tuple(hermetic.configure(deb, dpkg) for deb in running)
    for _ in range(_ROUNDS):
        if not calls:
            break
        perform(tuple(root.entries()), calls).normalised().apply(root)
        calls = hermetic.triggered(root, running, dpkg)
    for name in ("etc/passwd", "etc/group"):
        if before[name] and not isinstance(root.get(name), File):
            raise BuildError.of(
                "TB4213", f"a maintainer script took /{name} away", hint="leave the package out", where=name
            )
    libraries = Perform(step=Step.LIBRARIES)
    if ground is not None or libraries in known.effects:
        apply_effects(root, (libraries,), platform)  # the scripts may have added libraries
    return root
