"""Canonical JSON (RFC 8785): the one spelling of a value, from which its digest is taken."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum

import rfc8785

from twinbuild.errors import InternalError
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform

__all__ = ["Json", "canonical", "digest_of", "to_json"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def to_json(value: object) -> Json:
    """A model value as JSON: dataclasses become objects with their kind, digests and platforms become strings.

    The kind (the class's name) is written as ``"kind"``, so that two recipes with equal fields are still unlike.
    Mappings keep string keys only. Raises InternalError TB9001 for anything that has no one spelling.
    """
    if value is None or isinstance(value, (bool, str)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (Digest, Platform)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {_key(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    raise InternalError.of(
        "TB9001", f"a {type(value).__name__} has no canonical spelling", hint="report this as a defect of twinbuild"
    )


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise InternalError.of("TB9001", f"object key {key!r} is not text", hint="report this as a defect of twinbuild")
    return key


def canonical(value: object) -> bytes:
    """The canonical bytes of a model value or of plain JSON. Integers beyond 2**53 have none (RFC 8785, 3.2.2.3)."""
    try:
        return rfc8785.dumps(to_json(value))
    except rfc8785.CanonicalizationError as error:
        raise InternalError.of("TB9001", str(error), hint="report this as a defect of twinbuild") from error


def digest_of(value: object) -> Digest:
    """The digest of a value's canonical bytes."""
    return Digest.of(canonical(value))
