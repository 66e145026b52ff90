"""What every section of a spec is: a frozen model that knows all of its keys and converts nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from twinbuild.model.spec.values import objection

__all__ = ["Section", "Several", "refuse_repeated"]

_Item = TypeVar("_Item")
Several = Annotated[tuple[_Item, ...], Field(strict=False)]
"""A list of a YAML file, held as a tuple; its items are checked as strictly as ever."""


class Section(BaseModel):
    """Base of all sections. Text is never taken for a number, nor a number for text."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        defer_build=True,
        hide_input_in_errors=True,
    )


def refuse_repeated(kind: str, names: Iterable[str]) -> None:
    """Raise TB1115 if two entries of a list have one name."""
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise objection(
            "TB1115", f"{kind} {repeated[0]!r} is given more than once", "rename one of them, or take one out"
        )
