"""Bringing a project up to date with its family: the family's spec is made anew, and pinned in ``release.yaml``.

Of the other files only those follow that other values make otherwise, such as data schemas, and these only where they
are still as the family wrote them: the application, the model and the tests are the team's own by then.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from twinbuild.build.family import render_family
from twinbuild.codec.nodes import MappingNode, Node, ScalarNode, SequenceNode
from twinbuild.codec.spec import load_spec
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import Location, SpecError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.family import STANDARD, Family, Variable
from twinbuild.pipeline.family.beginning import FAMILY_SPEC, SPEC, family_spec, refuse_paths
from twinbuild.pipeline.family.families import Catalogues, find_family
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.project import spec_file
from twinbuild.ports import Runner

__all__ = ["Update", "made_anew", "stated_values", "update_project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What became of a project: the families before and after, variables that are no more, files that changed.

    ``added`` are variables that had no value before and were given none, with the default that they have now. ``kept``
    are files that the new values would make otherwise, and that stay, for somebody changed them.
    """

    before: str
    after: str
    dropped: tuple[str, ...]
    added: tuple[tuple[str, str], ...]
    changed: tuple[Path, ...]
    kept: tuple[Path, ...]


def update_project(
    spec: Path, given: Mapping[str, str], catalogues: Catalogues, *, runner: Runner, interpreter: Path, write: bool
) -> Update:
    """Make the family's spec anew of the project whose spec is ``spec``, a file or a directory that holds release.yaml.

    ``given`` are values that change; the others stay. With ``write`` false nothing is written. Raises UsageError
    TB8010, TB7550, TB7552, TB7521, TB7502 to TB7504, and SpecError for a family or a spec that is wrong.
    """
    spec = spec_file(spec)
    text = spec.read_bytes()
    root, findings = parse_yaml(SourceText(name=str(spec), content=text))
    if findings:
        raise SpecError(findings)
    section = root.get("extends") if isinstance(root, MappingNode) else None
    before, digest = (_scalar(section, key) for key in ("family", "sha256"))
    if isinstance(section, ScalarNode) and isinstance(section.value, str):  # then the file states its own digest
        before = section
    if before is None or (digest is None and before is not section):
        raise UsageError.of(
            "TB7550",
            f"{spec} extends no family by name and digest, or as the text FAMILY@VERSION",
            hint="begin a project with `twinbuild init --family FAMILY DIR`",
            where=Location(file=str(spec)),
        )
    name = _scalar(section, "spec")
    place = _place(spec, name.text if name is not None else FAMILY_SPEC)
    stated_at = Location(file=str(spec), line=before.mark.line, column=before.mark.column)
    family = find_family(before.text.partition("@")[0], catalogues, stated_at=stated_at)
    _refuse_standard(given, spec)
    known = {variable.name: variable for variable in family.variables}
    older = _older_values(place)
    lacking = [variable for variable in family.variables if variable.name not in given]
    if older is None and lacking:
        raise _unknown_values(place, lacking, stated_at)
    older = older or {}
    standing = {key: value for key, value in older.items() if key in known}
    chosen = standing | dict(given)
    render = partial(_rendered, family, root, runner, interpreter)
    newer = render(chosen)
    base = family_spec(family, chosen, newer.pop(SPEC, b""))
    try:
        written = render(standing) if standing != chosen else newer
    except UsageError:  # older values that this version no longer takes: nobody can say what was written
        written = newer
    follow, kept = _following(spec.parent, written, newer)
    pins = {digest: Digest.of(base).hex} if digest is not None else {}
    fresh = _replaced(text.decode(), {before: family.sheet.reference, **pins}).encode()
    load_spec((SourceText(name=place.name, content=base), SourceText(name=spec.name, content=fresh)))
    files = {**follow, place: base, spec: fresh}
    changed = tuple(path for path, content in files.items() if not path.is_file() or path.read_bytes() != content)
    for path in changed if write else ():
        write_file(path, files[path])
    return Update(
        before=before.text,
        after=family.sheet.reference,
        dropped=tuple(sorted(older.keys() - known.keys())),
        added=tuple((each.name, _as_written(each)) for each in lacking if each.name not in older),
        changed=changed,
        kept=kept,
    )


def made_anew(
    family: Family, chosen: Mapping[str, str], root: Node | None, *, runner: Runner, interpreter: Path
) -> bytes:
    """The family's spec for a project whose own spec is ``root``, of values ``chosen``. Raises as rendering does."""
    return family_spec(family, chosen, _rendered(family, root, runner, interpreter, chosen).get(SPEC, b""))


def _rendered(
    family: Family, root: Node | None, runner: Runner, interpreter: Path, chosen: Mapping[str, str]
) -> dict[str, bytes]:
    """What the family makes of these values, by path; its spec is ``release.yaml``."""
    standard = {key: _of_metadata(root, key) for key, _ in STANDARD}
    rendered = render_family(family, chosen, standard, runner=runner, interpreter=interpreter)
    refuse_paths(family, (file for file in rendered if file.path != SPEC))
    return {file.path: file.content for file in rendered}


def _following(
    project: Path, older: Mapping[str, bytes], newer: Mapping[str, bytes]
) -> tuple[dict[Path, bytes], tuple[Path, ...]]:
    """Files that other values make otherwise: those that may follow, and those that somebody changed or removed."""
    follow: dict[Path, bytes] = {}
    kept = []
    for path, content in newer.items():
        place = project / path
        if older.get(path) == content:
            continue
        above = [project.joinpath(*PurePosixPath(path).parts[:count]) for count in range(1, path.count("/") + 2)]
        plain = not any(each.is_symlink() for each in above)
        if (plain and place.is_file() and place.read_bytes() in (content, older.get(path))) or (
            plain and not os.path.lexists(place) and path not in older
        ):
            follow[place] = content
        else:
            kept.append(place)
    return follow, tuple(kept)


def _place(spec: Path, name: str) -> Path:
    """Where the family's spec lies. Raises UsageError TB7551 for any other file: it would be written over."""
    parts = PurePosixPath(name).parts
    place = spec.parent.joinpath(*parts)
    above = [spec.parent.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)]
    inside = bool(parts) and not PurePosixPath(name).is_absolute() and ".." not in parts
    hidden = any(part.startswith(".") for part in parts)
    why = ""
    if not inside or hidden or place.suffix not in (".yaml", ".yml") or place == spec:
        why = "is no place for a family's spec"
    elif any(path.is_symlink() for path in above):
        why = "is a link, or lies below one"
    elif name != FAMILY_SPEC and place.exists() and not _is_family_spec(place):
        why = "is there, and is no family's spec"
    if why:
        raise UsageError.of(
            "TB7551",
            f"extends.spec: {name[:200]} {why}",
            hint=f"name a file of the project such as {FAMILY_SPEC}",
            where=Location(file=str(spec)),
        )
    return place


def _is_family_spec(place: Path) -> bool:
    """Whether a file says which family it is of, as those do that twinbuild wrote."""
    if not place.is_file():
        return False
    root, findings = parse_yaml(SourceText(name=place.name, content=place.read_bytes()))
    section = root.get("extends") if isinstance(root, MappingNode) and not findings else None
    return _scalar(section, "family") is not None


def _scalar(node: Node | None, key: str) -> ScalarNode | None:
    found = node.get(key) if isinstance(node, MappingNode) else None
    return found if isinstance(found, ScalarNode) else None


def _refuse_standard(given: Mapping[str, str], spec: Path) -> None:
    """Raises UsageError TB7502 for what a project's own spec says of itself."""
    keys = {key: f"metadata.{'owners' if key in ('owner', 'email') else key}" for key, _ in STANDARD}
    for name in given:
        if name in keys:
            raise UsageError.of(
                "TB7502",
                f"{name!r} is a variable where a project begins; now {spec.name} states it",
                hint=f"change {keys[name]} in {spec.name}",
                where=Location(file=str(spec)),
            )


def _older_values(place: Path) -> dict[str, str] | None:
    """The values that the family's spec was made of; None where nothing states any."""
    if not place.is_file():
        return None
    root, findings = parse_yaml(SourceText(name=place.name, content=place.read_bytes()))
    section = root.get("extends") if isinstance(root, MappingNode) and not findings else None
    stated = isinstance(section, MappingNode) and section.get("variables") is not None
    return stated_values(root) if stated else None


def _unknown_values(place: Path, lacking: Sequence[Variable], stated_at: Location) -> UsageError:
    """Defaults in their place would change ports, versions and limits, of which schemas and service know others."""
    defaults = " ".join(f"--set {each.name}={shlex.quote(_as_written(each))}" for each in lacking)
    return UsageError.of(
        "TB7552",
        f"{place} {'states no values' if place.is_file() else 'is not there'}, so nobody knows what it was made of: "
        f"{', '.join(each.name for each in lacking)}",
        hint=f"restore it from version control; or give every value as it was (these are the defaults): {defaults}",
        where=stated_at,
    )


def _as_written(variable: Variable) -> str:
    """The default as people write it."""
    default = variable.default
    return "…" if default is None else default if isinstance(default, str) else json.dumps(default)


def stated_values(root: Node | None) -> dict[str, str]:
    """The values that a family's spec says it was made of, as people write them; none where it states none."""
    section = root.get("extends") if isinstance(root, MappingNode) else None
    values = section.get("variables") if isinstance(section, MappingNode) else None
    if not isinstance(values, MappingNode):
        return {}
    return {key.text: node.text for key, node in values.entries if isinstance(node, ScalarNode)}


def _of_metadata(root: Node | None, key: str) -> str:
    """A value that every family has, as the project's own spec states it now."""
    metadata = root.get("metadata") if isinstance(root, MappingNode) else None
    if key in ("owner", "email"):
        owners = metadata.get("owners") if isinstance(metadata, MappingNode) else None
        metadata = owners.items[0] if isinstance(owners, SequenceNode) and owners.items else None
        key = "name" if key == "owner" else "email"
    found = _scalar(metadata, key)
    return found.text if found is not None else ""


def _replaced(text: str, values: Mapping[ScalarNode, str]) -> str:
    """The text with some of its scalars replaced, and nothing else changed."""
    lines = text.split("\n")
    for scalar, value in sorted(
        values.items(), key=lambda item: (item[0].mark.line, item[0].mark.column), reverse=True
    ):
        line = lines[scalar.mark.line - 1]
        at = scalar.mark.column - 1
        lines[scalar.mark.line - 1] = line[:at] + line[at:].replace(scalar.text, value, 1)
    return "\n".join(lines)
