"""Immutable mappings and JSON: what a spec holds where its own authors choose the keys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

__all__ = ["FrozenMapping", "PlainDate", "freeze", "freeze_object"]

_Value_co = TypeVar("_Value_co", covariant=True)
_MAXIMUM: Final = 2**53 - 1  # largest integer that every JSON reader keeps (RFC 8785, 3.2.2.3)


class FrozenMapping(Mapping[str, _Value_co]):
    """A mapping of text to immutable values, which can be hashed and compares equal to a dict of the same items."""

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[str, _Value_co] = {}) -> None:  # it is only read
        self._items = dict(items)
        self._hash = hash(frozenset(self._items.items()))

    def __getitem__(self, key: str) -> _Value_co:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMapping):
            return self._items == other._items
        return self._items == other

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items!r})"

    def __reduce__(self) -> tuple[type[FrozenMapping[_Value_co]], tuple[dict[str, _Value_co]]]:
        return FrozenMapping, (self._items,)


class PlainDate:
    """An unquoted date or time of a YAML file: text where a date is expected, and refused where text is expected."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"PlainDate({self.text!r})"


def freeze(value: object) -> object:
    """A JSON value with lists as tuples and objects as FrozenMapping.

    Raises pydantic's ValidationError with one entry, at its own place, for each part that JSON cannot hold.
    """
    errors: list[InitErrorDetails] = []
    frozen = _freeze(value, (), errors)
    if errors:
        raise ValidationError.from_exception_data("JSON", errors, hide_input=True)
    return frozen


def freeze_object(value: object) -> FrozenMapping[object]:
    """The same for an object. Raises as ``freeze``, and for anything that is no object."""
    if not isinstance(value, Mapping):
        raise PydanticCustomError("dict_type", "expected a mapping")
    frozen = freeze(value)
    assert isinstance(frozen, FrozenMapping)
    return frozen


def _freeze(value: object, where: tuple[int | str, ...], errors: list[InitErrorDetails]) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int) and abs(value) <= _MAXIMUM:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return FrozenMapping({key: _freeze(item, (*where, key), errors) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(_freeze(item, (*where, index), errors) for index, item in enumerate(value))
    kind = "string_type" if isinstance(value, PlainDate) else "TB1103"
    errors.append({"type": PydanticCustomError(kind, "not a JSON value"), "loc": where, "input": None})
    return None
