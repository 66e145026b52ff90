"""Hyper-parameters as a model's own file says them, where its format does: skops and LightGBM's text.

A skops file is a zip archive whose ``schema.json`` describes the object; numbers and texts stand in it as JSON. Nothing
of the file is run. ONNX, safetensors and XGBoost's JSON do not keep what a model was trained with.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import struct
import zipfile
import zlib
from typing import IO, Any, Final

__all__ = ["FORMATS", "hyperparameters_of"]

FORMATS: Final = ("skops", "lightgbm")
_LARGEST: Final = 64 << 20  # bytes of a description that are read
_END: Final = 1 << 20  # bytes at the end of a text in which its parameters stand
_UNREADABLE: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),  # the archive; bzip2 says OSError
    *(EOFError, OSError, RuntimeError),  # RuntimeError: it asks for a password, or is compressed in an unknown way
    *(KeyError, ValueError, TypeError, AttributeError, OverflowError),  # its description; RecursionError is a Runtime…
)
_LINE: Final = re.compile(r"\[([A-Za-z0-9_]+): (.*)\]")


def hyperparameters_of(kind: str, stream: IO[bytes]) -> dict[str, object] | None:
    """What a file of one of ``FORMATS`` says, by name; None where it cannot be read as such."""
    try:
        return _of_skops(stream) if kind == "skops" else _of_lightgbm(stream)
    except _UNREADABLE:
        return None


def _of_skops(stream: IO[bytes]) -> dict[str, object]:
    """The attributes of the outermost object that are plain JSON."""
    with zipfile.ZipFile(stream) as archive, archive.open("schema.json") as member:
        document: Any = json.loads(member.read(_LARGEST))
    nodes = document["content"]["content"]
    return {
        name: json.loads(node["content"])
        for name, node in nodes.items()
        if isinstance(node, dict) and node.get("__loader__") == "JsonNode"
    }


def _of_lightgbm(stream: IO[bytes]) -> dict[str, object]:
    """The lines ``[name: value]`` of the section ``parameters``, which follows all the trees."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END))
    _, begin, rest = stream.read(_END).rpartition(b"\nparameters:\n")
    found, end, _ = rest.partition(b"\nend of parameters")
    if not begin or not end:
        raise ValueError("it has no section 'parameters'")
    section = found.decode()
    return {match[1]: _value(match[2]) for line in section.splitlines() if (match := _LINE.fullmatch(line))}


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
