"""A spec's section as plain JSON: what is not stated and has no default is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from twinbuild.codec.canonical import Json, to_json
from twinbuild.model.spec.base import Section

__all__ = ["plain"]


def plain(value: object) -> Json:
    """Sections become objects without their absent fields; a null that stands in free JSON stays."""
    if isinstance(value, Section):
        fields = ((field.alias or name, getattr(value, name)) for name, field in type(value).model_fields.items())
        return {name: plain(item) for name, item in fields if item is not None}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in cast("list[object]", value)]
    return to_json(value)
