"""Values written as YAML: what reads it back gets the same values, whatever their texts look like."""

from __future__ import annotations

import json
import re
from typing import Final

import yaml

from twinbuild.codec.canonical import Json

__all__ = ["as_scalar", "as_yaml", "as_yaml_stream"]

# What Go's readers (kubectl's among them) and YAML 1.2 take for a number, truth value or time, and PyYAML for a text.
_ELSEWHERE: Final = re.compile(
    r"[yYnN]|[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9_]+)?|[-+]?0[xob][0-9a-fA-F_]+"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?",
    re.ASCII,
)
_BREAKS: Final = frozenset("\x85\u2028\u2029\ufeff")  # YAML 1.1 breaks lines there (5.4), JSON does not


class _Plain(yaml.SafeDumper):
    """Writes no aliases: two equal values are two values."""

    def ignore_aliases(self, _: object) -> bool:
        """Always."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    """A text with a line break of Unicode is quoted and escaped: a reader would fold it otherwise.

    So is one that some reader takes for something else than a text.
    """
    style = '"' if not _BREAKS.isdisjoint(value) else "'" if _ELSEWHERE.fullmatch(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Plain.add_representer(str, _text)


def as_yaml(value: Json) -> str:
    """A value as YAML in blocks, in its own order; reading it back gives the same value."""
    return yaml.dump(value, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def as_yaml_stream(*documents: Json) -> bytes:
    """Documents as one file, each behind ``---`` where there are several."""
    return "---\n".join(as_yaml(document) for document in documents).encode()


def as_scalar(value: str | float | bool) -> str:  # noqa: FBT001  a value like others
    """A value as one scalar that stands anywhere in YAML, blocks and brackets alike: texts are quoted and escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text  # YAML 1.1 reads 1e5 as text
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)
