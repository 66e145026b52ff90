"""A YAML file that people write, as the section of a model that it holds: every finding at its place."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from twinbuild.codec.findings import describe, is_echo, pointer
from twinbuild.codec.nodes import MappingNode
from twinbuild.codec.yaml import SourceText, decode_text, excerpt_of, parse_yaml
from twinbuild.errors import Finding, Location, SpecError

__all__ = ["load_section"]

_MOST: Final = 100  # findings
_Section = TypeVar("_Section", bound=BaseModel)


def load_section(source: SourceText, model: type[_Section], *, begin: str) -> _Section:
    """The value of a file. Raises SpecError with all findings: TB10xx of the text, or else those of the values.

    ``begin`` says in a message what the first line of such a file is.
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
    try:
        return model.model_validate(root.to_python())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        found = [describe(root, detail, model=model) for detail in details if not is_echo(root, detail)]
    lines = decode_text(source.content).split("\n")
    raise SpecError(
        tuple(
            Finding(
                code=code,
                message=message,
                hint=hint,
                where=Location(
                    file=mark.file,
                    line=mark.line,
                    column=mark.column,
                    pointer=pointer(path),
                    excerpt=excerpt_of(lines, mark.line),
                    width=mark.width,
                ),
            )
            for code, message, hint, mark, path in sorted(
                dict.fromkeys(found), key=lambda each: (each[3].line, each[3].column)
            )[:_MOST]
        )
    )
