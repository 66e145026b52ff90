"""Series under which an expression is true, and series under which it is not.

An expression is solved backwards: a value is wished for, and each node says which values of the nodes below give it. A
division wishes for a round denominator first; where two selectors share series, the narrower one is solved first and
the wider one gets the rest. What can't be solved like that is refused with the reason: the spec must say the series.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from twinbuild.model.promql.candidates import INVERSE, MIRROR, candidates
from twinbuild.model.promql.expression import kind_of, walk
from twinbuild.model.promql.series import Series
from twinbuild.model.promql.solve import Ways, constant, peel, solve
from twinbuild.model.promql.state import Refusals, Schema, State, Underivable, matching_of

if TYPE_CHECKING:
    import promql_parser as ql

__all__ = ["Derived", "Underivable", "derive_false", "derive_true"]

Derived = tuple[tuple[Series, ...], tuple[tuple[str, str], ...]]
"""The series, and the labels of the element that the expression yields (empty where it yields none)."""

_RIGHT: Final = (100.0, 1.0)  # values of a right side that is no number


def derive_true(tree: ql.Expr, schema: Schema) -> Derived:
    """Series under which the expression yields one element. Raises Underivable."""
    state = State(schema=schema)
    for found, output in _true(tree, state):
        return found.series, output.labels
    raise Underivable(_reason(state.refusals))


def derive_false(tree: ql.Expr, schema: Schema) -> Derived:
    """Series under which the expression yields nothing, although what it reads is there. Raises Underivable."""
    state = State(schema=schema)
    for found in _false(tree, state):
        return found.series, ()
    raise Underivable(_reason(state.refusals))


def _reason(refusals: Refusals) -> str:
    """The first thing that stood in the way."""
    return refusals[0] if refusals else "no value makes it so"


def _true(tree: ql.Expr, state: State) -> Ways:
    """Ways to make it yield one element."""
    import promql_parser as ql

    node = peel(tree)
    operator = str(node.op) if isinstance(node, ql.BinaryExpr) else ""
    if isinstance(node, ql.BinaryExpr) and operator in INVERSE:
        yield from _compared(node, operator, state)
    elif isinstance(node, ql.BinaryExpr) and operator == "and":
        yield from _both(node, state)
    elif isinstance(node, ql.BinaryExpr) and operator == "or":
        yield from _true(node.lhs, state)
        yield from _true(node.rhs, state)
    elif isinstance(node, ql.BinaryExpr) and operator == "unless":
        for one, left in _true(node.lhs, state):
            for both in _false(node.rhs, one):
                yield both, left
    else:
        for want in (1.0, 0.5, 0.0):
            yield from solve(node, want, state)


def _both(node: ql.BinaryExpr, state: State) -> Ways:
    for one, left in _true(node.lhs, state):
        for both, right in _true(node.rhs, one):
            if left.matches(right, matching_of(node.modifier)):
                yield both, left
            else:
                state.refuse("the sides of 'and' have different labels")


def _false(tree: ql.Expr, state: State) -> Iterator[State]:
    """Ways to make it yield nothing."""
    import promql_parser as ql

    node = peel(tree)
    operator = str(node.op) if isinstance(node, ql.BinaryExpr) else ""
    if isinstance(node, ql.BinaryExpr) and operator in INVERSE:
        for found, _ in _compared(node, INVERSE[operator], state):
            yield found
    elif isinstance(node, ql.BinaryExpr) and operator in ("and", "or"):
        for one in _false(node.lhs, state):
            yield from _false(node.rhs, one)
    elif isinstance(node, ql.BinaryExpr) and operator == "unless":
        yield from _false(node.lhs, state)
    elif isinstance(node, ql.Call) and node.func.name in ("absent", "absent_over_time"):
        for found, _ in solve(peel(_inner(node)), 1.0, state):
            yield found
    else:
        state.refuse("it compares nothing, so that any value makes it true")


def _inner(node: ql.Call) -> ql.Expr:
    """The selector of an absent(): what must be there for it to be silent."""
    import promql_parser as ql

    inner = peel(node.args[0])
    return inner.vector_selector if isinstance(inner, ql.MatrixSelector) else inner


def _compared(node: ql.BinaryExpr, operator: str, state: State) -> Ways:
    """Ways to make ``lhs operator rhs`` hold; of a ``bool`` comparison nothing is known, for it yields either way."""
    if node.modifier is not None and node.modifier.return_bool:
        state.refuse("a comparison with 'bool' yields an element whether it holds or not")
        return
    left, right = node.lhs, node.rhs
    if constant(left) is not None:
        left, right, operator = right, left, MIRROR[operator]
    fixed = constant(right)
    if fixed is not None:
        yield from _reaching(left, operator, fixed, state)
        return
    matching = matching_of(node.modifier)
    for value in _RIGHT:
        for one, other in solve(right, value, state):
            for both, output in _reaching(left, operator, value, one):
                if kind_of(right) == "scalar":
                    yield both, output
                elif output.matches(other, matching):
                    yield both, output.joined(other, matching)
                else:
                    state.refuse(f"the sides of {str(node.op)!r} have different labels")


def _reaching(node: ql.Expr, operator: str, bound: float, state: State) -> Ways:
    """Ways to a value for which the comparison with a number holds."""
    for want in candidates(operator, bound, exact=_is_exact(node, bound)):
        yield from solve(node, want, state)


def _is_exact(node: ql.Expr, bound: float) -> bool:
    """Whether a value that is wished for comes out to the bit: all but 0 is computed in floating point."""
    import promql_parser as ql

    nodes = tuple(walk(node))
    if any(isinstance(each, ql.BinaryExpr) or _is_quantile(each) for each in nodes):
        return False
    return bound == 0 or not any(isinstance(each, ql.MatrixSelector) for each in nodes)


def _is_quantile(node: ql.Expr) -> bool:
    import promql_parser as ql

    return isinstance(node, ql.Call) and node.func.name == "histogram_quantile"
