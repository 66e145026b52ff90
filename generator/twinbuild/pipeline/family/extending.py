"""``extends``: the spec that a family made for this project is the lowest overlay, with exactly the pinned bytes.

It lies in the project, so that a release needs no catalogue, years later neither.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twinbuild.codec.family import stated_pin
from twinbuild.codec.marked import place_of, text_lines
from twinbuild.codec.nodes import MappingNode, Mark, Node, ScalarNode, walk
from twinbuild.codec.spec import LoadedSpec
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import IntegrityError, Location, SpecError
from twinbuild.model.digest import Digest
from twinbuild.model.spec.extends import FAMILY_SPEC
from twinbuild.model.spec.paths import refuse_path
from twinbuild.net.files import open_beneath, open_directory

__all__ = ["extended_spec", "refuse_changed_extends", "refuse_forged_extends"]

_KEY: Final = "extends"
_LIMIT: Final = 4 << 20  # bytes: the reader's own limit is lower and names the line
_RENEW: Final = "`twinbuild family update` makes it anew; what differs from the family belongs into release.yaml"


def extended_spec(path: Path, source: SourceText, *, shown: Callable[[Path], str]) -> tuple[SourceText, ...]:
    """The family's spec of a project whose own spec is at ``path``, if it extends one.

    ``extends`` is a mapping with the digest of that file, or the text FAMILY@VERSION; then the file states its own
    digest. What is wrong with the section itself is left to those who check the spec. Raises SpecError TB2301 to
    TB2304, TB7540, TB7542, TB7544, IntegrityError TB7541.
    """
    root, findings = parse_yaml(source)
    section = root.get(_KEY) if isinstance(root, MappingNode) and not findings else None
    if isinstance(section, ScalarNode) and isinstance(section.value, str):
        family: Node | None = section
        spec = sha256 = None
    elif isinstance(section, MappingNode):
        spec, sha256, family = (section.get(key) for key in ("spec", "sha256", "family"))
        if not isinstance(sha256, ScalarNode):
            return ()
    else:
        return ()
    name = spec.text if isinstance(spec, ScalarNode) else FAMILY_SPEC
    if refuse_path(name):
        return ()
    place = path.parent / name
    where = _at(source, spec.mark if spec is not None else section.mark, "/extends/spec")
    content = _read(path.parent, name, place, where)
    base = SourceText(name=shown(place), content=content)
    if isinstance(sha256, ScalarNode):
        _refuse_other(name, Digest.of(content).hex, sha256.text, _at(source, sha256.mark, "/extends/sha256"))
    else:
        _refuse_unpinned(name, content, shown(place), where)
    _refuse_other_family(name, base, family, source)
    return (base,)


def _refuse_other(name: str, found: str, expected: str, where: Location) -> None:
    if found != expected:
        raise IntegrityError.of(
            "TB7541",
            f"{name} is not the spec that is extended: got sha256 {found}, expected {expected[:80]}",
            hint=f"restore it; {_RENEW}",
            where=where,
        )


def _refuse_unpinned(name: str, content: bytes, shown: str, where: Location) -> None:
    """Hold the family's spec to the digest that it states of itself."""
    stated, rest = stated_pin(content)
    if not stated:
        raise SpecError.of(
            "TB7544",
            f"{name} states no digest of itself, and 'extends' names a family without one",
            hint="run `twinbuild family update`, which pins it; or write 'extends' with the keys family and sha256",
            where=where,
        )
    _refuse_other(
        name, Digest.of(rest).hex, stated, Location(file=shown, line=content[: -len(rest) or None].count(b"\n"))
    )


def _refuse_other_family(name: str, base: SourceText, family: Node | None, source: SourceText) -> None:
    below, _ = parse_yaml(base)
    made = below.get(_KEY) if isinstance(below, MappingNode) else None
    of = made.get("family") if isinstance(made, MappingNode) else None
    if isinstance(family, ScalarNode) and (not isinstance(of, ScalarNode) or of.text != family.text):
        raise SpecError.of(
            "TB7542",
            f"got {family.text[:80]}, and {name} is of {of.text if isinstance(of, ScalarNode) else 'no family'}",
            hint=f"write the family that it is of; {_RENEW}",
            where=_at(source, family.mark, "/extends/family"),
        )


def refuse_forged_extends(loaded: LoadedSpec, *, below: frozenset[str]) -> None:
    """Raises SpecError TB7545 where digest or variables of a family are not stated by the family's spec (``below``)."""
    section = loaded.root.get(_KEY)
    for key in ("digest", "variables"):
        part = section.get(key) if isinstance(section, MappingNode) else None
        for path, node in walk(part) if part is not None else ():
            if node.mark.file not in below:
                raise SpecError.of(
                    "TB7545",
                    f"extends.{key} is what the family's spec states of itself, and is written elsewhere",
                    hint="take it out; `twinbuild family update --set NAME=VALUE` changes a value",
                    where=loaded.where(_KEY, key, *path),
                )


def refuse_changed_extends(loaded: LoadedSpec, *, overlays: frozenset[str]) -> None:
    """Raises SpecError TB1184 where an overlay changes ``extends``: it names no other file."""
    section = loaded.root.get(_KEY)
    if section is None:
        return
    for path, node in walk(section):
        if node.mark.file in overlays:
            raise SpecError.of(
                "TB1184",
                "an overlay cannot extend a family, or another one",
                hint="put 'extends' into the spec itself",
                where=loaded.where(_KEY, *path),
            )


def _read(directory: Path, name: str, place: Path, where: Location) -> bytes:
    root = open_directory(str(directory.absolute()))
    try:
        if not os.path.lexists(place):
            raise SpecError.of(
                "TB7540",
                f"there is no {name}, which this spec extends",
                hint="restore it from version control; `twinbuild family update` makes it anew only where --set gives "
                "every value that it was made of, for nothing else states them",
                where=where,
            )
        with open_beneath(root, name) as descriptor, os.fdopen(os.dup(descriptor), "rb") as stream:
            return stream.read(_LIMIT)
    finally:
        os.close(root)


def _at(source: SourceText, mark: Mark, pointer: str) -> Location:
    return place_of(mark, text_lines(source.content), pointer)
