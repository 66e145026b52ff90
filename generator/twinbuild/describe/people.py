"""The release manifest for people: the same document as YAML."""

from __future__ import annotations

import json
from typing import Final

from twinbuild.codec.yamltext import as_yaml

__all__ = ["manifest_yaml"]

_FIRST: Final = ("apiVersion", "kind", "metadata")


def manifest_yaml(manifest: bytes) -> bytes:
    """The canonical JSON of a manifest as YAML, its head first; reading it back gives the same value."""
    document = json.loads(manifest)
    ordered = {key: document[key] for key in (*_FIRST, *(key for key in document if key not in _FIRST))}
    return as_yaml(ordered).encode()
