"""Maintainer scripts in the lock: which ones are not known, and so run in the sandbox when the image is built."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from twinbuild.debian.archive import read_deb
from twinbuild.debian.scripts import UnknownScript
from twinbuild.debian.system import examine, refusal
from twinbuild.errors import PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedDeb, LockedScript, Target
from twinbuild.pipeline.machine import Machine
from twinbuild.ports import Store

__all__ = ["running", "with_scripts"]


def with_scripts(lock: Lock, machine: Machine, previous: Lock | None = None) -> Lock:
    """The lock with the unknown scripts of every package whose bytes the store has.

    What the store lacks keeps what ``previous`` says of the very same file. Raises PolicyRefused TB4210, with every
    such package by name, where this machine cannot run them.
    """
    earlier = {deb.sha256: deb.runs for target in (previous.targets if previous else ()) for deb in _debs(target)}

    def judged(debs: tuple[LockedDeb, ...]) -> tuple[LockedDeb, ...]:
        return tuple(_judged(deb, machine.store, earlier) for deb in debs)

    targets = tuple(
        replace(
            target,
            debs=judged(target.debs),
            steps=tuple(replace(step, debs=judged(step.debs)) for step in target.steps),
        )
        for target in lock.targets
    )
    _refuse(targets, machine)
    return replace(lock, targets=targets)


def running(target: Target) -> tuple[str, ...]:
    """What runs in the sandbox for a target, such as ``demo (postinst)``, sorted."""
    return tuple(f"{deb.name} ({', '.join(script.kind for script in deb.runs)})" for deb in target.debs if deb.runs)


def _debs(target: Target) -> tuple[LockedDeb, ...]:
    """The packages of a target's image and of its steps."""
    return (*target.debs, *(deb for step in target.steps for deb in step.debs))


def _judged(deb: LockedDeb, store: Store, earlier: Mapping[Digest, tuple[LockedScript, ...]]) -> LockedDeb:
    if not store.has(deb.sha256):
        return replace(deb, runs=earlier.get(deb.sha256, deb.runs))
    with store.path(deb.sha256).open("rb") as file:
        unknown = examine([read_deb(file, expected=deb)]).unknown
    scripts = sorted((LockedScript(kind=each.script, sha256=each.sha256) for each in unknown), key=lambda one: one.kind)
    return replace(deb, runs=tuple(scripts))


def _refuse(targets: tuple[Target, ...], machine: Machine) -> None:
    wanted = {target.platform: target for target in targets if any(deb.runs for deb in _debs(target))}
    if not wanted:
        return
    from twinbuild.build.sandbox import Sandbox
    from twinbuild.build.scripts import CONFINEMENT

    reason = Sandbox(machine.runner).available(replace(CONFINEMENT, space=0))
    findings = []
    for target in targets:
        here = os.uname().machine
        foreign = "" if target.platform.machine == here else f"this machine is {here}, not {target.platform.machine}"
        if why := reason or foreign:
            findings += [
                refusal(UnknownScript(package=deb.name, script=script.kind, sha256=script.sha256), why)
                for deb in _debs(target)
                for script in deb.runs
            ]
    if findings:
        raise PolicyRefused(tuple(dict.fromkeys(findings)))
