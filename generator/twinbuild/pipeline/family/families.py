"""Catalogues of model families: the one that is shipped, and those that a command names; families in them by name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import twinbuild
from twinbuild.codec.family import family_digest, load_sheet
from twinbuild.codec.marked import place_of, text_lines
from twinbuild.codec.nodes import MappingNode
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import EnvironmentFault, Finding, IntegrityError, Location, SpecError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.family import Family, FamilySheet
from twinbuild.render.family import written_paths
from twinbuild.sources.catalogue import SHEET, family_names, read_files, read_sheet

__all__ = [
    "Catalogues",
    "family_at",
    "find_family",
    "known_catalogues",
    "list_sheets",
    "present_family",
    "shipped_catalogue",
]

_DEEPEST: Final = 5  # families that extend each other
Catalogues = tuple[Path, ...]
"""Directories of families; an earlier one's family comes before a later one's of the same name."""


def shipped_catalogue() -> Path:
    """``templates/families`` of the checkout, or of the installed package. Raises EnvironmentFault TB8040."""
    package = Path(twinbuild.__file__).resolve().parent
    for root in (package, package.parent.parent):
        path = root / "templates" / "families"
        if path.is_dir():
            return path
    raise EnvironmentFault.of(
        "TB8040", "this installation has no templates/families", hint="install twinbuild again", where=str(package)
    )


def known_catalogues(environment: Mapping[str, str], stated: Catalogues = ()) -> Catalogues:
    """The catalogues of this machine: ``stated`` ones, those of TWINBUILD_CATALOGUES, the shipped one."""
    named = environment.get("TWINBUILD_CATALOGUES", "").split(os.pathsep)
    return (*stated, *(Path(each) for each in named if each), shipped_catalogue())


def list_sheets(catalogues: Catalogues) -> tuple[tuple[Path, FamilySheet], ...]:
    """The families of all catalogues with their directories, sorted by name. Raises UsageError TB7520, SpecError."""
    found: dict[str, tuple[Path, FamilySheet]] = {}
    for catalogue in catalogues:
        for name in family_names(catalogue):
            if name not in found:
                found[name] = (catalogue / name, _sheet(catalogue / name, read_sheet(catalogue / name)))
    return tuple(found[name] for name in sorted(found))


def present_family(reference: str, catalogues: Catalogues) -> Family | None:
    """The family ``NAME@VERSION``; None where no catalogue has it, or in another version.

    No other family is looked at, and a catalogue that is not there has none. Raises as ``find_family``.
    """
    name, _, version = reference.partition("@")
    own = next((each for each in catalogues if name and os.path.lexists(each / name / SHEET)), None)
    if own is None or _sheet(own / name, read_sheet(own / name)).version != version:
        return None
    return _read(own / name, catalogues, (), own=own)


def find_family(wanted: str, catalogues: Catalogues, *, stated_at: str | Location = "--family") -> Family:
    """A family by ``NAME`` or ``NAME@VERSION``; ``stated_at`` is what names it: a parameter, or a place in a spec.

    Raises UsageError TB7520, TB7521; SpecError TB7522, TB7523 and those of its sheet; IntegrityError TB7524.
    """
    name, _, version = wanted.partition("@")
    known: list[str] = []
    for catalogue in catalogues:
        names = family_names(catalogue)
        known += names
        if name in names:
            family = _read(catalogue / name, catalogues, (), own=catalogue)
            if version and family.sheet.version != version:
                raise UsageError.of(
                    "TB7521",
                    f"got {wanted}, and {catalogue} has {family.sheet.reference}",
                    hint=f"name {family.sheet.reference}, or a catalogue that has the other version",
                    where=str(catalogue / name),
                )
            return family
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(dict.fromkeys(known)))}"
    if isinstance(stated_at, Location):  # the project began with it, so another catalogue has it
        hint = "name the catalogue that has it with --catalogue DIR, or in TWINBUILD_CATALOGUES"
    raise UsageError.of(
        "TB7521",
        f"there is no family {name[:80]!r} in {', '.join(map(str, catalogues))}",
        hint=hint,
        where=stated_at,
    )


def family_at(directory: Path, catalogues: Catalogues) -> Family:
    """The family in a directory; the directory that holds it is its catalogue. Raises as ``find_family``."""
    place = Path(os.path.abspath(directory))  # noqa: PTH100  links stay, for messages
    if not place.is_dir():
        raise UsageError.of(
            "TB7521",
            f"there is no directory {directory}",
            hint=f"name the directory of a family, which holds {SHEET}; `twinbuild family list` shows families by name",
            where=str(directory),
        )
    return _read(place, (place.parent, *catalogues), (), own=place.parent)


def _sheet(directory: Path, content: bytes) -> FamilySheet:
    sheet = load_sheet(SourceText(name=_shown(directory / SHEET), content=content))
    if sheet.name != directory.name:
        raise SpecError.of(
            "TB7523",
            f"the family {sheet.name!r} lies in a directory that is called {directory.name!r}",
            hint="give both the same name",
            where=_at(directory, content, "name"),
        )
    return sheet


def _read(directory: Path, catalogues: Catalogues, above: tuple[str, ...], *, own: Path) -> Family:
    files = read_files(directory)
    content = next((file.content for file in files if file.path == SHEET), None)
    if content is None:
        raise SpecError.of(
            "TB7523",
            f"{directory} has no {SHEET}",
            hint="write one: docs/families.md describes it",
            where=Location(file=_shown(directory)),
        )
    sheet = _sheet(directory, content)
    where = _at(directory, content, "extends")
    base = _base(sheet, where, catalogues, (*above, sheet.name), own=own) if sheet.extends else None
    family = Family(
        sheet=sheet,
        files=files,
        digest=family_digest(files, base.digest if base is not None else None),
        base=base,
        directory=_shown(directory),
    )
    _refuse_idle(family, directory, content)
    return family


def _refuse_idle(family: Family, directory: Path, content: bytes) -> None:
    """Raises SpecError TB7525 for rules that name a file or a variable that is not there: they would do nothing."""
    switches = {variable.name for variable in family.variables if variable.type == "bool"}
    below = written_paths(family.base) if family.base is not None else frozenset()
    places = below | written_paths(family)
    wrong = [
        ("without", f"'without' names {path!r}, which no family below writes", "correct the path, or take it out")
        for path in family.sheet.without
        if path not in below
    ]
    for rule in family.sheet.optional:
        if rule.when not in switches:
            message = f"'when' of {rule.path!r} names {rule.when[:80]!r}, which is no variable of type bool"
            wrong.append(("optional", message, "name one of the family's variables"))
        if rule.path not in places and not any(path.startswith(f"{rule.path}/") for path in places):
            wrong.append(("optional", f"'optional' names {rule.path!r}, which no family writes", "correct the path"))
    if wrong:
        raise SpecError(
            tuple(
                Finding(code="TB7525", message=message, hint=hint, where=_at(directory, content, key))
                for key, message, hint in wrong
            )
        )


def _at(directory: Path, content: bytes, key: str) -> Location:
    """The place of a key in a family's sheet, which is known to be one."""
    name = _shown(directory / SHEET)
    root, _ = parse_yaml(SourceText(name=name, content=content))
    node = root.key(key) if isinstance(root, MappingNode) else None
    if node is None:
        return Location(file=name)
    return place_of(node.mark, text_lines(content), f"/{key}")


def _base(sheet: FamilySheet, where: Location, catalogues: Catalogues, above: tuple[str, ...], *, own: Path) -> Family:
    """The family that another extends: of the same catalogue, or of another one where its digest is stated."""
    assert sheet.extends is not None
    name, _, version = sheet.extends.partition("@")
    reason, hint = "", "correct 'extends', or name the catalogue that has it with --catalogue"
    place = next((each for each in (own, *catalogues) if (each / name / SHEET).is_file()), None)
    if name in above or len(above) >= _DEEPEST:
        reason, hint = f"which would extend itself, or {_DEEPEST} families", "take one of them out"
    elif place is None:
        reason = "which no catalogue has"
    elif place != own and sheet.sha256 is None:
        found = _read(place / name, catalogues, above, own=place).digest
        reason = f"which is of another catalogue, {place}"
        hint = f"look at it, and pin it: its digest is {found} (`sha256:` in family.yaml)"
    if reason or place is None:
        raise SpecError.of("TB7523", f"{sheet.reference} extends {sheet.extends}, {reason}", hint=hint, where=where)
    base = _read(place / name, catalogues, above, own=place)
    if base.sheet.version != version:
        raise SpecError.of(
            "TB7523",
            f"{sheet.reference} extends {sheet.extends}, and {place} has {base.sheet.reference}",
            hint="extend the version that is there, and raise this family's own",
            where=where,
        )
    if sheet.sha256 is not None and base.digest != Digest(sheet.sha256):
        raise IntegrityError.of(
            "TB7524",
            f"{sheet.extends} is not the family that {sheet.reference} extends: got {base.digest}, "
            f"expected sha256:{sheet.sha256}",
            hint="take the pinned one back; or look at what changed, and write the new digest with a new version",
            where=where,
        )
    return base


def _shown(path: Path) -> str:
    """The path as a person would write it: relative where it lies below the current directory."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(path)
