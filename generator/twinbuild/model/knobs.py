"""Values of knobs, and the rules between them: what the tool and an image's entrypoint both hold a setting against.

This file is part of every image whose release has knobs (``/etc/twinbuild/knobs.py``), so it imports nothing and runs
on Python 3.9 and later. A value is text as an environment variable has it; read, it is a bool, an int, a float, a str
or a list of those, but for a duration and an amount of bytes, which are whole millionths of a second and of a byte:
exact, whichever unit they were written in.

A rule is a tree of lists, compiled from its text by ``twinbuild.model.spec.rules``::

    ["<=", ["*", ["knob", "batch_limit"], ["value", 2]], ["knob", "queue_length"]]
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Finding = tuple[str, str, str]  # code, what was found and expected, what to do
    Tree = Sequence[Any]

LIVE = "/etc/twinbuild/live"  # a file for each knob that may change while the service runs, named by its variable
LARGEST = 2**53 - 1  # the largest whole number that every reader of JSON keeps (RFC 8785, 3.2.2.3)
LONGEST = 4096  # characters of a value
MOST = 20  # characters of a value that somebody set, in a message: tokens and keys are longer
SHORTENED = 1e21  # below it a whole float is spelt as an int (RFC 8785, 3.2.2.3)
MILLION = 1_000_000
DURATIONS = {
    "ms": 1_000,
    "s": MILLION,
    "m": 60 * MILLION,
    "h": 3_600 * MILLION,
    "d": 86_400 * MILLION,
    "w": 7 * 86_400 * MILLION,
    "y": 365 * 86_400 * MILLION,
}
AMOUNTS = {"": MILLION, "m": 1_000}
AMOUNTS.update({unit: MILLION * 1_000**power for power, unit in enumerate("kMGT", 1)})
AMOUNTS.update({f"{unit}i": MILLION * 1_024**power for power, unit in enumerate("KMGT", 1)})
EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "enum": "one of its values",
    "duration": "a duration such as 250ms",
    "bytes": "an amount such as 512Mi",
    "list": "a JSON list such as [1, 2]",
}
DIGITS = "0123456789"


class Wrong(Exception):
    """A text is no value of a knob's type."""


def whole(text: str) -> int:
    """A whole number as JSON writes it. Raises Wrong."""
    digits = text.removeprefix("-")
    if not digits or len(digits) > 16 or digits.strip(DIGITS) or (digits[0] == "0" and len(digits) > 1):
        raise Wrong
    number = int(text)
    if not -LARGEST <= number <= LARGEST:
        raise Wrong
    return number


def number(text: str) -> float:
    """A number as JSON writes it, without infinities. Raises Wrong."""
    mantissa, marked, exponent = text.replace("E", "e").partition("e")
    before, dotted, after = mantissa.partition(".")
    sign = exponent[1:] if exponent[:1] in ("+", "-") else exponent
    if after.strip(DIGITS) or bool(dotted) != bool(after) or sign.strip(DIGITS) or bool(marked) != bool(sign):
        raise Wrong
    if len(before) > 310 or before.lstrip("-").strip(DIGITS) or len(sign) > 3:
        raise Wrong
    digits = before.removeprefix("-")
    if not digits or digits.strip(DIGITS) or (digits[0] == "0" and len(digits) > 1):
        raise Wrong
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Wrong
    return value


def millionths(text: str, units: Mapping[str, int], most: int) -> int:
    """A number with a unit, in millionths; ``most`` digits before the point. Raises Wrong."""
    digits = text.rstrip("mshdwykMGTKi")
    before, dotted, after = digits.partition(".")
    unit = units.get(text[len(digits) :])
    if (
        unit is None
        or not before
        or before.strip(DIGITS)
        or len(before) > most
        or (before[0] == "0" and len(before) > 1)
    ):
        raise Wrong
    if after.strip(DIGITS) or bool(dotted) != bool(after) or len(after) > 3:
        raise Wrong
    scale: int = 10 ** len(after)
    return int(before + after) * unit // scale


def items(text: str) -> list[object]:
    """A JSON list of texts, numbers and truth values. Raises Wrong."""
    from json import loads  # late: it takes longer than all of this

    try:
        found = loads(text, parse_int=whole, parse_float=number, parse_constant=whole)
    except (ValueError, RecursionError):
        raise Wrong from None
    if not isinstance(found, list) or not all(isinstance(item, (bool, int, float, str)) for item in found):
        raise Wrong
    return found


def read(knob: Mapping[str, Any], text: str) -> object:
    """The value that a text stands for. Raises Wrong where it is none of the knob's type."""
    kind = knob["type"]
    if len(text) > LONGEST or "\0" in text:
        raise Wrong
    if kind == "int":
        return whole(text)
    if kind == "float":
        return number(text)
    if kind == "bool":
        if text not in ("true", "false"):
            raise Wrong
        return text == "true"
    if kind == "duration":
        return millionths(text, DURATIONS, 9)
    if kind == "bytes":
        return millionths(text, AMOUNTS, 15)
    return items(text) if kind == "list" else text


def written(value: object) -> str:
    """A value of a document as the text that ``read`` takes: JSON, but for text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(quoted(item) if isinstance(item, str) else written(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < SHORTENED:  # as the image's document has it
        mantissa, _, exponent = repr(value).partition("e")
        before, _, after = mantissa.partition(".")
        return before + after.ljust(int(exponent), "0") if exponent else repr(int(value))
    return value if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """A text as JSON."""
    from json import dumps

    return dumps(text)


def span(knob: Mapping[str, Any]) -> str:
    """What a value must be, for people: ``a whole number from 1 to 1024``."""
    kind, low, high = knob["type"], knob.get("minimum"), knob.get("maximum")
    if knob.get("values"):
        known = ", ".join(knob["values"])
        return f"one of {known}" if kind == "enum" else f"a JSON list of some of {known}"
    text = EXPECTED[kind]
    if low is not None and high is not None:
        return f"{text} from {written(low)} to {written(high)}"
    if low is not None:
        return f"{text}, at least {written(low)}"
    return f"{text}, at most {written(high)}" if high is not None else text


def shown(text: str) -> str:
    """A text of the release within a message."""
    return repr(text if len(text) <= 80 else text[:77] + "...")


def told(text: str) -> str:
    """A text that somebody set within a message, which goes to logs: what is that long may be a secret."""
    return repr(text) if len(text) <= MOST else f"a text of {len(text)} characters"


def finding(knob: Mapping[str, Any], text: str) -> tuple[object, Finding | None]:
    """The value of a text, and what is wrong with it."""
    name = knob["name"]
    if knob.get("environment"):
        name = f"{name} ({knob['environment']})"
    remedy = f"set it to {span(knob)}; its default is {shown(written(knob['default']))}"
    try:
        value = read(knob, text)
    except Wrong:
        expected = EXPECTED[knob["type"]] if len(text) <= LONGEST else f"at most {LONGEST} characters"
        return None, ("TB5411", f"{name} is {told(text)}, expected {expected}", remedy)
    allowed = knob.get("values") or ()
    if allowed and not (value in allowed if knob["type"] == "enum" else all(item in allowed for item in value)):  # type: ignore[attr-defined]
        return None, ("TB5413", f"{name} is {told(text)}, expected {span(knob)}", remedy)
    for bound, beyond in (("minimum", -1), ("maximum", 1)):
        limit = knob.get(bound)
        if limit is not None:
            edge: Any = read(knob, written(limit))
            if (value > edge) - (value < edge) == beyond:
                return None, ("TB5412", f"{name} is {told(text)}, expected {span(knob)}", remedy)
    return value, None


def names(tree: Tree) -> list[str]:
    """The knobs that a rule asks for, each once, in its order."""
    if tree[0] == "knob":
        return [tree[1]]
    found: list[str] = []
    for part in tree[1:]:
        if isinstance(part, (list, tuple)):
            found += [name for name in names(part) if name not in found]
    return found


def evaluate(tree: Tree, values: Mapping[str, Any]) -> Any:
    """What a rule says of values. Raises ArithmeticError for a division by zero, or a number beyond all bounds."""
    kind, *parts = tree
    if kind == "value":
        return parts[0]
    if kind == "knob":
        return values[parts[0]]
    if kind == "duration":
        return millionths(parts[0], DURATIONS, 9)
    if kind == "bytes":
        return millionths(parts[0], AMOUNTS, 15)
    if kind == "and":
        return all(evaluate(part, values) for part in parts)
    if kind == "or":
        return any(evaluate(part, values) for part in parts)
    if kind == "if":
        return evaluate(parts[1 if evaluate(parts[0], values) else 2], values)
    found = [evaluate(part, values) for part in parts]
    return OPERATIONS[kind](*found)


def same(one: object, other: object) -> bool:
    """Equal, and of one kind: true is not 1, as it is not in JSON."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other))  # noqa: B905  Python 3.9
    return isinstance(one, bool) == isinstance(other, bool) and one == other


OPERATIONS: dict[str, Any] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "==": same,
    "!=": lambda one, other: not same(one, other),
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "//": lambda one, other: one // other,
    "%": lambda one, other: one % other,
    "in": lambda one, other: any(same(one, item) for item in other),
    "not": lambda one: not one,
    "negative": lambda one: -one,
    "abs": abs,
    "length": len,
    "min": lambda *several: min(several),
    "max": lambda *several: max(several),
    "items": lambda *several: list(several),
}


def check(configuration: Mapping[str, Any], given: Mapping[str, str]) -> tuple[dict[str, str], list[Finding]]:
    """The text of every knob, given or by default, and everything that is wrong with them. ``given`` is by name."""
    texts: dict[str, str] = {}
    values: dict[str, object] = {}
    findings: list[Finding] = []
    for knob in configuration["parameters"]:
        name = knob["name"]
        texts[name] = given[name] if name in given else written(knob["default"])
        value, wrong = finding(knob, texts[name])
        if wrong is None:
            values[name] = value
        else:
            findings.append(wrong)
    for rule in configuration["rules"]:
        asked = names(rule["tree"])
        if all(name in values for name in asked):  # else it is said already
            findings += broken(rule, values, ", ".join(f"{name} {told(texts[name])}" for name in asked))
    return texts, findings


def broken(rule: Mapping[str, Any], values: Mapping[str, object], here: str) -> list[Finding]:
    """The finding of a rule that does not hold, or can't be told of; ``here`` names the values."""
    try:
        holds = evaluate(rule["tree"], values)
    except ArithmeticError as error:
        reason = f"can't be told ({error})"
    else:
        if holds:
            return []
        reason = "does not hold"
    sentence = f"rule {rule['name']} ({rule['rule']}) {reason} with {here}: {rule['message']}"
    return [("TB5414", sentence, "change one of these knobs")]
