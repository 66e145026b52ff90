"""Whether the shared objects of a target's wheels are for its machine and its accelerator.

A wheel may be called what it is not, and its requirements may say nothing: the libraries that its files need tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from twinbuild.codec.dynamic import MACHINES, Dynamic
from twinbuild.deploy.accelerator.closure import BaseFacts
from twinbuild.deploy.accelerator.facts import purpose
from twinbuild.deploy.accelerator.sonames import AcceleratorLibrary, accelerator_library
from twinbuild.deploy.accelerator.table import cuda_family, numbers
from twinbuild.errors import Finding, Location
from twinbuild.model.lock import LockedWheel, Target
from twinbuild.model.spec.environment import Variant

__all__ = ["Binaries", "binary_findings"]

Binaries = Mapping[str, tuple[tuple[str, Dynamic], ...]]  # SHA-256 of a wheel → path and dynamic section of each

_NAMES: Final = {number: name for name, number in MACHINES.items()} | {3: "i386", 40: "arm"}
_WHOSE: Final = {"none": "no accelerator", "cuda": "CUDA", "rocm": "ROCm"}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Mismatch:
    """What is wrong with one file of a wheel."""

    code: str
    wheel: str
    file: str
    what: str
    hint: str


def binary_findings(
    variant: Variant, target: Target, binaries: Binaries, *, base: BaseFacts | None = None, absent: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """One finding for each wheel and kind of mismatch.

    TB2430: another machine; TB2431: another CUDA; TB2432: another accelerator, or any in a variant without; TB2433:
    another cuDNN. ``binaries`` leaves out files that are loaded on demand; ``absent`` are names of libraries that the
    spec says are never loaded.
    """
    judge = _Judge(variant, target, base or BaseFacts())
    found: dict[tuple[str, str], list[_Mismatch]] = {}
    for wheel in target.wheels:
        objects = binaries.get(wheel.sha256.hex, ())
        for each in (*judge.machines(wheel, objects), *judge.libraries(wheel, objects, frozenset(absent))):
            found.setdefault((each.code, each.wheel), []).append(each)
    where = Location(subject=f"{variant.name} {target.platform}")
    return tuple(
        Finding(code=code, message=f"{wheel}: {_told(mismatches)}", hint=min(mismatches).hint, where=where)
        for (code, wheel), mismatches in sorted(found.items())
    )


def _told(mismatches: list[_Mismatch]) -> str:
    """The first, and how many there are."""
    first = min(mismatches)
    more = f" ({len(mismatches) - 1} more like it)" if len(mismatches) > 1 else ""
    return f"{first.file} {first.what}{more}"


class _Judge:
    """What is expected of a target's binaries."""

    def __init__(self, variant: Variant, target: Target, base: BaseFacts) -> None:
        self._variant = variant
        self._target = target
        self._machine = MACHINES[target.platform.machine]
        family = cuda_family(variant.cuda or "")
        self._cuda = family.major if family is not None else 0
        purposes = [purpose(wheel) for wheel in target.wheels]
        stated = {each.cudnn for each in purposes if each.cudnn} | set(numbers(base.cudnn)[:1])
        self._cudnn = tuple(sorted(stated)) or (family.cudnn if family is not None else ())
        self._libraries = {each.wheel.name for each in purposes if each.library}

    def machines(self, wheel: LockedWheel, objects: tuple[tuple[str, Dynamic], ...]) -> Iterator[_Mismatch]:
        """A wheel for a platform with nothing for it; a module that has the platform's name and another's code."""
        foreign = [(path, elf) for path, elf in objects if elf.machine != self._machine]
        anywhere = wheel.filename.endswith("-any.whl")
        if anywhere or len(foreign) < len(objects):
            foreign = [(path, elf) for path, elf in foreign if self._module(path)]
        for path, elf in foreign:
            yield _Mismatch(
                code="TB2430",
                wheel=wheel.filename,
                file=path,
                what=f"is for {_NAMES.get(elf.machine, f'the ELF machine {elf.machine}')}, "
                f"expected {self._target.platform.machine}",
                hint=f"report it to the makers of {wheel.name}, and pin a version whose files are what its name says",
            )

    def _module(self, path: str) -> bool:
        """Whether Python would import it on the platform."""
        version = self._target.python.minor.replace(".", "")
        own = rf"\.cpython-{version}-{re.escape(self._target.platform.triplet)}\.so"
        return re.search(rf"({own}|\.abi3\.so)$", path) is not None

    def libraries(
        self, wheel: LockedWheel, objects: tuple[tuple[str, Dynamic], ...], absent: frozenset[str]
    ) -> Iterator[_Mismatch]:
        """Libraries of accelerators that are needed, and those that a wheel of such libraries brings."""
        brought = {name for path, elf in objects for name in (path.rpartition("/")[2], elf.soname)}
        for path, elf in objects:
            if elf.machine != self._machine:
                continue
            if wheel.name in self._libraries and elf.soname not in absent:
                yield from self._library(wheel, path, elf.soname, "is", bundled=False)
            for name in elf.needed:
                if name not in absent:
                    yield from self._library(wheel, path, name, "needs", bundled=name in brought)

    def _library(self, wheel: LockedWheel, path: str, name: str, verb: str, *, bundled: bool) -> Iterator[_Mismatch]:
        library = accelerator_library(name)
        if library is None:
            return
        mismatch = partial(_Mismatch, wheel=wheel.filename, file=path)
        never = f"where that file is never loaded, name {name} in dependencies.absent_libraries"
        if library.accelerator != self._variant.accelerator:
            if bundled:
                return  # its own copy: it is loaded, and finds no device
            uses = _WHOSE[self._variant.accelerator]
            yield mismatch(
                code="TB2432",
                what=f"{verb} {name}, a library of {_WHOSE[library.accelerator]}, but the variant uses {uses}",
                hint=f"bind {wheel.name} to an index of builds for the variant, or choose another version; {never}",
            )
        elif library.cudnn and self._cudnn and library.major not in (0, *self._cudnn):
            majors = " or ".join(map(str, self._cudnn))
            yield mismatch(
                code="TB2433",
                what=f"{verb} {name}, expected cuDNN {majors}",
                hint=f"choose a version of {wheel.name} that was built with cuDNN {majors}; {never}",
            )
        elif self._other_cuda(library, bundled=bundled):
            other = f", or a `cuda` of the variant that is {library.cuda[0]}" if library.cuda else ""
            yield mismatch(
                code="TB2431",
                what=f"{verb} {name}, expected {library.of(self._cuda)}, which CUDA {self._cuda} has",
                hint=f"choose a build of {wheel.name} for CUDA {self._cuda}{other}; {never}",
            )

    def _other_cuda(self, library: AcceleratorLibrary, *, bundled: bool) -> bool:
        """Whether it is of another CUDA; a copy in the same wheel may be older, for later drivers run it."""
        expected = library.expected(self._cuda)
        if not expected or library.major in (0, expected):
            return False
        return library.major > expected or not bundled
