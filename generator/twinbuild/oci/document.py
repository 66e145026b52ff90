"""Strict reading of the JSON documents of an image: one meaning, known sizes, every refusal with a pointer (RFC 6901).

JSON with a key twice has another meaning in every reader, and numbers and depth without bounds end programs; so none of
that gets past this module. A digest can only be a digest (no path), a size only a size.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final, NoReturn

from twinbuild.codec.jsontext import is_writable
from twinbuild.errors import IntegrityError, Location, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor

__all__ = ["LARGEST_BLOB", "LARGEST_DOCUMENT", "Node", "parse"]

LARGEST_DOCUMENT: Final = 4 << 20  # what the distribution specification lets a registry refuse above
LARGEST_BLOB: Final = 1 << 40  # no layer of a terabyte is honest; also keeps sums below 2**63
_DEEPEST: Final = 32  # the deepest field of the specification lies at 6
_HINT: Final = "do not use the image; report it to whoever made it"


def parse(content: bytes, subject: str) -> Node:
    """The root of a document. Raises IntegrityError TB4330 unless it is one unambiguous JSON object in UTF-8."""
    try:
        value = json.loads(content.decode(), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as error:
        _refuse("TB4330", f"the document is not UTF-8 at byte {error.start}", subject)
    except RecursionError:
        _refuse("TB4330", f"the document is nested deeper than {_DEEPEST}", subject)
    except ValueError as error:
        _refuse("TB4330", f"the document is no strict JSON: {str(error)[:200]}", subject)
    if _depth(value) > _DEEPEST:
        _refuse("TB4330", f"the document is nested deeper than {_DEEPEST}", subject)
    if b"\\u" in content and not is_writable(value):
        _refuse("TB4330", "the document has half of a surrogate pair, which no encoding can hold", subject)
    if not isinstance(value, dict):
        _refuse("TB4330", f"the document is {_named(value)}, expected an object", subject)
    return Node(value, subject, "")


@dataclass(frozen=True, slots=True)
class Node:
    """An object of a document, with where it is. Each getter raises IntegrityError TB4335 for a wrong kind of value."""

    fields: dict[str, object]
    subject: str
    pointer: str

    def refuse(self, code: str, message: str, key: str = "") -> NoReturn:
        """Raise an IntegrityError that names this place."""
        _refuse(code, message, self.subject, self._at(key) if key else self.pointer)

    def text(self, key: str, default: str | None = None) -> str:
        """A string; required unless there is a default."""
        value = self.fields.get(key, default)
        if not isinstance(value, str):
            self._wrong(key, value, "a string")
        return value

    def integer(self, key: str, maximum: int) -> int:
        """A whole number from 0 to ``maximum``."""
        value = self.fields.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= maximum:
            self._wrong(key, value, f"a whole number from 0 to {maximum}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of strings; none where the key is not there or null, which old writers use for empty."""
        values = self.fields.get(key)
        if values is None:
            return ()
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self._wrong(key, values, "an array of strings")
        return tuple(values)

    def child(self, key: str) -> Node:
        """An object, required."""
        value = self.fields.get(key)
        if not isinstance(value, dict):
            self._wrong(key, value, "an object")
        return Node(value, self.subject, self._at(key))

    def optional(self, key: str) -> Node | None:
        """An object, or None where the key is not there or null."""
        return None if self.fields.get(key) is None else self.child(key)

    def children(self, key: str, maximum: int) -> tuple[Node, ...]:
        """An array of at most ``maximum`` objects, required. Raises IntegrityError TB4338 for more."""
        values = self.fields.get(key)
        if not isinstance(values, list):
            self._wrong(key, values, "an array")
        if len(values) > maximum:
            self.refuse("TB4338", f"{len(values)} entries, at most {maximum}", key)
        nodes: list[Node] = []
        for number, value in enumerate(values):
            if not isinstance(value, dict):
                self._wrong(f"{key}/{number}", value, "an object")
            nodes.append(Node(value, self.subject, f"{self._at(key)}/{number}"))
        return tuple(nodes)

    def mapping(self, key: str) -> dict[str, str]:
        """An object of strings, such as annotations; empty where the key is not there or null."""
        node = self.optional(key)
        return {} if node is None else {name: node.text(name) for name in node.fields}

    def digest(self, key: str) -> Digest:
        """A digest."""
        text = self.text(key)
        try:
            return Digest.parse(text)
        except TwinbuildError:
            self._wrong(key, text, "sha256: and 64 lower-case hexadecimal digits")

    def descriptor(self) -> Descriptor:
        """This object as a descriptor (descriptor.md). ``urls`` are refused, embedded ``data`` must be the blob."""
        if self.texts("urls"):
            self.refuse("TB4333", "the content lies at addresses outside of the image", "urls")
        self.mapping("annotations")
        descriptor = Descriptor(
            media_type=self.text("mediaType"), digest=self.digest("digest"), size=self.integer("size", LARGEST_BLOB)
        )
        if "data" in self.fields:
            try:
                embedded = base64.b64decode(self.text("data"), validate=True)
            except (binascii.Error, ValueError):
                self._wrong("data", self.fields["data"], "base64")
            if len(embedded) != descriptor.size or Digest.of(embedded) != descriptor.digest:
                self.refuse("TB4332", "the embedded content is not the blob that the digest names", "data")
        return descriptor

    def _at(self, key: str) -> str:
        return f"{self.pointer}/{key}"

    def _wrong(self, key: str, value: object, expected: str) -> NoReturn:
        got = _named(value) if value is None or isinstance(value, (dict, list)) else f"{value!r:.80}"
        self.refuse("TB4335", f"got {got}, expected {expected}", key)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:80]!r} occurs twice")
    return fields


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _depth(value: object) -> int:
    """How deep arrays and objects are nested; a loop, for the document decides how deep."""
    depth, level = 0, [value]
    while level := [
        item
        for parent in level
        if isinstance(parent, (dict, list))
        for item in (parent.values() if isinstance(parent, dict) else parent)
    ]:
        depth += 1
    return depth


def _named(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "nothing"}
    return names.get(type(value), "a number")


def _refuse(code: str, message: str, subject: str, pointer: str = "") -> NoReturn:
    where = Location(subject=f"{subject}#{pointer}" if pointer else subject, pointer=pointer)
    raise IntegrityError.of(code, message, hint=_HINT, where=where)
