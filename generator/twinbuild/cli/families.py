"""What verbs about families share: options, where catalogues are, tables."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import pairs
from twinbuild.cli.outcome import shown

if TYPE_CHECKING:
    from twinbuild.model.family import Family

__all__ = [
    "catalogue_option",
    "catalogues_of",
    "family_names",
    "family_table",
    "family_text",
    "settings_option",
]


def _distinct(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    found = pairs(context, parameter, values)
    seen: set[str] = set()
    for name, _ in found:
        if name in seen:
            raise click.BadParameter(f"{name[:80]!r} is given twice")
        seen.add(name)
    return found


settings_option = click.option(
    "--set",
    "given",
    multiple=True,
    callback=_distinct,
    metavar="NAME=VALUE",
    help="Give a variable of the family a value; may be repeated.",
)
catalogue_option = click.option(
    "--catalogue",
    "catalogues",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Directory of families (a git checkout, say) that comes before the shipped one; may be repeated.",
)


def catalogues_of(stated: tuple[Path, ...]) -> tuple[Path, ...]:
    """The catalogues of this run: those of the command line, those of TWINBUILD_CATALOGUES, the shipped one."""
    from twinbuild.pipeline.family.families import known_catalogues

    return known_catalogues(os.environ, stated)


def family_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The families of all catalogues, for completion."""
    from twinbuild.errors import TwinbuildError
    from twinbuild.pipeline.family.families import list_sheets

    try:
        sheets = list_sheets(catalogues_of(tuple(_context.params.get("catalogues") or ())))
    except (TwinbuildError, OSError):  # a shell that completes says nothing of errors
        return []
    return [sheet.name for _, sheet in sheets if sheet.name.startswith(incomplete)]


def family_table(catalogues: tuple[Path, ...], *, as_json: bool) -> str:
    """The families of catalogues: name, version, what each is for."""
    from twinbuild.pipeline.family.families import list_sheets

    rows = [
        (sheet.name, sheet.version, sheet.description or "", str(place)) for place, sheet in list_sheets(catalogues)
    ]
    if as_json:
        return json.dumps(
            [dict(zip(("name", "version", "description", "directory"), row, strict=True)) for row in rows]
        )
    wide = [max(len(heading), *(len(row[index]) for row in rows)) for index, heading in ((0, "FAMILY"), (1, "VERSION"))]
    lines = [("FAMILY", "VERSION", "WHAT IT IS FOR"), *(row[:3] for row in rows)]
    return "\n".join(
        shown(f"{name:{wide[0]}}  {version:{wide[1]}}  {about.split('. ')[0].strip().removesuffix('.')}")
        for name, version, about in lines
    )


def family_text(family: Family, *, as_json: bool) -> str:
    """All that a family says of itself."""
    from twinbuild.model.family import STANDARD

    sheet = family.sheet
    variables = [
        {
            "name": variable.name,
            "type": variable.type,
            "default": variable.default,
            "expected": _expected(variable.pattern, variable.values, variable.minimum, variable.maximum),
            "description": variable.description or "",
        }
        for variable in family.variables
    ]
    parts = {
        kind: [{"name": part.name, "description": part.description or ""} for part in family.parts(kind)]
        for kind in ("blocks", "hooks")
    }
    if as_json:
        return json.dumps(
            {
                "family": sheet.reference,
                "digest": str(family.digest),
                "extends": sheet.extends,
                "directory": family.directory,
                "description": sheet.description or "",
                "variables": variables,
                **parts,
                "files": [file.path for file in family.files],
            }
        )
    lines = [
        f"{sheet.reference}  {family.digest}",
        *([f"extends {each.sheet.reference}  {each.digest}" for each in reversed(family.chain[:-1])]),
        "",
        " ".join((sheet.description or "It does not say what it is for.").split()),
        "",
        "variables (--set NAME=VALUE)",
    ]
    for variable in variables:
        default = "no default" if variable["default"] is None else f"default {json.dumps(variable['default'])}"
        rule = f", {variable['expected']}" if variable["expected"] else ""
        lines.append(f"  {variable['name']}  {variable['type']}, {default}{rule}")
        lines.append(f"      {' '.join(str(variable['description']).split())}")
    lines += [f"  {name}  {about}" for name, about in STANDARD]
    for kind, found in parts.items():
        if found:
            lines += ["", kind, *(f"  {part['name']}  {' '.join(part['description'].split())}" for part in found)]
    return "\n".join(shown(line) for line in lines)


def _expected(pattern: str | None, values: tuple[str, ...], low: float | None, high: float | None) -> str:
    rules = [
        f"matching {pattern}" if pattern else "",
        f"one of {', '.join(values)}" if values else "",
        f"at least {low}" if low is not None else "",
        f"at most {high}" if high is not None else "",
    ]
    return ", ".join(rule for rule in rules if rule)
