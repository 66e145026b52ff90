"""A PromQL expression: parsed, its type, and the series and labels that it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from twinbuild.model.spec.values import objection

if TYPE_CHECKING:
    import promql_parser as ql

__all__ = ["TARGET_LABELS", "Use", "kind_of", "measured", "parse", "uses", "windows"]

Kind = Literal["scalar", "vector", "matrix", "string"]

TARGET_LABELS: Final = frozenset(
    {"job", "instance", "namespace", "pod", "container", "service", "endpoint", "node", "cluster"}
    | {"app_kubernetes_io_name", "app_kubernetes_io_version", "dev_twinbuild_stage", "rollouts_pod_template_hash"}
)
"""Labels that a scrape by the Prometheus operator puts on every series, whatever the service publishes.

The second half are labels of the pods, by the rendered ServiceMonitor.
"""

_HINT: Final = "see https://prometheus.io/docs/prometheus/latest/querying/basics/; `promtool check rules` knows it, too"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A metric that an expression reads, with the labels that it asks of it by matchers and by grouping."""

    metric: str
    labels: tuple[str, ...]


def parse(text: str) -> ql.Expr:
    """The expression's tree. Raises PydanticCustomError TB1170 where it is none, or yields no instant vector."""
    import promql_parser as ql

    try:
        tree = ql.parse(text)
    except ValueError as error:
        raise objection("TB1170", f"{text[:120]!r} is not PromQL: {error}", _HINT) from None
    for node in walk(tree):
        if isinstance(node, ql.Call) and node.func.experimental:
            raise objection(
                "TB1170", f"the function {node.func.name}() is experimental", "use functions that every Prometheus has"
            )
        if isinstance(node, ql.VectorSelector) and metric_of(node) is None:
            raise objection("TB1170", "a selector names no metric", "write NAME{...}, not {...} alone")
    kind = kind_of(tree)
    if kind != "vector":
        raise objection(
            "TB1170", f"{text[:120]!r} is a {kind}, expected an instant vector", "make it read a metric: NAME > 1"
        )
    return tree


def walk(tree: ql.Expr) -> Iterator[ql.Expr]:
    """Every node, parents first."""
    yield tree
    for below in children(tree):
        yield from walk(below)


def children(node: ql.Expr) -> tuple[ql.Expr, ...]:
    """The nodes right below a node, from left to right."""
    import promql_parser as ql

    match node:
        case ql.BinaryExpr():
            return node.lhs, node.rhs
        case ql.AggregateExpr():
            return (node.expr,) if node.param is None else (node.param, node.expr)
        case ql.UnaryExpr() | ql.ParenExpr() | ql.SubqueryExpr():
            return (node.expr,)
        case ql.MatrixSelector():
            return (node.vector_selector,)
        case ql.Call():
            return tuple(node.args)
        case _:
            return ()


def kind_of(node: ql.Expr) -> Kind:
    """The type of an expression's value."""
    import promql_parser as ql

    match node:
        case ql.NumberLiteral():
            return "scalar"
        case ql.StringLiteral():
            return "string"
        case ql.MatrixSelector() | ql.SubqueryExpr():
            return "matrix"
        case ql.UnaryExpr() | ql.ParenExpr():
            return kind_of(node.expr)
        case ql.Call():
            name = str(node.func.return_type).rpartition(".")[2]
            return {"Scalar": "scalar", "Matrix": "matrix", "String": "string"}.get(name, "vector")  # type: ignore[return-value]
        case ql.BinaryExpr():
            return "vector" if "vector" in (kind_of(node.lhs), kind_of(node.rhs)) else "scalar"
        case _:
            return "vector"


def metric_of(node: ql.VectorSelector) -> str | None:
    """The name of the metric that a selector is for, where it is one and fixed."""
    import promql_parser as ql

    if node.name is not None:
        return node.name
    named = [each for each in node.matchers.matchers if each.name == "__name__" and each.op == ql.MatchOp.Equal]
    return named[0].value if len(named) == 1 else None


def uses(tree: ql.Expr) -> tuple[Use, ...]:
    """What an expression reads, each metric with the labels that matchers and groupings around it ask for, sorted."""
    found: dict[str, set[str]] = {}
    for metric, labels in _uses(tree, frozenset()):
        found.setdefault(metric, set()).update(labels)
    return tuple(Use(metric=metric, labels=tuple(sorted(labels))) for metric, labels in sorted(found.items()))


def _uses(node: ql.Expr, asked: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    import promql_parser as ql

    match node:
        case ql.VectorSelector():
            matched = frozenset(each.name for each in node.matchers.matchers) - {"__name__"}
            yield metric_of(node) or "", matched | asked
            return
        case ql.AggregateExpr() if node.modifier is not None and node.modifier.type == ql.AggModifierType.By:
            # What an inner grouping makes is all that an outer one can see: it alone is asked of the metric.
            asked = frozenset(node.modifier.labels)
        case ql.AggregateExpr():
            asked = frozenset()
        case ql.Call() if node.func.name in ("label_replace", "label_join"):
            target = node.args[1]
            asked -= {target.val} if isinstance(target, ql.StringLiteral) else set()
        case ql.BinaryExpr() if node.modifier is not None and node.modifier.matching is not None:
            if node.modifier.matching.type == ql.LabelModifierType.Include:
                asked |= frozenset(node.modifier.matching.labels)
        case _:
            pass
    for below in children(node):
        yield from _uses(below, asked)


def measured(tree: ql.Expr) -> Iterator[ql.VectorSelector]:
    """The selectors without whose series an expression yields nothing: none whose absence it asks for or replaces."""
    import promql_parser as ql

    match tree:
        case ql.VectorSelector():
            yield tree
        case ql.Call() if tree.func.name in ("absent", "absent_over_time"):
            return
        case ql.BinaryExpr() if str(tree.op) == "or":
            return
        case ql.BinaryExpr() if str(tree.op) == "unless":
            yield from measured(tree.lhs)
        case _:
            for below in children(tree):
                yield from measured(below)


def windows(tree: ql.Expr) -> tuple[int, ...]:
    """Lengths of the ranges that an expression looks back over, offsets included, in milliseconds."""
    import promql_parser as ql

    found: list[int] = []
    for node in walk(tree):
        if isinstance(node, ql.MatrixSelector | ql.SubqueryExpr) and node.range is not None:
            found.append(milliseconds(node.range))
        if isinstance(node, ql.VectorSelector | ql.SubqueryExpr) and node.offset is not None:
            found.append(abs(milliseconds(node.offset)))
    return tuple(found)


def milliseconds(length: timedelta) -> int:
    """A length of time, exactly."""
    return length // timedelta(milliseconds=1)
