"""``release.yaml`` to a ReleaseSpec, with every finding at its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from twinbuild.codec.nodes import MappingNode, Node, find
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import Finding, Location, SpecError
from twinbuild.model.spec import ReleaseSpec

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["LoadedSpec", "SourceText", "load_spec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSpec:
    """A spec, and the tree of nodes that says where each of its values was written."""

    spec: ReleaseSpec
    root: MappingNode

    def where(self, *path: int | str) -> Location:
        """The place of the value at a path of keys and indexes, or of the nearest value above it."""
        node, taken = find(self.root, path)
        mark = node.mark
        return Location(file=mark.file, line=mark.line, column=mark.column, pointer=_pointer(taken), width=mark.width)


def load_spec(sources: tuple[SourceText, ...]) -> LoadedSpec:
    """The spec of a file. Raises SpecError with all findings: those of the text, or else those of the values."""
    root, findings = parse_yaml(sources[0])
    if findings:
        raise SpecError(findings)
    if not isinstance(root, MappingNode):
        raise SpecError.of(
            "TB1013",
            "the file holds no mapping",
            hint="begin it with apiVersion: twinbuild/v1",
            where=Location(file=sources[0].name, line=1, column=1),
        )
    try:
        spec = ReleaseSpec.model_validate(root.to_python())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise SpecError(tuple(_finding(root, detail) for detail in details)) from None
    return LoadedSpec(spec=spec, root=root)


def _pointer(path: tuple[int | str, ...]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _finding(root: Node, detail: ErrorDetails) -> Finding:
    node, taken = find(root, detail["loc"])
    context = detail.get("ctx", {})
    code = detail["type"] if detail["type"].startswith("TB") else "TB1103"
    return Finding(
        code=code,
        message=detail["msg"],
        hint=str(context.get("hint", "correct it")),
        where=Location(
            file=node.mark.file,
            line=node.mark.line,
            column=node.mark.column,
            pointer=_pointer(taken),
            width=node.mark.width,
        ),
    )
