"""Where the files of a wheel lie once installed: the schemes of a virtual environment (PEP 427, sysconfig "venv")."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.model.tree import check_path
from twinbuild.wheel.contents import Wheel, WheelFile

__all__ = ["Layout", "Placed", "headers_name", "place"]

# What setuptools writes for an entry point itself; the generated script takes its place.
_WRAPPERS: Final = (".exe", "-script.py", ".pya")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A virtual environment in an image: ``prefix`` below the root (``opt/venv``), ``python`` such as ``3.11``."""

    prefix: str
    python: str

    def __post_init__(self) -> None:
        check_path(self.prefix)

    @property
    def site_packages(self) -> str:
        """Where modules go; a path of the tree, without a leading slash."""
        return f"{self.prefix}/lib/python{self.python}/site-packages"

    @property
    def scripts(self) -> str:
        """Where commands go."""
        return f"{self.prefix}/bin"

    @property
    def executable(self) -> str:
        """The interpreter that scripts name: an absolute path of the image."""
        return f"/{self.scripts}/python"

    def directories(self, project: str) -> dict[str, str]:
        """Where each scheme of that project goes: as pip has it in a virtual environment."""
        return {
            "purelib": self.site_packages,
            "platlib": self.site_packages,
            "scripts": self.scripts,
            "headers": f"{self.prefix}/include/site/python{self.python}/{project}",
            "data": self.prefix,
        }

    def record_path(self, path: str) -> str:
        """A path of the tree as RECORD writes it: relative to site-packages."""
        site_packages = f"{self.site_packages}/"
        if path.startswith(site_packages):
            return path[len(site_packages) :]
        return posixpath.relpath(f"/{path}", f"/{site_packages}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A file of a wheel and where it goes."""

    path: str  # of the tree
    scheme: str
    below: str  # its path in the scheme
    file: WheelFile


def place(wheel: Wheel, layout: Layout) -> Iterator[Placed]:
    """Every file that an installation copies, in the archive's order."""
    names = {point.name for point in wheel.entry_points}
    root = "purelib" if wheel.purelib else "platlib"
    schemed = f"{wheel.data_directory}/"
    directories = layout.directories(headers_name(wheel))
    for file in wheel.files:
        scheme, below = root, file.path
        if below.startswith(schemed):
            _, scheme, below = below.split("/", 2)
        if scheme != "scripts" or _command(below) not in names:
            yield Placed(path=f"{directories[scheme]}/{below}", scheme=scheme, below=below, file=file)


def headers_name(wheel: Wheel) -> str:
    """The directory of a project's headers: its name as the wheel's file has it."""
    return wheel.filename.partition("-")[0].replace("_", "-")


def _command(below: str) -> str:
    name = below.rpartition("/")[2]
    for suffix in _WRAPPERS:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name
