"""``family.yaml`` to a FamilySheet, with every finding at its place; and the identity of a family."""

from __future__ import annotations

from pydantic import ValidationError

from twinbuild.codec.canonical import digest_of
from twinbuild.codec.findings import describe, is_echo, pointer
from twinbuild.codec.nodes import MappingNode
from twinbuild.codec.yaml import SourceText, decode_text, excerpt_of, parse_yaml
from twinbuild.errors import Finding, Location, SpecError
from twinbuild.model.digest import Digest
from twinbuild.model.family import FamilyFile, FamilySheet

__all__ = ["family_digest", "load_sheet"]


def load_sheet(source: SourceText) -> FamilySheet:
    """The sheet of a family. Raises SpecError with all findings: TB10xx of the text, or else TB11xx of the values."""
    root, findings = parse_yaml(source)
    if findings:
        raise SpecError(findings)
    if not isinstance(root, MappingNode):
        raise SpecError.of(
            "TB1013",
            "the file holds no mapping of keys to values",
            hint="begin it with apiVersion: twinbuild/family/v1",
            where=Location(file=source.name, line=1, column=1),
        )
    try:
        return FamilySheet.model_validate(root.to_python())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        found = [describe(root, detail, model=FamilySheet) for detail in details if not is_echo(root, detail)]
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
            )[:100]
        )
    )


def family_digest(files: tuple[FamilyFile, ...], base: Digest | None) -> Digest:
    """The identity of a family: paths, bytes and modes of its files, and the family that it extends."""
    return digest_of(
        {
            "files": [
                {"path": file.path, "sha256": Digest.of(file.content).hex, "executable": file.executable}
                for file in sorted(files, key=lambda file: file.path)
            ],
            "extends": base.hex if base is not None else None,
        }
    )
