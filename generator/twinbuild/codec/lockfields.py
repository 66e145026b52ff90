"""The fields of ``release.lock``: for each kind of entry what every field must be, and by what entries are sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from twinbuild.codec.lockbase import BASE
from twinbuild.codec.lockvalues import DEB as _DEB
from twinbuild.codec.lockvalues import PROJECT as _PROJECT
from twinbuild.codec.lockvalues import Problem, Shape
from twinbuild.codec.lockvalues import by as _by
from twinbuild.codec.lockvalues import matching as _matching
from twinbuild.codec.lockvalues import names_of as _names
from twinbuild.codec.lockvalues import read_boolean as _boolean
from twinbuild.codec.lockvalues import read_date as _date
from twinbuild.codec.lockvalues import read_deb as _deb
from twinbuild.codec.lockvalues import read_deb_version as _deb_version
from twinbuild.codec.lockvalues import read_digest as _digest
from twinbuild.codec.lockvalues import read_expressions as _expressions
from twinbuild.codec.lockvalues import read_lines as _lines
from twinbuild.codec.lockvalues import read_path as _path
from twinbuild.codec.lockvalues import read_platform as _platform
from twinbuild.codec.lockvalues import read_project as _project
from twinbuild.codec.lockvalues import read_size as _size
from twinbuild.codec.lockvalues import read_size_or_zero as _size_or_zero
from twinbuild.codec.lockvalues import read_sorted_lines as _sorted_lines
from twinbuild.codec.lockvalues import read_spec_name as _spec_name
from twinbuild.codec.lockvalues import read_text as _text
from twinbuild.codec.lockvalues import read_uri as _uri
from twinbuild.codec.lockvalues import read_version as _version
from twinbuild.codec.lockvalues import read_word as _word
from twinbuild.model.lock import (
    AptIndex,
    Licensing,
    Lock,
    LockedArtifact,
    LockedBase,
    LockedData,
    LockedDeb,
    LockedScript,
    LockedSdist,
    LockedSourceFile,
    LockedStep,
    LockedWheel,
    PythonEnvironment,
    ResolverPin,
    Target,
)

__all__ = ["LICENSING", "OPTIONAL", "SHAPES", "Problem", "Shape"]

OPTIONAL: Final = frozenset(
    {"runs", "base", "installer", "steps", "model", "data"}
)  # fields that are left out where they are empty


def _check_wheel(fields: Mapping[str, object]) -> Problem | None:
    """The file name must say what the entry says: a name is never the proof of a file."""
    filename = str(fields["filename"])
    try:
        project, found, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return Problem("TB2212", f"{filename[:120]!r} is no file name of a wheel")
    return _check_named(fields, project, found)


def _check_sdist(fields: Mapping[str, object]) -> Problem | None:
    """Likewise: NAME-VERSION.tar.gz (PEP 625), in older spellings of the name too."""
    filename = str(fields["filename"])
    try:
        project, found = parse_sdist_filename(filename)
    except InvalidSdistFilename:
        return Problem("TB2212", f"{filename[:120]!r} is no file name of a source distribution")
    return _check_named(fields, project, found)


def _check_named(fields: Mapping[str, object], project: str, found: Version) -> Problem | None:
    """Whether a file that is called so is the one of the entry's name and version."""
    filename, name, version = str(fields["filename"]), str(fields["name"]), str(fields["version"])
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


def _check_target(fields: Mapping[str, object]) -> Problem | None:
    """What is added to an image is not there already."""
    base, debs = fields.get("base"), fields["debs"]
    assert isinstance(debs, tuple)
    packages = base.packages if isinstance(base, LockedBase) else ()
    have = {(package.name, package.architecture) for package in packages}
    if twice := sorted(have.intersection((deb.name, deb.architecture) for deb in debs)):
        return Problem("TB2212", f"{twice[0][0]} is added to {fields['variant']}, whose base has it")
    return None


def _check_licensing(fields: Mapping[str, object]) -> Problem | None:
    """Statements are about files that are part of an image, and about nothing else."""
    lock = Lock(**fields)  # type: ignore[arg-type]  # every field was read before
    files = {(item.filename, item.sha256) for item in lock.packages()}
    for entry in lock.licensing:
        if (entry.filename, entry.sha256) not in files:
            return Problem("TB2212", f"a licence is stated for {entry.filename}, which no image has")
    return None


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
_SOURCE_FILE: Final = Shape(
    make=LockedSourceFile,
    fields={"path": _path, "size": _size_or_zero, "sha256": _digest, "executable": _boolean},
    key=_by("path"),
)
_STEP: Final = Shape(
    make=LockedStep,
    fields={
        "name": _spec_name,
        "inputs": _digest,
        "debs": (_DEBIAN,),
        "wheels": (_WHEEL,),
        "sdists": (
            Shape(
                make=LockedSdist,
                fields={
                    "index": _spec_name,
                    "name": _project,
                    "version": _version,
                    "filename": _matching(
                        r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.(tar\.gz|zip)", "a file name of a source distribution"
                    ),
                    "size": _size,
                    "sha256": _digest,
                },
                key=_by("filename"),
                check=_check_sdist,
            ),
        ),
        "files": (_SOURCE_FILE,),
    },
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
        "base": BASE,
        "steps": (_STEP,),
    },
    key=_by("key"),
    check=_check_target,
)
_model = _matching(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", "a version")
_data_kind = _matching(r"dataset|feature", "dataset or feature")
_label = _matching(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?", "a name")
SHAPES: Final[Mapping[str, Shape]] = {
    "Lock": Shape(
        make=Lock,
        fields={
            "python_inputs": _digest,
            "debian_inputs": _digest,
            "artifact_inputs": _digest,
            "source_inputs": _digest,
            "installer": _WHEEL,
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
                    fields={"name": _spec_name, "uri": _uri, "size": _size, "sha256": _digest, "model": _model},
                    key=_by("name"),
                ),
            ),
            "source": (_SOURCE_FILE,),
            "licensing": (LICENSING,),
            "data": (
                Shape(
                    make=LockedData,
                    fields={"kind": _data_kind, "name": _label, "version": _text, "sha256": _digest},
                    key=_by("kind", "name"),
                ),
            ),
        },
        check=_check_licensing,
    )
}
