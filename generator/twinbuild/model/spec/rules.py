"""Rules between knobs: text to a tree whose types fit, which ``twinbuild.model.knobs`` evaluates.

The grammar is that of Jinja2's expressions, read by Jinja2's own parser; of it there are names of knobs, constants and
lists of them, ``and``, ``or``, ``not``, comparisons and ``in``, arithmetic, ``X if C else Y``, and ``min``, ``max``,
``abs`` and ``length``. Nothing is ever rendered or called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twinbuild.model.knobs import AMOUNTS, DURATIONS, LARGEST, SHORTENED, Wrong, millionths

if TYPE_CHECKING:
    from jinja2 import nodes

__all__ = ["RuleFault", "Tree", "compile_rule"]

Tree = tuple[object, ...]
"""An operator and its operands: texts, numbers, truth values and trees."""

_MOST_NODES: Final = 200
_NUMBER, _TEXT, _BOOL, _LIST, _DURATION, _BYTES = "a number", "text", "a truth value", "a list", "a duration", "bytes"
_TYPES: Final = {
    "int": _NUMBER,
    "float": _NUMBER,
    "bool": _BOOL,
    "string": _TEXT,
    "enum": _TEXT,
    "duration": _DURATION,
    "bytes": _BYTES,
    "list": _LIST,
}
_COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_ARITHMETIC: Final = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "FloorDiv": "//", "Mod": "%"}
_UNITS: Final = {_DURATION: ("duration", DURATIONS, 9), _BYTES: ("bytes", AMOUNTS, 15)}


class RuleFault(Exception):
    """A rule that can't be: what was found and expected, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    """A part of a rule, and what it gives. ``allowed`` are an enum's values, ``items`` those of a list in the text."""

    tree: Tree
    type: str
    constant: object = None
    allowed: tuple[str, ...] = ()
    items: tuple[_Typed, ...] | None = None


def compile_rule(text: str, knobs: Mapping[str, tuple[str, tuple[str, ...]]]) -> Tree:
    """The tree of a rule. ``knobs`` are the type and the allowed values of each knob, by name. Raises RuleFault."""
    from jinja2 import Environment
    from jinja2.exceptions import TemplateSyntaxError
    from jinja2.parser import Parser

    try:
        parser = Parser(Environment(autoescape=False), text, state="variable")  # noqa: S701  nothing is rendered
        expression = parser.parse_expression()
        if not parser.stream.eos:
            raise RuleFault(
                f"got {parser.stream.current.value!r} behind the end of the rule", "write one condition, such as a <= b"
            )
    except TemplateSyntaxError as error:
        raise RuleFault(
            f"the rule can't be read: {error.message}", "write a condition between knobs, such as a <= b"
        ) from None
    except RecursionError:
        raise RuleFault("the rule is nested too deeply", "split it into several rules") from None
    result = _Compiler(knobs).typed(expression)
    if result.type != _BOOL:
        raise RuleFault(f"the rule gives {result.type}, expected a truth value", "compare it with something")
    return result.tree


class _Compiler:
    def __init__(self, knobs: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
        self._knobs = knobs
        self._count = 0

    def typed(self, node: nodes.Node) -> _Typed:
        """A part of a rule. Raises RuleFault for whatever is not of the language, or does not fit."""
        self._count += 1
        if self._count > _MOST_NODES:
            raise RuleFault(f"the rule has more than {_MOST_NODES} parts", "split it into several rules")
        kind = type(node).__name__
        compile_it = getattr(self, f"_{kind.lower()}", None)
        if kind in _ARITHMETIC:
            return self._arithmetic(_ARITHMETIC[kind], node)
        if compile_it is None:
            raise RuleFault(
                f"{_CALLED.get(kind, kind.lower())} is no part of a rule",
                (self._unspeakable() if kind == "Getattr" else "")
                or "use knobs, constants, comparisons, arithmetic, `and`, `or`, `not`, `in`, min, max, abs and length",
            )
        found: _Typed = compile_it(node)
        return found

    def _name(self, node: nodes.Name) -> _Typed:
        if node.name not in self._knobs:
            import difflib

            near = difflib.get_close_matches(node.name, self._knobs, n=1)
            known = ", ".join(list(self._knobs)[:12]) or "none"
            hint = f"did you mean {near[0]!r}?" if near else f"name one of the knobs: {known}"
            hint = self._unspeakable() or hint
            raise RuleFault(f"there is no knob {node.name[:80]!r}", hint)
        kind, allowed = self._knobs[node.name]
        return _Typed(tree=("knob", node.name), type=_TYPES[kind], allowed=allowed if kind == "enum" else ())

    def _unspeakable(self) -> str:
        """What to do about knobs that a rule can't name: in one, ``a-b`` is a difference and ``a.b`` an attribute."""
        odd = next((name for name in self._knobs if not name.isidentifier()), "")
        return f"name knobs of rules with letters, digits and '_' alone, which {odd!r} is not" if odd else ""

    def _const(self, node: nodes.Const) -> _Typed:
        value = node.value
        if isinstance(value, bool):
            return _Typed(tree=("value", value), type=_BOOL)
        if isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value):
            return _Typed(tree=("value", value), type=_TEXT, constant=value)
        if isinstance(value, (int, float)) and abs(value) <= LARGEST:
            value = int(value) if value == int(value) else value  # as the image reads 2.0 of its document: exact, too
            return _Typed(tree=("value", value), type=_NUMBER, constant=value)
        if isinstance(value, float) and SHORTENED <= abs(value) < float("inf"):
            return _Typed(tree=("value", value), type=_NUMBER, constant=value)
        raise RuleFault(f"{ascii(value)[:40]} is no constant of a rule", "write a number, a text, true or false")

    def _list(self, node: nodes.List) -> _Typed:
        parts = [self.typed(item) for item in node.items]
        if len({part.type for part in parts}) > 1:
            raise RuleFault("a list has items of several types", "give it items of one type")
        return _Typed(tree=("items", *(part.tree for part in parts)), type=_LIST, items=tuple(parts))

    _tuple = _list

    def _and(self, node: nodes.And) -> _Typed:
        return self._logical("and", node.left, node.right)

    def _or(self, node: nodes.Or) -> _Typed:
        return self._logical("or", node.left, node.right)

    def _logical(self, operator: str, *parts: nodes.Node) -> _Typed:
        found = [self._condition(part, operator) for part in parts]
        return _Typed(tree=(operator, *(part.tree for part in found)), type=_BOOL)

    def _not(self, node: nodes.Not) -> _Typed:
        return _Typed(tree=("not", self._condition(node.node, "not").tree), type=_BOOL)

    def _condition(self, node: nodes.Node, operator: str) -> _Typed:
        found = self.typed(node)
        if found.type != _BOOL:
            raise RuleFault(f"`{operator}` got {found.type}, expected a truth value", "compare it with something")
        return found

    def _condexpr(self, node: nodes.CondExpr) -> _Typed:
        if node.expr2 is None:
            raise RuleFault("`if` has no `else`", "write `X if C else Y`")
        condition = self._condition(node.test, "if")
        one, other = self._alike(self.typed(node.expr1), self.typed(node.expr2), "if")
        return _Typed(tree=("if", condition.tree, one.tree, other.tree), type=one.type)

    def _compare(self, node: nodes.Compare) -> _Typed:
        parts: list[Tree] = []
        left = self.typed(node.expr)
        for operand in node.ops:
            right = self.typed(operand.expr)
            parts.append(self._comparison(operand.op, left, right))
            left = right
        return _Typed(tree=parts[0] if len(parts) == 1 else ("and", *parts), type=_BOOL)

    def _comparison(self, operator: str, left: _Typed, right: _Typed) -> Tree:
        if operator in ("in", "notin"):
            if right.type != _LIST:
                raise RuleFault(f"`in` got {right.type} on its right, expected a list", "write a list, such as [1, 2]")
            tree = right.tree
            if right.items is not None:
                tree = ("items", *(self._alike(left, item, "in")[1].tree for item in right.items))
            elif left.type not in (_NUMBER, _TEXT, _BOOL):
                raise RuleFault(f"`in` got {left.type} and the list of a knob", "write the list, such as ['1s', '2s']")
            return ("in", left.tree, tree) if operator == "in" else ("not", ("in", left.tree, tree))
        left, right = self._alike(left, right, _COMPARISONS[operator])
        if left.type in (_BOOL, _LIST, _TEXT) and operator not in ("eq", "ne"):
            raise RuleFault(f"`{_COMPARISONS[operator]}` got {left.type}, which has no order", "use == or !=")
        return (_COMPARISONS[operator], left.tree, right.tree)

    def _alike(self, one: _Typed, other: _Typed, operator: str) -> tuple[_Typed, _Typed]:
        """Both of one type; a text beside a duration or bytes is one, too."""
        if one.type in _UNITS and other.type == _TEXT and isinstance(other.constant, str):
            other = _Typed(tree=_with_unit(one.type, other.constant), type=one.type)
        elif other.type in _UNITS and one.type == _TEXT and isinstance(one.constant, str):
            one = _Typed(tree=_with_unit(other.type, one.constant), type=other.type)
        if one.type != other.type:
            hint = "compare like with like"
            if {one.type, other.type} & _UNITS.keys() and _NUMBER in (one.type, other.type):
                hint = "write the unit, in quotes: '30s', '512Mi'"
            raise RuleFault(f"`{operator}` got {one.type} and {other.type}", hint)
        _check_allowed(one, other)
        _check_allowed(other, one)
        return one, other

    def _arithmetic(self, operator: str, node: nodes.Node) -> _Typed:
        assert hasattr(node, "left")
        assert hasattr(node, "right")
        name = f"{getattr(node.left, 'name', '')}{operator}{getattr(node.right, 'name', '')}"
        if name in self._knobs:
            raise RuleFault(f"{name!r} is a knob, and in a rule it would be arithmetic", self._unspeakable())
        left, right = self.typed(node.left), self.typed(node.right)
        if operator in ("+", "-"):
            left, right = self._alike(left, right, operator)
            result = left.type if left.type in (_NUMBER, _DURATION, _BYTES) else ""
        elif operator == "*":
            types = {left.type, right.type}
            result = _NUMBER if types == {_NUMBER} else ""
            if _NUMBER in types and len(types) == 2 and types & _UNITS.keys():
                (result,) = types - {_NUMBER}
        elif operator == "/" and left.type in _UNITS:
            result = _NUMBER if right.type == left.type else left.type if right.type == _NUMBER else ""
        else:
            result = _NUMBER if left.type == right.type == _NUMBER else ""
        if not result:
            raise RuleFault(f"`{operator}` got {left.type} and {right.type}", "calculate with numbers")
        return _Typed(tree=(operator, left.tree, right.tree), type=result)

    def _neg(self, node: nodes.Neg) -> _Typed:
        found = self.typed(node.node)
        if found.type not in (_NUMBER, _DURATION, _BYTES):
            raise RuleFault(f"`-` got {found.type}", "calculate with numbers")
        return _Typed(tree=("negative", found.tree), type=found.type)

    def _filter(self, node: nodes.Filter) -> _Typed:
        return self._function(node.name, [] if node.node is None else [node.node], node)

    def _call(self, node: nodes.Call) -> _Typed:
        name = getattr(node.node, "name", type(node.node).__name__.lower())
        return self._function(str(name), list(node.args), node)

    def _function(self, name: str, arguments: list[nodes.Expr], node: nodes.Call | nodes.Filter) -> _Typed:
        extra = bool(node.kwargs) or node.dyn_args is not None or node.dyn_kwargs is not None
        if isinstance(node, _filter_class()):
            extra = extra or bool(node.args)
        most = {"abs": 1, "length": 1, "min": 20, "max": 20}.get(name, 0)
        if extra or not most:
            known = "min(a, b), max(a, b), abs(a), length(a)"
            raise RuleFault(f"there is no function {name[:40]!r} of such arguments", f"use one of {known}")
        parts = [self.typed(argument) for argument in arguments]
        if not parts or len(parts) > most:
            raise RuleFault(f"`{name}` got {len(parts)} arguments, expected 1 to {most}", "give it what it takes")
        if name == "length":
            if parts[0].type not in (_LIST, _TEXT):
                raise RuleFault(f"`length` got {parts[0].type}, expected a list or text", "leave it out")
            return _Typed(tree=("length", parts[0].tree), type=_NUMBER)
        for index in range(1, len(parts)):
            parts[0], parts[index] = self._alike(parts[0], parts[index], name)
        if parts[0].type not in (_NUMBER, _DURATION, _BYTES):
            raise RuleFault(f"`{name}` got {parts[0].type}", "calculate with numbers")
        tree = parts[0].tree if len(parts) == 1 and name != "abs" else (name, *(part.tree for part in parts))
        return _Typed(tree=tree, type=parts[0].type)


def _filter_class() -> type[nodes.Filter]:
    from jinja2 import nodes

    return nodes.Filter


def _with_unit(type_: str, text: str) -> Tree:
    kind, units, digits = _UNITS[type_]
    try:
        millionths(text, units, digits)
    except Wrong:
        example = "'30s'" if kind == "duration" else "'512Mi'"
        raise RuleFault(f"{text[:40]!r} is no {type_.removeprefix('a ')}", f"write one such as {example}") from None
    return (kind, text)


def _check_allowed(enum: _Typed, other: _Typed) -> None:
    if enum.allowed and isinstance(other.constant, str) and other.constant not in enum.allowed:
        known = ", ".join(enum.allowed)
        raise RuleFault(f"{other.constant[:40]!r} is no value of {enum.tree[-1]}", f"write one of {known}")


_CALLED: Final = {
    "Getattr": "an attribute",
    "Getitem": "an item in brackets",
    "Test": "a test",
    "Pow": "a power",
    "Concat": "joining texts",
    "Dict": "a mapping",
    "Pos": "a plus sign",
    "TemplateData": "text outside of a condition",
}
