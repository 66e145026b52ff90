"""A YAML file of one section's model (a family's sheet, a policy), with every finding at its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from twinbuild.codec.findings import describe, is_echo, pointer
from twinbuild.codec.marked import place_of, text_lines
from twinbuild.codec.nodes import MappingNode, find
from twinbuild.codec.yaml import SourceText, parse_yaml
from twinbuild.errors import Finding, Location, SpecError

__all__ = ["LoadedSection", "load_section"]

_Model = TypeVar("_Model", bound=BaseModel)
_MOST = 100  # findings that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSection(Generic[_Model]):
    """The value of a file, and the nodes that say where each of its values was written."""

    value: _Model
    root: MappingNode
    lines: tuple[str, ...]

    def where(self, *path: int | str) -> Location:
        """The place of the value at a path of keys and indexes, or of the nearest value above it."""
        node, taken = find(self.root, path)
        return place_of(node.mark, self.lines, pointer(taken))


def load_section(source: SourceText, model: type[_Model], *, begin: str) -> LoadedSection[_Model]:
    """The file as a value of ``model``; ``begin`` is how such a file begins, for a message.

    Raises SpecError with all findings: TB10xx of the text, or else TB11xx of the values.
    """
    root, findings = parse_yaml(source)
    if findings:
        raise SpecError(findings)
    if not isinstance(root, MappingNode):
        raise SpecError.of(
            "TB1013",
            "the file holds no mapping of keys to values",
            hint=f"begin it with {begin}",
            where=Location(file=source.name, line=1, column=1),
        )
    lines = text_lines(source.content)
    try:
        return LoadedSection(value=model.model_validate(root.to_python()), root=root, lines=lines)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        found = [describe(root, detail, model=model) for detail in details if not is_echo(root, detail)]
    ordered = sorted(dict.fromkeys(found), key=lambda each: (each[3].line, each[3].column))[:_MOST]
    raise SpecError(
        tuple(
            Finding(code=code, message=message, hint=hint, where=place_of(mark, lines, pointer(path)))
            for code, message, hint, mark, path in ordered
        )
    )
