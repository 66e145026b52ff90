"""A new project of a family: its files in memory, checked as they will be read, then written whole or not at all."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from twinbuild.build.family import render_family
from twinbuild.codec.canonical import Json
from twinbuild.codec.family import with_pin
from twinbuild.codec.nodes import MappingNode
from twinbuild.codec.spec import load_spec
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.codec.yamltext import as_scalar, as_yaml
from twinbuild.errors import Finding, Location, SpecError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.family import STANDARD, Family, Written
from twinbuild.model.spec.extends import FAMILY_SPEC
from twinbuild.model.spec.paths import refuse_path
from twinbuild.pipeline.output import Output, replace_directory, same_content
from twinbuild.ports import Runner
from twinbuild.render.variables import chosen_values

__all__ = [
    "FAMILY_SPEC",
    "SPEC",
    "family_spec",
    "fit_name",
    "kept_files",
    "lacking_rules",
    "project_files",
    "refuse_paths",
    "write_new",
    "write_project",
]

SPEC: Final = "release.yaml"
_DEFAULTS: Final = {
    "version": "0.1.0",
    "team": "my-team",
    "owner": "Ada Example",
    "email": "ada@team.example",
}
# Not a template's to write: what twinbuild writes, what sets up a machine, and what other programs run or obey; those
# have hidden names. Devices of Windows are files nowhere there.
_FORBIDDEN: Final = frozenset({"release.yaml", FAMILY_SPEC, "release.lock", "twinbuild.toml", "lockfiles", "dist"})
_HARMLESS: Final = frozenset({".gitignore", ".gitkeep", ".dockerignore", ".editorconfig"})
# What a fresh repository has already, and no project needs as the family writes it.
_THEIRS: Final = frozenset({".gitignore", "README.md", "LICENSE"})
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST_RULES: Final = 1 << 20  # bytes of a .gitignore
_UNFIT: Final = re.compile(r"[^a-z0-9]+")
_NEW_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PROJECT: Final = """\
# Every key is described in docs/spec.md. What stands here comes over {spec}, key by key, as overlays do.
apiVersion: twinbuild/v1
kind: Release

extends:
  family: {family}
  spec: {spec}
  sha256: "{sha256}"

metadata:
  name: {name}
  version: {version}
  team: {team}
  owners:
    - {{name: {owner}, email: {email}}}
  date: {date}
"""
_COMMIT: Final = """
source:
  commit: record
"""


def project_files(
    family: Family,
    given: Mapping[str, str],
    *,
    directory_name: str,
    today: str,
    committed: bool,
    runner: Runner,
    interpreter: Path,
) -> tuple[Written, ...]:
    """All files of a new project, sorted by path; ``given`` are values as people write them.

    Where sources are ``committed`` the commit dates the release, else ``today``. Raises UsageError TB7502 to TB7504
    for values, SpecError TB7510 to TB7514 for the family, and SpecError for a spec that is wrong with these values.
    """
    standard, own = _standard(given, directory_name)
    rendered = render_family(family, own, standard, runner=runner, interpreter=interpreter)
    body = next((file.content for file in rendered if file.path == SPEC), None)
    if body is None:
        raise SpecError.of(
            "TB7514",
            f"{family.sheet.reference} has no release.yaml.j2",
            hint="write the family's spec there",
            where=Location(file=family.directory),
        )
    others = tuple(file for file in rendered if file.path != SPEC)
    refuse_paths(family, others)
    base = family_spec(family, own, body)
    spec = _PROJECT.format(
        spec=FAMILY_SPEC,
        family=family.sheet.reference,
        sha256=Digest.of(base).hex,
        date="commit" if committed else today,
        **{name: as_scalar(value) for name, value in standard.items()},
    ) + (_COMMIT if committed else "")
    # Checked as it will be read; where it is wrong, the names of the files say which text to look at.
    load_spec((SourceText(name=FAMILY_SPEC, content=base), SourceText(name=SPEC, content=spec.encode())))
    made = {FAMILY_SPEC: base, SPEC: spec.encode()}
    written = (*others, *(Written(path=path, content=content, executable=False) for path, content in made.items()))
    return tuple(sorted(written, key=lambda file: file.path))


def family_spec(family: Family, given: Mapping[str, str], body: bytes) -> bytes:
    """``release.family.yaml``: what the template made, with the family's digest and the values. Raises TB7514."""
    root, _ = parse_yaml(SourceText(name=FAMILY_SPEC, content=body))
    if not isinstance(root, MappingNode) or root.mark.column != 1 or root.get("extends") is not None:
        raise SpecError.of(
            "TB7514",
            "release.yaml.j2 makes no mapping in blocks, or one with 'extends', which is written for it",
            hint="begin the template with apiVersion: twinbuild/v1, and take 'extends' out",
            where=Location(file=family.directory),
        )
    header: Json = {
        "extends": {
            "family": family.sheet.reference,
            "digest": family.digest.hex,
            "variables": {**chosen_values(family, given)},
        }
    }
    note = f"What the family {family.sheet.reference} says. Nobody edits this file: release.yaml comes over it."
    return with_pin(note, as_yaml(header).encode() + body)


def fit_name(text: str) -> str:
    """The name of a directory made fit for a release."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()  # été → ete
    return _UNFIT.sub("-", plain.lower()).strip("-")[:63].strip("-") or "my-release"


def write_project(directory: Path, files: tuple[Written, ...]) -> tuple[str, ...]:
    """Write the files below ``directory``, all or none; which were written.

    A file that is there with the same bytes stays, and so does a README.md, LICENSE or .gitignore with others. Raises
    UsageError TB7530 with every path that is taken otherwise.
    """
    if not os.path.lexists(directory) or (directory.is_dir() and not any(directory.iterdir())):
        with replace_directory(directory, Output.FILES) as fresh:
            write_new(fresh, files)
        return tuple(file.path for file in files)
    places = {file.path: _place(directory, file) for file in files}
    theirs = {path for path in places.keys() & _THEIRS if not (directory / path).is_dir()}
    taken = [path for path, place in places.items() if place == "taken" and path not in theirs]
    if taken:
        raise _taken(directory, taken)
    lacking = tuple(file for file in files if places[file.path] == "free")
    write_new(directory, lacking)
    return tuple(file.path for file in lacking)


def kept_files(directory: Path, files: Iterable[Written]) -> tuple[str, ...]:
    """Of files that were to be written: those in whose place something else was, and is."""
    return tuple(
        file.path
        for file in files
        if os.path.lexists(directory / file.path) and not same_content(directory / file.path, file.content)
    )


def lacking_rules(directory: Path, files: Iterable[Written]) -> tuple[str, ...]:
    """Rules of the project's .gitignore, as it was to be written, that the one which is there does not have."""
    wanted = next((file.content for file in files if file.path == ".gitignore"), b"").decode()
    place = directory / ".gitignore"
    stated = b""
    if place.is_file():
        with place.open("rb") as stream:
            stated = stream.read(_LONGEST_RULES)
    rules = {_bare(line) for line in stated.decode("utf-8", "replace").splitlines()}
    return tuple(
        line for line in wanted.splitlines() if line.strip() and not line.startswith("#") and _bare(line) not in rules
    )


def _bare(rule: str) -> str:
    """The name alone: `/dist/`, `dist`, `dist/*` and `**/dist/` all ignore what lies in dist."""
    return rule.strip().removeprefix("**/").removesuffix("*").removesuffix("*").strip("/")


def _standard(given: Mapping[str, str], directory_name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The values that every family has, and the others."""
    names = [name for name, _ in STANDARD]
    standard = {"name": fit_name(directory_name), **_DEFAULTS}
    standard |= {name: given[name] for name in names if name in given}
    findings = tuple(
        Finding(
            code="TB7503",
            message=f"{name}: got {value[:120]!r}, expected one line of printable text, at most 200 characters",
            hint="give a value that fits",
            where=Location(subject=f"--set {name}"),
        )
        for name, value in standard.items()
        if not value.isprintable() or not value.strip() or len(value) > 200
    )
    if findings:
        raise UsageError(findings)
    return standard, {name: value for name, value in given.items() if name not in names}


def refuse_paths(family: Family, files: Iterable[Written]) -> None:
    """Raises SpecError TB7513 for every path that is no family's to write."""
    paths = {file.path for file in files}
    findings = []
    folded: dict[str, str] = {}
    for path in sorted(paths):
        parts = path.split("/")
        above = {"/".join(parts[:end]) for end in range(1, len(parts))}
        reason = ""
        if refuse_path(path):
            reason = f"it {refuse_path(path)}"
        elif parts[0].casefold() in _FORBIDDEN or any(_is_control(part) for part in parts):
            reason = "that is not a template's to write"
        elif any(_DEVICES.fullmatch(part) or part.endswith((".", " ")) for part in parts):
            reason = "no file on Windows can be called so"
        elif (other := folded.setdefault(path.casefold(), path)) != path:
            reason = f"its name differs from {other!r} only by case"
        elif above & paths:
            reason = f"{min(above & paths)} is a file, too"
        if reason:
            findings.append(
                Finding(
                    code="TB7513",
                    message=f"the family writes no {path!r}: {reason}",
                    hint="rename it, or take it out",
                    where=Location(file=family.directory),
                )
            )
    if findings:
        raise SpecError(tuple(findings))


def _is_control(name: str) -> bool:
    """Whether a name is one that other programs look for: all hidden ones, but for some that run nothing."""
    return name.startswith(".") and name not in _HARMLESS


def _taken(directory: Path, paths: Iterable[str]) -> UsageError:
    return UsageError(
        tuple(
            Finding(
                code="TB7530",
                message=f"{path} is already there, with other content",
                hint="name another directory, or move it away; nothing was written",
                where=Location(file=str(directory / path)),
            )
            for path in paths
        )
    )


def _place(directory: Path, file: Written) -> Literal["free", "same", "taken"]:
    """What is where a file is to be: nothing, the same bytes, or something else, also in the place of a directory."""
    place = directory
    for part in Path(file.path).parts[:-1]:
        place /= part
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            return "taken"
    place = directory / file.path
    if not os.path.lexists(place):
        return "free"
    return "same" if same_content(place, file.content) else "taken"


def write_new(directory: Path, files: tuple[Written, ...]) -> None:
    """Write new files; where one cannot be, those before it go, and the directories that were made for them.

    Each step is taken from the directory before it and follows no link, whoever renames things meanwhile.
    """
    made: list[Path] = []
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for file in sorted(files, key=lambda file: (file.path == SPEC, file.path)):  # the spec last: it makes a project
            parent = _parent(root, directory, file.path, made)
            try:
                name = file.path.rpartition("/")[2]
                descriptor = os.open(name, _NEW_FILE, 0o755 if file.executable else 0o644, dir_fd=parent)
                made.append(directory / file.path)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(file.content)
                    stream.flush()
                    os.fsync(stream.fileno())
            finally:
                os.close(parent)
    except BaseException as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        if isinstance(error, FileExistsError):  # made by somebody since it was looked for
            raise _taken(directory, (file.path,)) from None
        raise
    finally:
        os.close(root)


def _parent(root: int, directory: Path, path: str, made: list[Path]) -> int:
    """The directory of a new file, opened; what is lacking of it is made and noted."""
    descriptor = os.dup(root)
    place = directory
    for part in path.split("/")[:-1]:
        place /= part
        try:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=descriptor)
                made.append(place)
            below = os.open(part, _NEW_DIRECTORY, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor
