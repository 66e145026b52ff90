"""Unit tests of the gates for ``promtool test rules``: good, bad, empty and NaN series, and what is decided."""

from __future__ import annotations

import math
from dataclasses import replace

from pydantic_core import PydanticCustomError

from twinbuild.codec.canonical import Json
from twinbuild.deploy.observability.gates import DECISION, MET, VALUE, Gate, Gates, gates_of, labels_of, matchers
from twinbuild.deploy.observability.simulation import CASES, case_value
from twinbuild.model.promql.derive import Underivable, derive_false, derive_true
from twinbuild.model.promql.expression import parse
from twinbuild.model.promql.series import Line, Series, duration, number, quoted
from twinbuild.model.promql.timing import Timing, timing_of
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.watching import schema_of

__all__ = ["gate_tests"]


def gate_tests(spec: ReleaseSpec, rules: str, stage: str = "") -> Json:
    """The file of tests; ``rules`` is the name of the file of rules beside it."""
    gates = gates_of(spec, stage)
    tests: list[Json] = [each for gate in gates.gates for each in _measured(spec, gates, gate)]
    tests += [_decided(spec, gates, case) for case in CASES]
    return {"rule_files": [rules], "evaluation_interval": duration(gates.interval * 1000), "tests": tests}


def _measured(spec: ReleaseSpec, gates: Gates, gate: Gate) -> list[Json]:
    """From series of the service's own metrics to one gate, where they can be derived from its expression."""
    operator, bound = gate.condition.operator, number(gate.condition.threshold)
    try:
        tree = parse(f"({gate.expression}) {operator} {bound}")
        schema = schema_of(spec.observability, tree, spec.metadata.name)
        timing = timing_of(tree, gate.count * gates.interval * 1000)
        holds, fails = derive_true(tree, schema)[0], derive_false(tree, schema)[0]
    except (
        Underivable,
        PydanticCustomError,
    ):  # an expression of one's own: what is decided from its value is tested all the same
        return []
    # The quantile of no observation is NaN; of buckets that are NaN, Prometheus makes a number.
    still = Line(first=1.0) if "histogram_quantile" in gate.expression else Line(first=math.nan)
    nothing = tuple(replace(each, line=still) for each in holds)
    good, bad = (holds, fails) if gate.kind == "promote" else (fails, holds)
    expected = {"promote": (1, 0), "rollback": (0, 1)}[gate.kind]
    cases: list[tuple[str, tuple[Series, ...], int | None]] = [
        ("good", good, expected[0]),
        ("bad", bad, expected[1]),
        ("empty", (), None),
        ("nan", nothing, None),
    ]
    met, labels = f"{MET}{{{matchers(spec, gates.stage, gate)}}}", f"{MET}{{{_sorted(spec, gates.stage, gate)}}}"
    return [
        _test(f"{gate.name} with {case} series", (met, labels), timing, series=series, value=value)
        for case, series, value in cases
    ]


def _test(name: str, met: tuple[str, str], timing: Timing, *, series: tuple[Series, ...], value: int | None) -> Json:
    """``met``: what is asked, and the labels of the answer."""
    sample: Json = {"labels": met[1], "value": value}
    return {
        "name": name,
        "interval": duration(timing.interval),
        "input_series": [
            {"series": each.selector, "values": each.line.notation(timing.interval, timing.count)} for each in series
        ],
        "promql_expr_test": [
            {"expr": met[0], "eval_time": duration(timing.at), "exp_samples": [] if value is None else [sample]}
        ],
    }


def _sorted(spec: ReleaseSpec, stage: str, gate: Gate | None = None) -> str:
    return ",".join(f"{name}={quoted(value)}" for name, value in sorted(labels_of(spec, stage, gate).items()))


def _decided(spec: ReleaseSpec, gates: Gates, case: str) -> Json:
    """From the value of every gate to the decision."""
    moments = max(gate.count for gate in gates.gates) + 1
    series: list[Json] = []
    for gate in gates.gates:
        value = case_value(gate, case)
        if value is not None:
            line = Line(first=value).notation(gates.interval * 1000, moments)
            series.append({"series": f"{VALUE}{{{_sorted(spec, gates.stage, gate)}}}", "values": line})
    labels = f"{DECISION}{{{_sorted(spec, gates.stage)}}}"
    decision: dict[str, Json] = {"good": 1, "bad": -1 if gates.of("rollback") else 0}
    sample: Json = {"labels": labels, "value": decision.get(case)}
    return {
        "name": f"the decision with {case} series",
        "interval": duration(gates.interval * 1000),
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": labels,
                "eval_time": duration(moments * gates.interval * 1000),
                "exp_samples": [sample] if case in decision else [],
            }
        ],
    }
