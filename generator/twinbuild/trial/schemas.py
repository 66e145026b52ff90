"""Data schemas (JSON Schema): whether a value is as one says, and requests that are not.

References to other documents are refused: a schema is one file, and nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NoReturn

from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.trial.comparing import shortened

if TYPE_CHECKING:
    from jsonschema_rs import Validator

__all__ = ["DataSchema", "NoSchema"]

_TRIES: Final = 2000  # changed requests that are looked at
_OTHERS: Final[tuple[object, ...]] = (None, "", -1, [], {})  # of each kind of JSON value one, to put in another's place


class NoSchema(Exception):
    """What a file holds is no JSON Schema; the reason is its text."""


class DataSchema:
    """A JSON Schema, from the bytes of its file."""

    def __init__(self, name: str, content: bytes) -> None:
        """Raises NoSchema."""
        import jsonschema_rs  # late: start-up is measured

        try:
            document, _ = parse_json(name, content)
        except JsonProblem as problem:
            raise NoSchema(f"it is no JSON, {problem.message}") from problem
        if not isinstance(document, dict):
            raise NoSchema("it is no JSON object")
        asked: list[str] = []

        def refuse(uri: str) -> NoReturn:
            asked.append(uri)
            raise ValueError(uri)

        try:
            self._validator: Validator = jsonschema_rs.validator_for(document, retriever=refuse)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            if asked:
                raise NoSchema(f"it refers to {shortened(asked[0])!r}: a data schema is one file") from error
            raise NoSchema(shortened(str(error).split("\n", 1)[0])) from error

    def objection(self, value: object) -> str:
        """Why a value is not as the schema says, with the JSON pointer of the place; "" where it is."""
        for error in self._validator.iter_errors(value):
            pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.instance_path)
            return f"{'at ' + pointer + ' ' if pointer else ''}{shortened(error.message)}"
        return ""

    def violations(self, value: object) -> Iterator[tuple[str, object]]:
        """Up to two requests that the schema refuses, made from one that it accepts, with what was done.

        One without something that must be there, and one with a value of another kind. The first of each kind counts,
        in the order of the document; a schema that allows everything gives none.
        """
        for changes in (_without(value, ""), _otherwise(value, "")):
            for _, (what, changed) in zip(range(_TRIES), changes, strict=False):
                if not self._validator.is_valid(changed):
                    yield what, changed
                    break


def _without(value: object, pointer: str) -> Iterator[tuple[str, object]]:
    """The value without one key of one of its objects."""
    if isinstance(value, dict):
        for key in value:
            yield f"without {pointer}/{key}", {name: item for name, item in value.items() if name != key}
    yield from _deeper(value, pointer, _without)


def _otherwise(value: object, pointer: str) -> Iterator[tuple[str, object]]:
    """The value with one of its parts replaced by one of another kind."""
    if pointer:
        for other in _OTHERS:
            if type(other) is not type(value):
                yield f"with {json.dumps(other)} at {pointer}", other
    yield from _deeper(value, pointer, _otherwise)


def _deeper(value: object, pointer: str, change: Change) -> Iterator[tuple[str, object]]:
    """The value with one of its parts changed."""
    if isinstance(value, dict):
        for key, item in value.items():
            for what, changed in change(item, f"{pointer}/{key}"):
                yield what, {**value, key: changed}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for what, changed in change(item, f"{pointer}/{index}"):
                yield what, [*value[:index], changed, *value[index + 1 :]]


if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[object, str], Iterator[tuple[str, object]]]
