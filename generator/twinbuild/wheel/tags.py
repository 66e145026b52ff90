"""Which wheels fit a target, and what a marker means there (PEP 425, 508, 600), without asking the host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from twinbuild.errors import Finding, Location, LockError
from twinbuild.model.lock import PythonEnvironment
from twinbuild.model.platform import Platform

__all__ = ["check_markers", "check_target", "choose", "host_markers", "marker_environment", "supported_tags"]

_LEGACY: Final = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
_OLDEST: Final = {"x86_64": 5, "aarch64": 17}  # glibc 2.N: the oldest that manylinux knows there (PEP 600)
_HOST_ONLY: Final = ("platform_release", "platform_version")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")


def supported_tags(python: PythonEnvironment, platform: Platform) -> tuple[str, ...]:
    """All tags that fit, best first, in the order of ``packaging.tags.sys_tags`` on such a machine."""
    from packaging.tags import compatible_tags, cpython_tags

    version = tuple(int(part) for part in python.minor.split("."))
    platforms = tuple(_platforms(python.glibc, platform.machine))
    interpreter = f"cp{version[0]}{version[1]}"
    found = [
        *cpython_tags(version, abis=(interpreter,), platforms=platforms),
        *compatible_tags(version, interpreter=interpreter, platforms=platforms),
    ]
    return tuple(dict.fromkeys(map(str, found)))


def _platforms(glibc: str, machine: str) -> Iterator[str]:
    major, minor = (int(part) for part in glibc.split(".")[:2])
    yield f"linux_{machine}"
    for number in range(minor, _OLDEST[machine] - 1, -1):
        yield f"manylinux_{major}_{number}_{machine}"
        if (major, number) in _LEGACY:
            yield f"{_LEGACY[major, number]}_{machine}"


def choose(filenames: Iterable[str], tags: Sequence[str]) -> str | None:
    """The wheel that fits best: best tag, then highest build number, then the first name. None if none fits.

    Names that are no wheel file names are passed over.
    """
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    rank = {tag: place for place, tag in enumerate(tags)}
    fitting = []
    for filename in filenames:
        try:
            _, _, build, offered = parse_wheel_filename(filename)
        except InvalidWheelFilename:
            continue
        best = min((rank[str(tag)] for tag in offered if str(tag) in rank), default=None)
        if best is not None:
            number, suffix = build or (-1, "")
            fitting.append((best, -number, suffix, filename))
    return min(fitting)[3] if fitting else None


def check_target(filename: str, tags: Sequence[str]) -> None:
    """Raise LockError TB4112 unless the wheel of that file name fits a target with those tags."""
    if choose((filename,), tags) is None:
        raise LockError.of(
            "TB4112",
            f"wheel does not fit the target, whose best tag is {tags[0]}",
            hint="run `twinbuild lock` for this target",
            where=filename,
        )


def marker_environment(python: PythonEnvironment, platform: Platform) -> dict[str, str]:
    """The value of every environment marker on the target (PEP 508), ``extra`` left to the caller.

    The kernel's release and version belong to the machine that runs the image: they are empty here, and a
    requirement that asks for them is refused (``host_markers`` finds them).
    """
    return {
        "implementation_name": "cpython",
        "implementation_version": python.version,
        "os_name": "posix",
        "platform_machine": platform.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python.version,
        "python_version": python.minor,
        "sys_platform": "linux",
    }


def host_markers(requirement: str) -> tuple[str, ...]:
    """The markers of a requirement that no image can answer: ``platform_release``, ``platform_version``."""
    marker = _QUOTED.sub("''", requirement.partition(";")[2])
    return tuple(name for name in _HOST_ONLY if re.search(rf"\b{name.replace('_', '[._]')}\b", marker))


def check_markers(requirements: Iterable[str], *, where: str) -> None:
    """Raise LockError TB4113 with a finding for each requirement that asks about the kernel (see ``host_markers``)."""
    findings = tuple(
        Finding(
            code="TB4113",
            message=f"requirement {requirement[:120]!r} asks for {' and '.join(names)}",
            hint="choose a version of the project that does without it",
            where=Location(subject=where),
        )
        for requirement in requirements
        if (names := host_markers(requirement))
    )
    if findings:
        raise LockError(findings)
