"""What every section of a spec is: a frozen model that knows all of its keys and converts nothing."""

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import InitErrorDetails, ValidationError

from twinbuild.model.spec.values import objection

__all__ = ["Objections", "Section", "Several"]

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


class Objections:
    """What is wrong between the fields of a section, each at its own place below the section."""

    def __init__(self) -> None:
        self._errors: list[InitErrorDetails] = []

    def add(self, code: str, message: str, hint: str, *at: int | str) -> None:
        """One objection, at a path of keys and indexes from the section."""
        self._errors.append({"type": objection(code, message, hint), "loc": at, "input": None})

    def repeated(self, kind: str, names: Iterable[str | None], *at: int | str, key: str = "") -> None:
        """An objection for each entry of the list at ``at`` whose name (under ``key``) an earlier one has."""
        seen: set[str] = set()
        for index, name in enumerate(names):
            if name is None:
                continue
            if name in seen:
                where = (*at, index, key) if key else (*at, index)
                self.add(
                    "TB1115", f"{kind} {name!r} is given more than once", "rename one of them, or take one out", *where
                )
            seen.add(name)

    def settle(self) -> None:
        """Raise pydantic's ValidationError if there was any objection."""
        if self._errors:
            raise ValidationError.from_exception_data("section", self._errors, hide_input=True)
