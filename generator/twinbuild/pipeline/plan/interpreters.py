"""Which Python compiles a target's byte code: its own, in the builds of it that the lock has."""

from __future__ import annotations

from twinbuild.build.bytecode import PROGRAM_DIGEST
from twinbuild.model.lock import Lock, LockedBase, LockedDeb, Target
from twinbuild.model.plan import DebInput, Interpreter, InterpreterBuild
from twinbuild.model.platform import Platform
from twinbuild.pipeline.plan.standing import interpreter_layers

__all__ = ["deb_input", "interpreter_of"]


def deb_input(deb: LockedDeb) -> DebInput:
    """A package as an input of a layer."""
    return DebInput(
        name=deb.name,
        version=deb.version,
        architecture=deb.architecture,
        sha256=deb.sha256,
        size=deb.size,
        depends=deb.depends,
        pre_depends=deb.pre_depends,
    )


def interpreter_of(lock: Lock, target: Target) -> Interpreter:
    """The target's Python, with the builds of the same version that the lock has for other platforms."""
    if target.base is not None:
        return _on_base(lock, target, target.base)
    package = f"python{target.python.minor}-minimal"
    builds: dict[Platform, tuple[DebInput, ...]] = {}
    for other in (target, *lock.targets):
        if other.platform not in builds and _version(other, package) == _version(target, package):
            builds[other.platform] = _closure(other, package)
    return Interpreter(
        version=target.python.version,
        executable=f"usr/bin/python{target.python.minor}",
        program=PROGRAM_DIGEST,
        builds=tuple(InterpreterBuild(platform=platform, debs=builds[platform]) for platform in sorted(builds)),
    )


def _on_base(lock: Lock, target: Target, base: LockedBase) -> Interpreter:
    """A Python on a base image: other platforms' serve where they have the same version in the same place."""
    package = f"python{target.python.minor}-minimal"
    builds: dict[Platform, InterpreterBuild] = {}
    for other in (target, *lock.targets):
        found = other.base
        if found is None or other.platform in builds or other.python.version != target.python.version:
            continue
        if found.executable == base.executable and _version(other, package) == _version(target, package):
            builds[other.platform] = InterpreterBuild(
                platform=other.platform, debs=_closure(other, package), base=interpreter_layers(found)
            )
    return Interpreter(
        version=target.python.version,
        executable=base.executable,
        program=PROGRAM_DIGEST,
        builds=tuple(builds[platform] for platform in sorted(builds)),
    )


def _version(target: Target, package: str) -> str | None:
    return next((deb.version for deb in target.debs if deb.name == package), None)


def _closure(target: Target, package: str) -> tuple[DebInput, ...]:
    """A package with what it needs to compile, transitively.

    TLS is not among that, and changes often: without it, its updates leave the layers of wheels as they are.
    """
    known = {deb.name: deb for deb in target.debs}
    wanted = [package]
    chosen: dict[str, LockedDeb] = {}
    while wanted:
        name = wanted.pop()
        if name in chosen or name not in known or name.startswith("libssl"):
            continue
        chosen[name] = known[name]
        wanted.extend(known[name].depends)
    return tuple(deb_input(chosen[name]) for name in sorted(chosen))
