"""The fields of ``release.lock``: for each kind of entry what every field must be, and by what entries are sorted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from twinbuild.codec.canonical import Json
from twinbuild.codec.spdx import one_line, spdx_expression
from twinbuild.model.digest import Digest
from twinbuild.model.lock import (
    AptIndex,
    Licensing,
    Lock,
    LockedArtifact,
    LockedDeb,
    LockedScript,
    LockedSourceFile,
    LockedWheel,
    PythonEnvironment,
    ResolverPin,
    Target,
)
from twinbuild.model.platform import Platform
from twinbuild.model.spec.values import refuse_path

__all__ = ["LICENSING", "OPTIONAL", "SHAPES", "Problem", "Shape"]

OPTIONAL: Final = frozenset({"runs"})  # lists that are left out where they are empty
_HINT: Final = "restore it from version control, or make it anew: `twinbuild lock --upgrade-all`"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field or entry."""

    code: str
    message: str
    hint: str = _HINT


Read = Callable[[Json], object]


def _nothing(_: Mapping[str, object]) -> Problem | None:
    return None


def _no_key(_: object) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One kind of object: its fields (a one-tuple: a list of that shape), its own check, and its sort key."""

    make: Callable[..., object]
    fields: Mapping[str, Read | Shape | tuple[Shape]]
    key: Callable[[object], tuple[str, ...]] = field(default=_no_key)
    check: Callable[[Mapping[str, object]], Problem | None] = field(default=_nothing)


def _type(value: Json, expected: str) -> Problem:
    return Problem("TB2206", f"got {str(value)[:60]!r}, expected {expected}")


def _matching(pattern: str, expected: str) -> Read:
    compiled = re.compile(pattern, re.ASCII)

    def read(value: Json) -> object:
        if not isinstance(value, str):
            return _type(value, expected)
        if not compiled.fullmatch(value) or len(value) > 255:
            return Problem("TB2207", f"got {value[:80]!r}, expected {expected}")
        return value

    return read


def _digest(value: Json) -> object:
    if not isinstance(value, str):
        return _type(value, "a digest")
    return Digest.parse(value)


def _platform(value: Json) -> object:
    if not isinstance(value, str):
        return _type(value, "a platform")
    return Platform.parse(value)


def _boolean(value: Json) -> object:
    return value if isinstance(value, bool) else _type(value, "true or false")


def _integer(value: Json, *, least: int) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        return _type(value, "a whole number")
    if not least <= value < 2**53:
        return Problem("TB2208", f"got the size {value}, expected {least} or more")
    return value


def _size(value: Json) -> object:
    return _integer(value, least=1)


def _size_or_zero(value: Json) -> object:
    return _integer(value, least=0)


def _path(value: Json) -> object:
    if not isinstance(value, str):
        return _type(value, "a path")
    reason = refuse_path(value)
    if reason and not reason.startswith("begins with"):
        return Problem("TB2209", f"the path {value[:120]!r} {reason}")
    return value


def _uri(value: Json) -> object:
    if not isinstance(value, str):
        return _type(value, "an address")
    if "@" in value.partition("://")[2].partition("/")[0]:
        return Problem("TB2207", "the address carries credentials (masked)")
    if value.startswith(("http://", "https://")):
        return value
    reason = refuse_path(value.removeprefix("wheel:"))
    return Problem("TB2209", f"the path {value[:120]!r} {reason}") if reason else value


def _version(value: Json) -> object:
    if not isinstance(value, str):
        return _type(value, "a version")
    try:
        Version(value)
    except InvalidVersion:
        return Problem("TB2207", f"got {value[:80]!r}, expected a version of PEP 440")
    return value


def _names(pattern: str) -> Read:
    compiled = re.compile(pattern, re.ASCII)

    def read(value: Json) -> object:
        if not isinstance(value, list):
            return _type(value, "a list of names")
        names: list[str] = []
        for item in value:
            if not isinstance(item, str) or not compiled.fullmatch(item):
                return Problem("TB2207", f"got {str(item)[:80]!r}, expected a name")
            names.append(item)
        if names != sorted(set(names)):
            return Problem("TB2211", "the names are not sorted, or one is there twice")
        return tuple(names)

    return read


def _lines(value: Json) -> object:
    """Texts of one line each, in any order."""
    if not isinstance(value, list):
        return _type(value, "a list of texts")
    lines: list[str] = []
    for item in value:
        if not isinstance(item, str) or not item or one_line(item) != item:
            return Problem("TB2207", f"got {str(item)[:80]!r}, expected one line of text")
        lines.append(item)
    if len(set(lines)) != len(lines):
        return Problem("TB2211", "a text is there twice")
    return tuple(lines)


def _sorted_lines(value: Json) -> object:
    lines = _lines(value)
    return Problem("TB2211", "the texts are not sorted") if lines != _in_order(lines) else lines


def _in_order(lines: object) -> object:
    return tuple(sorted(lines)) if isinstance(lines, tuple) else lines


def _expressions(value: Json) -> object:
    lines = _sorted_lines(value)
    for line in lines if isinstance(lines, tuple) else ():
        if spdx_expression(line) != line:
            return Problem("TB2207", f"got {line[:80]!r}, expected a licence expression of SPDX")
    return lines


_PROJECT: Final = r"[a-z0-9]+(-[a-z0-9]+)*"
_DEB: Final = r"[a-z0-9][a-z0-9+.-]+"
_project = _matching(_PROJECT, "a normalised name (PEP 503)")
_deb = _matching(_DEB, "a Debian package name")
_deb_version = _matching(r"[0-9A-Za-z.+:~-]+", "a Debian version")
_word = _matching(r"[A-Za-z0-9][A-Za-z0-9._+/-]*", "a name")
_spec_name = _matching(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a name")
_date = _matching(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", "a time such as 2026-11-01T00:00:00Z")


def _check_wheel(fields: Mapping[str, object]) -> Problem | None:
    """The file name must say what the entry says: a name is never the proof of a file."""
    filename, name, version = str(fields["filename"]), str(fields["name"]), str(fields["version"])
    try:
        project, found, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return Problem("TB2212", f"{filename[:120]!r} is no file name of a wheel")
    if canonicalize_name(project) != name or found != Version(version):
        return Problem("TB2212", f"the file {filename[:120]!r} is not {name} {version}")
    return None


def _check_deb(fields: Mapping[str, object]) -> Problem | None:
    depends, pre = fields["depends"], fields["pre_depends"]
    assert isinstance(depends, tuple)
    assert isinstance(pre, tuple)
    if not set(pre) <= set(depends):
        return Problem("TB2212", f"pre_depends of {fields['name']} names a package that depends lacks")
    if not str(fields["path"]).endswith(".deb"):
        return Problem("TB2212", f"{str(fields['path'])[:120]!r} is no file name of a Debian package")
    return None


def _check_licensing(fields: Mapping[str, object]) -> Problem | None:
    """Statements are about files that are part of an image, and about nothing else."""
    lock = Lock(**fields)  # type: ignore[arg-type]  # every field was read before
    files = {(item.filename, item.sha256) for item in lock.packages()}
    for entry in lock.licensing:
        if (entry.filename, entry.sha256) not in files:
            return Problem("TB2212", f"a licence is stated for {entry.filename}, which no image has")
    return None


def _by(*names: str) -> Callable[[object], tuple[str, ...]]:
    return lambda value: tuple(str(getattr(value, name)) for name in names)


_WHEEL: Final = Shape(
    make=LockedWheel,
    fields={
        "index": _spec_name,
        "name": _project,
        "version": _version,
        "filename": _matching(r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl", "a file name of a wheel"),
        "size": _size,
        "sha256": _digest,
        "requires": _names(_PROJECT),
        "requested": _boolean,
        "extras": _names(_PROJECT),
    },
    key=_by("name"),
    check=_check_wheel,
)
_DEBIAN: Final = Shape(
    make=LockedDeb,
    fields={
        "name": _deb,
        "version": _deb_version,
        "architecture": _word,
        "archive": _word,
        "suite": _word,
        "component": _word,
        "path": _path,
        "size": _size,
        "sha256": _digest,
        "source": _deb,
        "source_version": _deb_version,
        "depends": _names(_DEB),
        "pre_depends": _names(_DEB),
        "essential": _boolean,
        "requested": _boolean,
        "runs": (
            Shape(
                make=LockedScript,
                fields={"kind": _matching("preinst|postinst", "preinst or postinst"), "sha256": _digest},
                key=_by("kind"),
            ),
        ),
    },
    key=_by("name"),
    check=_check_deb,
)
LICENSING: Final = Shape(
    make=Licensing,
    fields={
        "filename": _matching(r"[A-Za-z0-9][A-Za-z0-9._+!~%:-]*\.(whl|deb)", "a file name of a wheel or package"),
        "sha256": _digest,
        "expressions": _expressions,
        "names": _sorted_lines,
        "files": _sorted_lines,
        "notice": lambda value: None if value is None else _digest(value),
        "same_as": lambda value: value if value == "" else _deb(value),
        "authors": _lines,
    },
    key=_by("filename", "sha256"),
)
_TARGET: Final = Shape(
    make=Target,
    fields={
        "variant": _spec_name,
        "platform": _platform,
        "python": Shape(
            make=PythonEnvironment,
            fields={
                "version": _matching(r"3\.\d+\.\d+([a-z0-9+.~-]*)", "a full Python version"),
                "implementation": _matching(r"[a-z]{2}", "an implementation such as cp"),
                "glibc": _matching(r"\d+\.\d+", "a glibc version"),
            },
        ),
        "debs": (_DEBIAN,),
        "wheels": (_WHEEL,),
        "development": (_WHEEL,),
        "test": (_WHEEL,),
        "build": (_WHEEL,),
    },
    key=_by("key"),
)
SHAPES: Final[Mapping[str, Shape]] = {
    "Lock": Shape(
        make=Lock,
        fields={
            "python_inputs": _digest,
            "debian_inputs": _digest,
            "artifact_inputs": _digest,
            "source_inputs": _digest,
            "resolver": Shape(make=ResolverPin, fields={"pip": _version, "pip_tools": _version}),
            "indexes": (
                Shape(
                    make=AptIndex,
                    fields={
                        "archive": _word,
                        "suite": _word,
                        "component": _word,
                        "architecture": _word,
                        "date": _date,
                        "release": _digest,
                        "packages": _digest,
                        "signed_by": _matching(r"[0-9A-F]{40}|[0-9A-F]{64}", "a fingerprint of a key"),
                    },
                    key=_by("archive", "suite", "component", "architecture"),
                ),
            ),
            "targets": (_TARGET,),
            "artifacts": (
                Shape(
                    make=LockedArtifact,
                    fields={"name": _spec_name, "uri": _uri, "size": _size, "sha256": _digest},
                    key=_by("name"),
                ),
            ),
            "source": (
                Shape(
                    make=LockedSourceFile,
                    fields={"path": _path, "size": _size_or_zero, "sha256": _digest, "executable": _boolean},
                    key=_by("path"),
                ),
            ),
            "licensing": (LICENSING,),
        },
        check=_check_licensing,
    )
}
