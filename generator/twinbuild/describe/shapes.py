"""JSON Schema of values that release manifests have in many places, each once."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json

__all__ = [
    "EXECUTABLE",
    "INDEX",
    "PATH",
    "PLATFORM",
    "PROJECT",
    "REQUESTED",
    "SHA256",
    "SIZE",
    "VARIANT",
    "VERSION",
    "digest",
    "entries",
    "flag",
    "mapping",
    "pointer",
    "record",
    "text",
    "whole",
]

_DIGEST: Final = "^sha256:[0-9a-f]{64}$"


def text(description: str, **more: Json) -> dict[str, Json]:
    """A text of at least one character."""
    return {"type": "string", "minLength": 1, "description": description, **more}


def whole(description: str, *, least: int = 0) -> dict[str, Json]:
    """A whole number."""
    return {"type": "integer", "minimum": least, "description": description}


def flag(description: str) -> dict[str, Json]:
    """True or false."""
    return {"type": "boolean", "description": description}


def digest(description: str, *, absent: bool = False) -> dict[str, Json]:
    """A digest of OCI's; ``absent``: or null."""
    kind: Json = ["string", "null"] if absent else "string"
    return {"type": kind, "description": description, "pattern": _DIGEST}


def pointer(description: str) -> dict[str, Json]:
    """A JSON pointer (RFC 6901)."""
    return {"type": "string", "description": description, "pattern": "^(/([^/~]|~[01])*)*$"}


def entries(description: str, items: dict[str, Json], *, least: int = 0, **more: Json) -> dict[str, Json]:
    """A list."""
    some: dict[str, Json] = {"minItems": least} if least else {}
    return {"type": "array", "description": description, **some, "items": items, **more}


def record(description: str, /, *optional: str, **properties: Json) -> dict[str, Json]:
    """An object of these keys and no others; all but ``optional`` ones must be there."""
    required: list[Json] = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def mapping(description: str, values: dict[str, Json]) -> dict[str, Json]:
    """An object of any keys."""
    return {"type": "object", "description": description, "additionalProperties": values}


VARIANT: Final = text("Variant.")
PLATFORM: Final = text("Platform.", pattern="^linux/[a-z0-9]+(/[a-z0-9]+)?$")
PROJECT: Final = text("Project, normalised (PEP 503).", pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
VERSION: Final = text("Version (PEP 440).")
INDEX: Final = text("Index that has it: `default`, or a name of dependencies.indexes.")
# Below the directory that it is said to be in: not absolute, and without `.` and `..`.
PATH: Final = text("Path, with forward slashes.", pattern=r"^(?!/)(?!(.*/)?\.\.?(/|$)).+$")
SHA256: Final = text("SHA-256 of its bytes.", pattern="^[0-9a-f]{64}$")
SIZE: Final = whole("Size in bytes.")
EXECUTABLE: Final = flag("Whether it may be executed.")
REQUESTED: Final = flag("Whether the spec names it, or it is only needed by others.")
