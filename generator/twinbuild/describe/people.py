"""The release manifest for people: the same document as YAML."""

from __future__ import annotations

import json
from typing import Final

import yaml

__all__ = ["manifest_yaml"]

_FIRST: Final = ("apiVersion", "kind", "metadata")


class _Plain(yaml.SafeDumper):
    """Writes no aliases: two equal values are two values."""

    def ignore_aliases(self, _: object) -> bool:
        """Always."""
        return True


def manifest_yaml(manifest: bytes) -> bytes:
    """The canonical JSON of a manifest as YAML, its head first; reading it back gives the same value."""
    document = json.loads(manifest)
    ordered = {key: document[key] for key in (*_FIRST, *(key for key in document if key not in _FIRST))}
    return yaml.dump(ordered, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120).encode()
