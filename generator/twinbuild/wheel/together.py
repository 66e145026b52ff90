"""Wheels side by side: one path has one content, decided from their RECORDs before anything is unpacked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from twinbuild.errors import BuildError, Finding, Location
from twinbuild.wheel.contents import Wheel
from twinbuild.wheel.layout import Layout, place
from twinbuild.wheel.names import parents
from twinbuild.wheel.record import encode_hash
from twinbuild.wheel.scripts import commands, stub

__all__ = ["Shared", "check_together"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A path that several wheels bring with the same bytes."""

    path: str
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    project: str
    identity: tuple[str, bool]  # hash as RECORD has it, executable


def check_together(wheels: Sequence[Wheel], layout: Layout) -> tuple[Shared, ...]:
    """The paths that several of these wheels share, with equal bytes and modes; reads no content.

    Raises BuildError with all findings: TB4110 (two wheels of one project, different bytes for one path, a file where
    another has a directory), TB4114 (a path of the virtual environment itself).
    """
    findings: list[Finding] = []
    claims: dict[str, list[_Claim]] = {}
    seen: dict[str, str] = {}
    for wheel in wheels:
        other = seen.setdefault(wheel.project, wheel.filename)
        if other != wheel.filename:
            findings.append(_finding("TB4110", f"two wheels of {wheel.project}: {other} and {wheel.filename}"))
        for path, claim in _claims(wheel, layout):
            claims.setdefault(path, []).append(claim)
    findings += _reserved(claims, layout)
    directories = parents(claims)
    shared = []
    for path, those in sorted(claims.items()):
        projects = tuple(sorted({claim.project for claim in those}))
        if path in directories:
            findings.append(_finding("TB4110", f"a file of {', '.join(projects)}, a directory of another", path))
        if len(those) == 1:
            continue
        if len({claim.identity for claim in those}) > 1:
            findings.append(_finding("TB4110", f"different bytes or modes from {' and '.join(projects)}", path))
        else:
            shared.append(Shared(path=path, projects=projects))
    if findings:
        raise BuildError(tuple(findings))
    return tuple(shared)


def _claims(wheel: Wheel, layout: Layout) -> Iterator[tuple[str, _Claim]]:
    for placed in place(wheel, layout):
        yield placed.path, _Claim(wheel.project, (placed.file.row.hash, placed.file.executable))
    for name, point in commands(wheel, layout):
        digest = encode_hash(hashlib.sha256(stub(point, layout.executable)).digest())
        yield f"{layout.scripts}/{name}", _Claim(wheel.project, (digest, True))


def _reserved(claims: Iterable[str], layout: Layout) -> Iterator[Finding]:
    """Findings for paths that belong to the virtual environment's skeleton."""
    names = ("pyvenv.cfg", "lib64", "lib", "bin", "include", "bin/python", "bin/python3", f"bin/python{layout.python}")
    reserved = {f"{layout.prefix}/{name}" for name in names}
    for path in sorted(claims):
        if path in reserved or path.startswith(f"{layout.prefix}/lib64/"):
            yield _finding("TB4114", "a wheel would replace a part of the virtual environment", path)


def _finding(code: str, message: str, path: str = "") -> Finding:
    hint = "choose versions that do not collide, or report it to their makers"
    return Finding(code=code, message=message, hint=hint, where=Location(subject=path))
