"""``extends``: the spec that a family made for this project is the lowest overlay, with exactly the pinned bytes.

It lies in the project, so that a release needs no catalogue, years later neither. ``lock`` holds the family itself
against the catalogues of this machine: one that changed under the same version is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twinbuild.codec.nodes import MappingNode, Mark, ScalarNode, walk
from twinbuild.codec.spec import LoadedSpec
from twinbuild.codec.yaml import SourceText, decode_text, excerpt_of, parse_yaml
from twinbuild.errors import IntegrityError, Location, SpecError
from twinbuild.model.digest import Digest
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.values import refuse_path
from twinbuild.net.files import open_beneath, open_directory
from twinbuild.pipeline.families import Catalogues, find_family, list_sheets

__all__ = ["extended_spec", "refuse_changed_extends", "refuse_changed_family"]

_KEY: Final = "extends"
_USUAL: Final = "release.family.yaml"
_LIMIT: Final = 4 << 20  # bytes: the reader's own limit is lower and names the line
_RENEW: Final = "`twinbuild family update` makes it anew; what differs from the family belongs into release.yaml"


def extended_spec(path: Path, source: SourceText, *, shown: Callable[[Path], str]) -> tuple[SourceText, ...]:
    """The family's spec of a project whose own spec is at ``path``, if it extends one.

    What is wrong with the section itself is left to those who check the spec. Raises SpecError TB2301 to TB2304,
    TB7540, TB7542, IntegrityError TB7541.
    """
    if _KEY.encode() not in source.content:
        return ()
    root, findings = parse_yaml(source)
    section = root.get(_KEY) if isinstance(root, MappingNode) and not findings else None
    if not isinstance(section, MappingNode):
        return ()
    spec, sha256, family = (section.get(key) for key in ("spec", "sha256", "family"))
    name = spec.text if isinstance(spec, ScalarNode) else _USUAL
    if refuse_path(name) or not isinstance(sha256, ScalarNode):
        return ()
    place = path.parent / name
    where = _at(source, spec.mark if spec is not None else section.mark, "/extends/spec")
    content = _read(path.parent, name, place, where)
    base = SourceText(name=shown(place), content=content)
    found = Digest.of(base.content).hex
    if found != sha256.text:
        raise IntegrityError.of(
            "TB7541",
            f"{name} is not the spec that is extended: got sha256 {found}, expected {sha256.text[:80]}",
            hint=f"restore it; {_RENEW}",
            where=_at(source, sha256.mark, "/extends/sha256"),
        )
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
    return (base,)


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


def refuse_changed_family(spec: ReleaseSpec, catalogues: Catalogues) -> None:
    """Hold the family of a spec against the catalogues of this machine. Raises IntegrityError TB7543.

    A family that none of them has, or in another version, is no fault: the project has all that it needs.
    """
    if spec.extends is None:
        return
    name, _, version = spec.extends.family.partition("@")
    known = {sheet.name: sheet for _, sheet in list_sheets(catalogues)}
    if name not in known or known[name].version != version:
        return
    family = find_family(spec.extends.family, catalogues)
    if family.digest.hex != spec.extends.digest:
        raise IntegrityError.of(
            "TB7543",
            f"the family {spec.extends.family} changed under the same version: got {family.digest}, "
            f"expected sha256:{spec.extends.digest}",
            hint="ask its authors to raise the version; `twinbuild family update` takes over what is there now",
            where=Location(file=family.directory),
        )


def _read(directory: Path, name: str, place: Path, where: Location) -> bytes:
    root = open_directory(str(directory.absolute()))
    try:
        if not os.path.lexists(place):
            raise SpecError.of(
                "TB7540",
                f"there is no {name}, which this spec extends",
                hint=f"restore it from version control; {_RENEW}",
                where=where,
            )
        with open_beneath(root, name) as descriptor, os.fdopen(os.dup(descriptor), "rb") as stream:
            return stream.read(_LIMIT)
    finally:
        os.close(root)


def _at(source: SourceText, mark: Mark, pointer: str) -> Location:
    excerpt = excerpt_of(decode_text(source.content).split("\n"), mark.line)
    return Location(
        file=mark.file, line=mark.line, column=mark.column, pointer=pointer, excerpt=excerpt, width=mark.width
    )
