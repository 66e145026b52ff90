"""Files that run or shadow code without being imported by name: legal in a wheel, and named before they are let in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import Finding, Location, PolicyRefused
from twinbuild.wheel.contents import Wheel
from twinbuild.wheel.layout import Layout, place
from twinbuild.wheel.standard import STANDARD_MODULES

__all__ = ["Hazard", "find_hazards", "refuse_hazards"]

_START: Final = ("sitecustomize", "usercustomize")  # imported by every start of Python
_INSTALLERS: Final = ("pip",)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Hazard:
    """One such file or package. ``name`` is what an allow list names: ``setuptools/distutils-precedence.pth``."""

    project: str
    path: str  # below site-packages: a file, or the name of a package
    reason: str

    @property
    def name(self) -> str:
        """Project and path: the entry that allows it."""
        return f"{self.project}/{self.path}"


def find_hazards(wheels: Iterable[Wheel], layout: Layout) -> tuple[Hazard, ...]:
    """Every hazard of these wheels, sorted, each once; reads no content."""
    return tuple(sorted({hazard for wheel in wheels for hazard in _of(wheel, layout)}))


def refuse_hazards(hazards: Iterable[Hazard], *, allow: Collection[str]) -> None:
    """Raise PolicyRefused TB4111 with a finding for each hazard that ``allow`` does not name."""
    refused = tuple(
        Finding(
            code="TB4111",
            message=f"{hazard.path} {hazard.reason}",
            hint=f"read it, and if it is wanted add {hazard.name!r} to dependencies.unasked_code",
            where=Location(subject=hazard.name),
        )
        for hazard in hazards
        if hazard.name not in allow
    )
    if refused:
        raise PolicyRefused(refused)


def _of(wheel: Wheel, layout: Layout) -> Iterator[Hazard]:
    project = wheel.project
    prefix = f"{layout.site_packages}/"
    for placed in place(wheel, layout):
        if not placed.path.startswith(prefix):
            continue
        top, slash, _ = placed.path.removeprefix(prefix).partition("/")
        module = top if slash else _module(top)
        if not slash and top.endswith(".pth"):
            yield Hazard(project=project, path=top, reason="is read, and may run code, at every start of Python")
        elif module in _START:
            yield Hazard(project=project, path=top, reason="runs at every start of Python")
        elif module in _INSTALLERS and project != module:
            yield Hazard(project=project, path=top, reason="replaces an installer")
        elif module in STANDARD_MODULES:
            yield Hazard(project=project, path=top, reason="has the name of a module of the standard library")


def _module(filename: str) -> str:
    """The module that a file at the top of site-packages is, or "": ``a.py``, ``a.cpython-311-x86_64-linux-gnu.so``."""
    stem, _, suffix = filename.partition(".")
    return stem if suffix in ("py", "pyc") or suffix.endswith("so") else ""
