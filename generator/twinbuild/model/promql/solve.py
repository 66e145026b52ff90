"""One step back: which values of the nodes below give a node the value that is wished for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from twinbuild.model.promql.candidates import candidates, holds
from twinbuild.model.promql.expression import milliseconds
from twinbuild.model.promql.series import Line
from twinbuild.model.promql.state import Atom, Output, State, matching_of

if TYPE_CHECKING:
    import promql_parser as ql

__all__ = ["Ways", "constant", "leaf_of", "peel", "solve"]

Ways = Iterator[tuple[State, Output]]

_STEADY: Final = frozenset({"avg_over_time", "min_over_time", "max_over_time", "last_over_time", "quantile_over_time"})
_SLOPES: Final = frozenset({"rate", "irate", "increase", "delta", "idelta", "deriv"})
_SAME: Final = frozenset({"sort", "sort_desc", "scalar"})
_WHOLE: Final = frozenset({"ceil", "floor", "round"})
_ONE: Final = frozenset({"sum", "avg", "min", "max", "topk", "bottomk", "quantile", "group"})
_MOST: Final = 50  # series that count() may ask for


def peel(node: ql.Expr) -> ql.Expr:
    """Without the parentheses around it."""
    import promql_parser as ql

    while isinstance(node, ql.ParenExpr):
        node = node.expr
    return node


def constant(node: ql.Expr) -> float | None:
    """The value of an expression that reads nothing; None if it does, or is no plain arithmetic."""
    import promql_parser as ql

    node = peel(node)
    if isinstance(node, ql.NumberLiteral):
        return node.val
    if isinstance(node, ql.UnaryExpr):
        inner = constant(node.expr)
        return None if inner is None else -inner
    if isinstance(node, ql.BinaryExpr):
        left, right = constant(node.lhs), constant(node.rhs)
        if left is None or right is None:
            return None
        return _arithmetic(str(node.op), left, right)
    return None


def _arithmetic(operator: str, left: float, right: float) -> float | None:
    if operator == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}.get(operator)


def solve(node: ql.Expr, want: float, state: State) -> Ways:
    """Ways to make an expression yield one element of this value."""
    import promql_parser as ql

    state.step()
    node = peel(node)
    match node:
        case ql.VectorSelector() if node.at is None:
            yield from _leaf(node, want, state)
        case ql.UnaryExpr():
            yield from solve(node.expr, -want, state)
        case ql.Call():
            yield from _call(node, want, state)
        case ql.AggregateExpr():
            yield from _aggregate(node, want, state)
        case ql.BinaryExpr():
            yield from _binary(node, want, state)
        case _:
            state.refuse(f"{node.prettify()[:80]!r} reads no series whose values could be chosen")


def leaf_of(node: ql.Expr, want: float) -> tuple[ql.VectorSelector, Line, float] | None:
    """The selector of a node whose value its series alone decide, their line, and what a slope of 1 comes to (or 0)."""
    import promql_parser as ql

    node = peel(node)
    if isinstance(node, ql.VectorSelector) and node.at is None:
        return node, Line(first=want), 0.0
    if not isinstance(node, ql.Call):
        return None
    ranges = [each for each in map(peel, node.args) if isinstance(each, ql.MatrixSelector)]
    if len(ranges) != 1 or ranges[0].vector_selector.at is not None:
        return None
    selector, name = ranges[0].vector_selector, node.func.name
    if name in _SLOPES:
        factor = milliseconds(ranges[0].range) / 1000 if name in ("increase", "delta") else 1.0
        return None if name == "idelta" else (selector, Line(step=want / factor), factor)
    if name in _STEADY or (name == "changes" and want == 0):
        return selector, Line(first=want if name in _STEADY else 1.0), 0.0
    return None


def _leaf(node: ql.Expr, want: float, state: State, *, summing: bool = False, copies: int = 1) -> Ways:
    """Series for a selector, or for a function of one; those that are there count where they are summed up."""
    found = leaf_of(node, want)
    if found is None:
        state.refuse(f"what makes {node.prettify()[:80]!r} a given value is not known")
        return
    selector, line, factor = found
    atom = Atom.of(selector)
    counted = atom.metric in state.schema.counters
    if counted and (line.step < 0 or line.first < 0):
        state.refuse(f"the counter {atom.metric} never goes below 0")
        return
    there = state.taken(atom)
    if there:
        values = [each.line.step * factor if factor else each.line.first for each in there]
        rest = want - sum(values)
        moving = not factor and any(each.line.step for each in there)
        if abs(rest) <= 1e-12 * max(1.0, abs(want)) and (summing or len(there) == 1) and not moving:
            yield state, Output(labels=there[0].labels)
            return
        if not summing or rest < 0 or moving or atom in state.atoms:
            state.refuse(f"{atom.metric} would need two values at once")
            return
        line = replace(line, first=0.0 if factor else rest, step=rest / factor if factor else 0.0)
    added = state.add(atom, line, copies=copies)
    if added is not None:
        yield added, Output(labels=added.series[-1].labels)


def _call(node: ql.Call, want: float, state: State) -> Ways:
    import promql_parser as ql

    name = node.func.name
    inner = peel(node.args[-1]) if node.args else node
    if name == "histogram_quantile":
        yield from _quantile(node, want, state)
    elif name in ("absent", "absent_over_time") and want == 1.0:
        selector = inner.vector_selector if isinstance(inner, ql.MatrixSelector) else inner
        matchers = Atom.of(selector).matchers if isinstance(selector, ql.VectorSelector) else ()
        yield (
            state,
            Output(labels=tuple(sorted((name, value) for operator, name, value in matchers if operator == "="))),
        )
    elif _passes(name, node, want):
        yield from solve(node.args[0], want, state)
    elif name in _STEADY and isinstance(inner, ql.SubqueryExpr) and inner.at is None:
        yield from solve(inner.expr, want, state)
    else:
        yield from _leaf(node, want, state)


def _passes(name: str, node: ql.Call, want: float) -> bool:
    """Whether a function leaves this value as it is."""
    if name in ("clamp_min", "clamp_max"):
        return holds(want, ">" if name == "clamp_min" else "<", constant(node.args[1]))
    return name in _SAME or (name in _WHOLE and want == int(want)) or (name == "abs" and want >= 0)


def _quantile(node: ql.Call, want: float, state: State) -> Ways:
    """All observations lie in one bucket, whose bounds are chosen so that the quantile is the value."""
    import promql_parser as ql

    share, inner = constant(node.args[0]), peel(node.args[1])
    modifier = inner.modifier if isinstance(inner, ql.AggregateExpr) else None
    if isinstance(inner, ql.AggregateExpr) and str(inner.op) == "sum":
        found = leaf_of(inner.expr, 1.0)
    else:
        found = leaf_of(inner, 1.0)
    if found is None or share is None or not 0 < share < 1 or want <= 0:
        state.refuse(f"which buckets make {node.prettify()[:80]!r} a given value is not known")
        return
    atom, line = Atom.of(found[0]), found[1]
    if state.taken(atom):
        state.refuse(f"{atom.metric} would need two values at once")
        return
    lower = want / 2
    bounds = ((lower, 0.0), (lower + lower / share, 1.0), (None, 1.0))
    current: State | None = state
    for bound, filled in bounds:
        edge = "+Inf" if bound is None else repr(bound)
        fitted = Line(first=line.first * filled, step=line.step * filled)
        current = current.add(atom, fitted, fixed=(("le", edge),)) if current is not None else None
    if current is not None:
        output = Output(labels=current.series[-1].labels)
        yield (
            current,
            _grouped(output, modifier if isinstance(inner, ql.AggregateExpr) else None, inner).keep(
                ("le",), wanted=False
            ),
        )


def _grouped(output: Output, modifier: ql.AggModifier | None, node: ql.Expr) -> Output:
    import promql_parser as ql

    if not isinstance(node, ql.AggregateExpr) or str(node.op) in ("topk", "bottomk"):
        return output
    if modifier is None:
        return Output()
    return output.keep(tuple(modifier.labels), wanted=modifier.type == ql.AggModifierType.By)


def _aggregate(node: ql.AggregateExpr, want: float, state: State) -> Ways:
    operator, inner = str(node.op), peel(node.expr)
    if operator == "count":
        yield from _count(node, want, state)
        return
    if operator not in _ONE or (operator == "group" and want != 1):
        state.refuse(f"what makes {operator}() a given value is not known")
        return
    summed = operator == "sum" and leaf_of(inner, want) is not None
    ways = _leaf(inner, want, state, summing=True) if summed else solve(inner, want, state)
    for found, output in ways:
        yield found, _grouped(output, node.modifier, node)


def _count(node: ql.AggregateExpr, want: float, state: State) -> Ways:
    """As many series as are to be counted; where a filter is counted, each passes it."""
    import promql_parser as ql

    inner, value = peel(node.expr), 1.0
    if isinstance(inner, ql.BinaryExpr):
        bound = constant(inner.rhs)
        wanted = list(candidates(str(inner.op), bound, exact=True)) if bound is not None else []
        if not wanted or (inner.modifier is not None and inner.modifier.return_bool):
            state.refuse("what is counted is no plain comparison with a number")
            return
        inner, value = peel(inner.lhs), wanted[0]
    if not 1 <= want <= _MOST or want != int(want):
        state.refuse(f"count() would have to be {want:g}, expected a whole number from 1 to {_MOST}")
        return
    for found, output in _leaf(inner, value, state, copies=int(want)):
        yield found, _grouped(output, node.modifier, node)


def _binary(node: ql.BinaryExpr, want: float, state: State) -> Ways:
    operator = str(node.op)
    left, right = constant(node.lhs), constant(node.rhs)
    if right is not None and operator in ("==", "!=", ">", "<", ">=", "<="):
        if holds(want, operator, right) and not (node.modifier is not None and node.modifier.return_bool):
            yield from solve(node.lhs, want, state)
        else:
            state.refuse(f"{want:g} {operator} {right:g} does not hold")
    elif right is not None:
        wanted = _undone(operator, want, right)
        yield from solve(node.lhs, wanted, state) if wanted is not None else iter(())
    elif left is not None:
        wanted = {"+": want - left, "-": left - want}.get(operator)
        if wanted is None and want and left:
            wanted = {"*": want / left, "/": left / want}.get(operator)
        yield from solve(node.rhs, wanted, state) if wanted is not None else iter(())
    else:
        yield from _both(node, operator, want, state)
    state.refuse(f"what makes {node.prettify()[:80]!r} a given value is not known")


def _undone(operator: str, want: float, right: float) -> float | None:
    """x, where ``x operator right`` is ``want``."""
    if operator in ("+", "-"):
        return want - right if operator == "+" else want + right
    if operator == "/":
        return want * right if right else None
    return want / right if operator == "*" and right else None


def _both(node: ql.BinaryExpr, operator: str, want: float, state: State) -> Ways:
    """Two sides that read series: pairs of values, tried with each side first."""
    pairs = {
        "/": [(want * 100.0, 100.0), (want, 1.0)],
        "*": [(want, 1.0), (1.0, want)],
        "+": [(want / 2, want / 2), (want, 0.0)],
        "-": [(100.0, 100.0 - want), (want + 1.0, 1.0), (want * 2, want)],
    }.get(operator, [])
    matching = matching_of(node.modifier)
    for left, right in pairs:
        for one, output in solve(node.rhs, right, state):
            for both, mine in solve(node.lhs, left, one):
                if mine.matches(output, matching):
                    yield both, mine.joined(output, matching)
                else:
                    state.refuse(f"the sides of {operator!r} have different labels")
        for one, mine in solve(node.lhs, left, state):
            for both, output in solve(node.rhs, right, one):
                if mine.matches(output, matching):
                    yield both, mine.joined(output, matching)
