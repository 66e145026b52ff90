"""What pydantic found, in our words: a stable code, got and expected, the place in the file, and a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, get_args

from pydantic import BaseModel, PlainValidator
from pydantic.fields import FieldInfo

from twinbuild.codec.nodes import MappingNode, Mark, Node, Path, ScalarNode, SequenceNode, find, walk
from twinbuild.model.spec import ReleaseSpec
from twinbuild.model.spec.frozen import PlainDate

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["Described", "describe", "empty_values", "is_echo", "pointer"]

Described = tuple[str, str, str, Mark, Path]
"""Code, message, remedy, place, path."""

_EXPECTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "tuple_type": "a list",
}


def pointer(path: Path) -> str:
    """A path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def describe(root: MappingNode, detail: ErrorDetails, *, model: type[BaseModel] = ReleaseSpec) -> Described:
    """One error of pydantic's, about a document of ``model``, as a finding's parts."""
    node, path = find(root, detail["loc"])
    mark = _place(root, node, path)
    kind = detail["type"]
    context = detail.get("ctx", {})
    if kind.startswith("TB"):
        return kind, f"{_label(path)}: {detail['msg']}", str(context.get("hint", "correct it")), mark, path
    if kind == "missing":
        return _missing(detail, mark, path, model)
    if kind == "extra_forbidden":
        return _unknown(root, path, model)
    if kind == "literal_error":
        return _choice(node, path, str(context["expected"]), mark)
    if kind in _EXPECTED:
        code, message, hint = _wrong_type(node, kind)
        return code, f"{_label(path)}: {message}", hint, mark, path
    if kind == "string_pattern_mismatch":
        message = f"{_label(path)}: got {_shown(node)}, expected the pattern {context['pattern']}"
        return "TB1104", message, "write it so that the pattern fits", mark, path
    if kind == "too_short":
        return "TB1105", f"{_label(path)}: the list is empty", "give at least one entry", mark, path
    rule = detail["msg"].removeprefix("Input should be ")
    return (
        "TB1105",
        f"{_label(path)}: got {_shown(node)}, expected a value {rule}",
        "choose a value within the range",
        mark,
        path,
    )


def is_echo(root: MappingNode, detail: ErrorDetails) -> bool:
    """Whether an error only follows from others: to pydantic, a list whose entries are all wrong is too short."""
    node, path = find(root, detail["loc"])
    return detail["type"] == "too_short" and isinstance(node, SequenceNode) and bool(node.items) and bool(path)


def empty_values(root: MappingNode) -> list[Described]:
    """Keys that are there without a value, where the schema has something other than free JSON."""
    return [
        ("TB1103", f"{_label(path)}: got no value", "give a value, or take the key out", node.mark, path)
        for path, node in walk(root)
        if isinstance(node, ScalarNode) and node.value is None and not _is_free(path)
    ]


def _is_free(path: Path) -> bool:
    """Whether a path lies in a table or value whose keys the author chooses, or is unknown anyway."""
    model: type[BaseModel] | None = ReleaseSpec
    for step in path:
        if isinstance(step, int):
            continue
        fields = _fields(model) if model is not None else {}
        if step not in fields:
            return True
        if any(isinstance(part, PlainValidator) for part in fields[step].metadata):
            return True
        model = _section(fields[step].annotation)
    return False


def _label(path: Path) -> str:
    return ".".join(str(step) for step in path) or "the spec"


def _place(root: MappingNode, node: Node, path: Path) -> Mark:
    """The value itself; for a mapping or list in block style its key, which is where people look."""
    if isinstance(node, ScalarNode) or not path or not isinstance(path[-1], str):
        return node.mark
    above, _ = find(root, path[:-1])
    key = above.key(path[-1]) if isinstance(above, MappingNode) else None
    return key.mark if key is not None else node.mark


def _missing(detail: ErrorDetails, mark: Mark, path: Path, model: type[BaseModel]) -> Described:
    key = str(detail["loc"][-1])
    below = f" in {_label(path)}" if path else ""
    known = _model_at((*path, key), model)
    example = " with its own keys" if known is not None else ""
    return "TB1102", f"the key {key!r} is missing{below}", f"add '{key}:'{example}", mark, (*path, key)


def _unknown(root: MappingNode, path: Path, top: type[BaseModel]) -> Described:
    key = str(path[-1])
    above, _ = find(root, path[:-1])
    found = above.key(key) if isinstance(above, MappingNode) else None
    mark = found.mark if found is not None else above.mark
    model = _model_at(path[:-1], top)
    names = list(_fields(model)) if model is not None else []
    hint = _suggestion(key, names) or f"take it out; known here: {', '.join(names)}"
    inside = f" in {_label(path[:-1])}" if path[:-1] else ""
    return "TB1101", f"the key {key!r} is unknown{inside}", hint, mark, path


def _suggestion(word: str, known: Iterable[str]) -> str:
    folded = {name.lower().replace("-", "_"): name for name in known}
    close = difflib.get_close_matches(word.lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[close[0]]!r}?" if close else ""


def _choice(node: Node, path: Path, expected: str, mark: Mark) -> Described:
    if path == ("apiVersion",):
        return "TB1113", *_version(node, expected.strip("'")), mark, path
    if path == ("kind",):
        hint = "write kind: " + expected.strip("'")
        return "TB1114", f"kind: got {_shown(node)}, expected {expected}", hint, mark, path
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        options = expected.replace(" or ", ", ").replace("'", "").split(", ")
        hint = _suggestion(node.text, options) or f"use one of {expected}"
        return "TB1106", f"{_label(path)}: got {_shown(node)}, expected {expected}", hint, mark, path
    hint = f"use one of {expected}"
    return "TB1106", f"{_label(path)}: got {_shown(node)}, expected {expected}", hint, mark, path


def _version(node: Node, known: str) -> tuple[str, str]:
    text = node.text if isinstance(node, ScalarNode) else ""
    stem = known.rstrip("0123456789")
    number = text.removeprefix(stem)
    digits = number[: len(number) - len(number.lstrip("0123456789"))]
    if text.startswith(stem) and digits and len(digits) < 9 and int(digits) > 1:
        return f"apiVersion: {text[:60]!r} is newer than this tool, which knows {known}", "use a newer twinbuild"
    if text.startswith(stem) and digits:
        return (
            f"apiVersion: {text[:60]!r} is older than {known}",
            f"write apiVersion: {known} and check each key",
        )
    return f"apiVersion: got {_shown(node)}, expected {known!r}", f"write apiVersion: {known}"


def _wrong_type(node: Node, kind: str) -> tuple[str, str, str]:
    expected = _EXPECTED[kind]
    got = _shown(node)
    if isinstance(node, ScalarNode) and node.plain and node.value is None:
        return "TB1103", f"got no value, expected {expected}", "give a value, or take the key out"
    if isinstance(node, ScalarNode) and kind == "string_type" and node.plain:
        message = f"without quotes {node.text[:60]} is {_reading(node)}, expected text"
        return "TB1107", message, f"quote it: '{node.text[:60]}'"
    if isinstance(node, ScalarNode) and not node.plain and kind in ("int_type", "float_type", "bool_type"):
        return "TB1103", f"got the text {got}, expected {expected}", "write it without quotes"
    if kind == "tuple_type":
        return "TB1103", f"got {got}, expected a list", "put it in [ ], or begin each entry with '- '"
    return "TB1103", f"got {got}, expected {expected}", f"give {expected}"


def _reading(node: ScalarNode) -> str:
    if isinstance(node.value, bool):
        return "a truth value"
    return "a date" if isinstance(node.value, PlainDate) else f"the number {node.value}"


def _shown(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    if node.value is None:
        return "nothing"
    return repr(node.text[:60]) if isinstance(node.value, str) else node.text[:60]


def _model_at(path: Path, top: type[BaseModel]) -> type[BaseModel] | None:
    """The section that the schema has at a path; None where it has a single value or a free-form table."""
    model: type[BaseModel] | None = top
    for step in path:
        if isinstance(step, int):
            continue
        if model is None:
            return None
        fields = _fields(model)
        model = _section(fields[step].annotation) if step in fields else None
    return model


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _section(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        found = _section(part)
        if found is not None:
            return found
    return None
