"""Values: frozen, slotted, keyword-only, and immutable all the way down."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import types
import typing
from collections.abc import Iterator
from typing import Any, Final

import pytest

import twinbuild

# Not values but machinery that holds state on purpose, each with its reason. The list only shrinks.
STATEFUL: Final[dict[str, str]] = {
    "twinbuild.codec.yaml._Open": "a mapping or list whose end was not read yet",
    "twinbuild.debian.closure._Frame": "a step of the search that may be taken back",
    "twinbuild.oci.document.Node": "an object of a foreign document with its pointer, read and dropped in one function",
}
# Handles of an open stream or store: nobody compares or hashes them, and each is made in one place.
HANDLES: Final = frozenset({
    "twinbuild.build.docker.exported.Slice",
    "twinbuild.build.content.BlobContent",
    "twinbuild.build.unpack.PassingContent",
    "twinbuild.codec.lockvalues.Problem",
    "twinbuild.debian.unpack.SpoolContent",
    "twinbuild.wheel.archive.Archive",
    "twinbuild.wheel.contents.WheelFile",
})  # fmt: skip
_MUTABLE: Final = (list, dict, set, bytearray)


def _dataclasses() -> Iterator[type]:
    for module in pkgutil.walk_packages(twinbuild.__path__, "twinbuild."):
        if ".shim." in module.name or module.name.endswith("__main__"):
            continue  # the shim runs inside pip's own interpreter
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.name:
                yield value


FOUND: Final = sorted(_dataclasses(), key=lambda value: f"{value.__module__}.{value.__qualname__}")


def _parts(hint: Any) -> Iterator[Any]:
    """A type and everything that it is made of."""
    origin = typing.get_origin(hint)
    yield origin or hint
    if origin not in (typing.Literal, None):
        for argument in typing.get_args(hint):
            if isinstance(argument, list):  # the arguments of a Callable
                continue
            yield from _parts(argument)


def test_there_are_values() -> None:
    """The walk finds them."""
    assert len(FOUND) > 80
    assert {f"{value.__module__}.{value.__qualname__}" for value in FOUND} >= set(STATEFUL)


@pytest.mark.parametrize("value", FOUND, ids=lambda value: f"{value.__module__}.{value.__qualname__}")
def test_value(value: type) -> None:
    """frozen=True, slots=True, kw_only=True; no field is a list, a dict or a set."""
    if f"{value.__module__}.{value.__qualname__}" in STATEFUL:
        return
    parameters = value.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen
    assert "__slots__" in vars(value)
    fields = dataclasses.fields(value)
    plain = len(fields) == 1 or value.__name__.startswith("_")  # one field, such as a Digest; or seen by one module
    positional = {field.name for field in fields if not field.kw_only}
    assert plain or not positional or f"{value.__module__}.{value.__qualname__}" in HANDLES, positional
    for name, hint in typing.get_type_hints(value).items():
        for part in _parts(hint):
            assert part not in _MUTABLE, f"{name}: {hint}"
            if isinstance(part, types.UnionType):
                continue
            if isinstance(part, type) and dataclasses.is_dataclass(part):
                assert part.__dataclass_params__.frozen, f"{name}: {hint}"  # type: ignore[attr-defined]
