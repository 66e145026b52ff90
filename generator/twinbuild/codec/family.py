"""``family.yaml`` to a FamilySheet, with every finding at its place; and the identity of a family."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from twinbuild.codec.canonical import digest_of
from twinbuild.codec.nodes import MappingNode, ScalarNode
from twinbuild.codec.section import load_section
from twinbuild.codec.yaml import SourceText
from twinbuild.model.digest import Digest
from twinbuild.model.family import FamilyFile, FamilySheet

__all__ = ["expanded", "family_digest", "load_sheet", "stated_pin", "with_pin"]

_PIN: Final = re.compile(rb"#[^\n]*\n# sha256 of what follows: ([0-9a-f]{64})\n(.*)", re.DOTALL)


def load_sheet(source: SourceText) -> FamilySheet:
    """The sheet of a family. Raises SpecError with all findings: TB10xx of the text, or else TB11xx of the values."""
    return load_section(source, FamilySheet, begin="apiVersion: twinbuild/family/v1").value


def family_digest(files: tuple[FamilyFile, ...], base: Digest | None) -> Digest:
    """The identity of a family: paths and bytes of its files, which of the project's may run, and what it extends."""
    return digest_of(
        {
            "files": [
                {
                    "path": file.path,
                    "sha256": Digest.of(file.content).hex,
                    "executable": file.executable and file.path.startswith("files/"),
                }
                for file in sorted(files, key=lambda file: file.path)
            ],
            "extends": base.hex if base is not None else None,
        }
    )


def with_pin(note: str, rest: bytes) -> bytes:
    """The text of a family's spec: a comment of one line, the digest of the rest in another one, the rest."""
    return f"# {note}\n# sha256 of what follows: {Digest.of(rest).hex}\n".encode() + rest


def stated_pin(content: bytes) -> tuple[str, bytes]:
    """The digest (hexadecimal) that a family's spec states, and the bytes that it is of; "" where it states none."""
    found = _PIN.fullmatch(content)
    return (found[1].decode(), found[2]) if found else ("", content)


def expanded(root: MappingNode, below: bytes | None) -> MappingNode:
    """A spec whose ``extends`` is a text as one whose ``extends`` is a mapping; ``below`` is the family's spec."""
    stated = root.get("extends")
    if not isinstance(stated, ScalarNode) or not isinstance(stated.value, str):
        return root
    pairs = {"family": stated.text, **({"sha256": Digest.of(below).hex} if below is not None else {})}
    plain = replace(stated, plain=False)
    entries = tuple(
        (replace(plain, text=key, value=key), replace(plain, text=text, value=text)) for key, text in pairs.items()
    )
    mapping = MappingNode(mark=stated.mark, entries=entries)
    return replace(root, entries=tuple((key, mapping if key.text == "extends" else node) for key, node in root.entries))
