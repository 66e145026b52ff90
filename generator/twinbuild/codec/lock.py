"""``release.lock``: canonical JSON text with one entry a line, and the strict way back.

The text is a function of the value alone: fields in the order of ``model.lock``, entries sorted, LF line ends. Reading
takes any white space but nothing else: unknown or missing fields, wrong types, unsorted or repeated entries, and names,
digests, sizes or paths that cannot be, are all reported at once with their lines.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonPath, JsonProblem, locate, parse_json
from twinbuild.codec.lockfields import LICENSING, OPTIONAL, SHAPES, Problem, Shape
from twinbuild.errors import Finding, InternalError, Location, LockError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Licensing, Lock
from twinbuild.model.platform import Platform

__all__ = ["LOCK_VERSION", "decode_licensing", "decode_lock", "encode_licensing", "encode_lock", "proven_text"]

LOCK_VERSION: Final = 3
_BEFORE: Final = 2  # without bases that are images: every one of them is one of today's
_FIRST: Final = 1  # without licences: read as a lock that does not know them yet
_MAXIMUM: Final = 64 << 20
_HINT: Final = "restore it from version control, or make it anew: `twinbuild lock --upgrade-all`"
_KINDS: Final = {
    "syntax": ("TB2201", _HINT),
    "depth": ("TB2201", _HINT),
    "encoding": ("TB2201", _HINT),
    "conflict": (
        "TB2202",
        "resolve release.yaml, take either lock (`git checkout --ours release.lock`), then `twinbuild lock`",
    ),
    "duplicate": ("TB2203", _HINT),
}


def encode_lock(lock: Lock) -> bytes:
    """The text of a lock. ``decode_lock`` gives the same value back."""
    plain = _plain(lock)
    assert isinstance(plain, dict)
    return (_text({"lock": LOCK_VERSION, **plain}, "") + "\n").encode()


def proven_text(lock: Lock) -> bytes:
    """The text of a lock, read back: whatever is written is what every later run takes for this very lock.

    Raises InternalError TB9003 where it would be refused, or be another lock. Names and versions come from servers,
    and what no resolver should have let pass must not be found by the next run, with nothing left to go back to.
    """
    where = Location()
    try:
        content = encode_lock(lock)
        same, reason = decode_lock(content) == lock, "it would be another lock"
    except UnicodeEncodeError as error:
        same, reason = False, str(error)
    except LockError as error:
        same, reason, where = False, error.findings[0].message, error.findings[0].where
    if not same:
        raise InternalError.of(
            "TB9003",
            f"the lock could not be read back, so it is not written: {reason}",
            hint="report this with the requirement that is new in the spec; release.lock is as it was",
            where=where,
        )
    return content


def encode_licensing(entry: Licensing) -> Json:
    """One entry of ``licensing`` as JSON."""
    return _plain(entry)


def decode_licensing(value: Json) -> Licensing:
    """The entry of a JSON value. Raises LockError TB2205 to TB2211."""
    reader = _Reader()
    entry = reader.record(LICENSING, value, ())
    if not isinstance(entry, Licensing):
        raise LockError(
            tuple(Finding(code=found.code, message=found.message, hint=found.hint) for _, found in reader.problems)
        )
    return entry


def _plain(value: object) -> Json:
    if isinstance(value, (Digest, Platform)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {name: item for name, item in fields.items() if item or name not in OPTIONAL}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    assert value is None or isinstance(value, (bool, int, str))
    return value


def _text(value: Json, indent: str) -> str:
    """An object that holds lists of objects has a line for each field, such a list a line for each item."""
    deeper = indent + " "
    if _has_entries(value):
        assert isinstance(value, list)
        return "[\n" + ",\n".join(deeper + _text(item, deeper) for item in value) + "\n" + indent + "]"
    if isinstance(value, dict) and any(
        isinstance(item, list) and item and isinstance(item[0], dict) for item in value.values()
    ):
        fields = (f"{deeper}{json.dumps(key)}: {_text(item, deeper)}" for key, item in value.items())
        return "{\n" + ",\n".join(fields) + "\n" + indent + "}"
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _has_entries(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def decode_lock(content: bytes, *, name: str = "release.lock") -> Lock:
    """The lock of a text. Raises LockError with every finding (TB2201 to TB2212)."""
    if len(content) > _MAXIMUM:
        raise LockError.of("TB2201", f"the lock has {len(content)} bytes", hint=_HINT, where=Location(file=name))
    try:
        value, text = parse_json(name, content)
    except JsonProblem as problem:
        code, hint = _KINDS[problem.kind]
        raise LockError.of(
            code, f"the lock cannot be read: {problem.message}", hint=hint, where=problem.where
        ) from None
    if not isinstance(value, dict):
        raise LockError.of("TB2201", "the lock is no object", hint=_HINT, where=locate(name, text, ()))
    version = value.pop("lock", None)
    if version == _FIRST and not isinstance(version, bool) and "licensing" not in value:
        value["licensing"] = []
        version = _BEFORE
    if version == _BEFORE:
        version = LOCK_VERSION
    if version != LOCK_VERSION or isinstance(version, bool):
        newer = isinstance(version, int) and version > LOCK_VERSION
        raise LockError.of(
            "TB2204",
            f"the lock has version {version!r}, expected {LOCK_VERSION}",
            hint="use a newer twinbuild" if newer else _HINT,
            where=locate(name, text, ("lock",)),
        )
    reader = _Reader()
    lock = reader.record(SHAPES["Lock"], value, ())
    if reader.problems:
        raise LockError(
            tuple(
                Finding(code=problem.code, message=problem.message, hint=problem.hint, where=locate(name, text, path))
                for path, problem in reader.problems
            )
        )
    assert isinstance(lock, Lock)
    return lock


class _Reader:
    """One pass over the fields, which keeps every problem with its path."""

    def __init__(self) -> None:
        self.problems: list[tuple[JsonPath, Problem]] = []

    def refuse(self, path: JsonPath, problem: Problem) -> None:
        self.problems.append((path, problem))

    def record(self, shape: Shape, value: Json, path: JsonPath) -> object:
        """A value of the shape's class; None where something is wrong."""
        if not isinstance(value, dict):
            self.refuse(path, Problem("TB2206", f"got {_kind(value)}, expected an object"))
            return None
        before = len(self.problems)
        for key in value:
            if key not in shape.fields:
                self.refuse((*path, key), Problem("TB2205", f"the field {key[:80]!r} is unknown here"))
        fields: dict[str, object] = {}
        for key, field in shape.fields.items():
            if key not in value:
                self.lacking(key, path)
                continue
            where = (*path, key)
            if isinstance(field, Shape):
                fields[key] = self.record(field, value[key], where)
            elif isinstance(field, tuple):
                fields[key] = self.entries(field[0], value[key], where)
            else:
                fields[key] = self.single(field, value[key], where)
        if len(self.problems) > before:
            return None
        problem = shape.check(fields)
        if problem is not None:
            self.refuse(path, problem)
            return None
        return shape.make(**fields)

    def lacking(self, key: str, path: JsonPath) -> None:
        if key not in OPTIONAL:
            self.refuse(path, Problem("TB2205", f"the field {key!r} is missing"))

    def single(self, read: Callable[[Json], object], value: Json, path: JsonPath) -> object:
        try:
            result = read(value)
        except TwinbuildError as error:
            result = Problem("TB2207", error.findings[0].message)
        if isinstance(result, Problem):
            self.refuse(path, result)
            return None
        return result

    def entries(self, shape: Shape, value: Json, path: JsonPath) -> object:
        if not isinstance(value, list):
            self.refuse(path, Problem("TB2206", f"got {_kind(value)}, expected a list"))
            return None
        items = [self.record(shape, item, (*path, index)) for index, item in enumerate(value)]
        if all(item is not None for item in items):
            keys = [shape.key(item) for item in items]
            for index in range(1, len(keys)):
                if not keys[index]:
                    break  # of a kind whose order has a meaning
                if keys[index] == keys[index - 1]:
                    shown = " ".join(keys[index])
                    self.refuse((*path, index), Problem("TB2210", f"{shown} is locked twice"))
                elif keys[index] < keys[index - 1]:
                    shown = " ".join(keys[index])
                    self.refuse((*path, index), Problem("TB2211", f"{shown} is not in its sorted place"))
        return tuple(items)


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a number"
    return {"str": "text", "list": "a list", "dict": "an object"}[type(value).__name__]
