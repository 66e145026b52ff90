"""A project's family held against the catalogues of this machine, when it is locked.

One that changed under the same version is refused, and so is a family's spec that is not what the family makes of the
values that it states: whoever edits it and pins it again has changed the family, and says otherwise.
"""

from __future__ import annotations

from typing import Final

from twinbuild.codec.nodes import MappingNode, Node, walk
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import IntegrityError, Location
from twinbuild.pipeline.family.families import known_catalogues, present_family
from twinbuild.pipeline.family.updating import made_anew, stated_values
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project

__all__ = ["refuse_changed_family"]

_KEY: Final = "extends"


def refuse_changed_family(project: Project, machine: Machine) -> None:
    """Raises IntegrityError TB7543 for a family that changed, TB7546 for a spec that is not the family's.

    A family that no catalogue has, or in another version, is no fault: the project has all that it needs. What is
    compared is what the two specs say: comments and the order of keys are not.
    """
    extends = project.spec.extends
    if extends is None:
        return
    family = present_family(extends.family, known_catalogues(machine.environment))
    if family is None:
        return
    if family.digest.hex != extends.digest:
        raise IntegrityError.of(
            "TB7543",
            f"the family {extends.family} changed under the same version: got {family.digest}, "
            f"expected sha256:{extends.digest}",
            hint="ask its authors to raise the version; `twinbuild family update` takes over what is there now",
            where=Location(file=family.directory),
        )
    (place,) = project.below
    (_, below), (_, root) = project.loaded.files[:2]
    made = made_anew(family, stated_values(below), root, runner=machine.runner, interpreter=machine.interpreter)
    expected, _ = parse_yaml(SourceText(name=place.name, content=made))
    assert isinstance(expected, MappingNode)
    path = _difference(below, expected)
    if path is not None:
        raise IntegrityError.of(
            "TB7546",
            f"{place.name} is not what {extends.family} makes of the values that it states: they differ at "
            f"/{'/'.join(map(str, path))}",
            hint="run `twinbuild family update`, which makes it anew; what is to differ belongs into release.yaml",
            where=project.loaded.where(_KEY),
        )


def _difference(one: Node, other: Node) -> tuple[int | str, ...] | None:
    """The first path at which two documents say different things."""
    values = [{path: node.to_python() for path, node in walk(root)} for root in (one, other)]
    if values[0][()] == values[1][()]:
        return None
    differing = {path for path in values[0].keys() | values[1].keys() if values[0].get(path) != values[1].get(path)}
    deepest = {
        path
        for path in differing
        if not any(len(longer) > len(path) and longer[: len(path)] == path for longer in differing)
    }
    return min(deepest, key=lambda path: tuple(map(str, path)))
