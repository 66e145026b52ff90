"""The release manifest for people: the same document as YAML."""

from __future__ import annotations

import json
from typing import Final

import yaml

from twinbuild.codec.canonical import Json

__all__ = ["as_yaml", "manifest_yaml"]

_FIRST: Final = ("apiVersion", "kind", "metadata")
_BREAKS: Final = frozenset("\x85\u2028\u2029\ufeff")  # YAML 1.1 breaks lines there (5.4), JSON does not


class _Plain(yaml.SafeDumper):
    """Writes no aliases: two equal values are two values."""

    def ignore_aliases(self, _: object) -> bool:
        """Always."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    """A text with a line break of Unicode is quoted and escaped: a reader would fold it otherwise."""
    style = '"' if not _BREAKS.isdisjoint(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Plain.add_representer(str, _text)


def as_yaml(value: Json) -> str:
    """A value as YAML in blocks, in its own order; reading it back gives the same value."""
    return yaml.dump(value, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def manifest_yaml(manifest: bytes) -> bytes:
    """The canonical JSON of a manifest as YAML, its head first; reading it back gives the same value."""
    document = json.loads(manifest)
    ordered = {key: document[key] for key in (*_FIRST, *(key for key in document if key not in _FIRST))}
    return as_yaml(ordered).encode()
