"""Unit tests of gates as plain trees."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.test_configuration import spec_of

from twinbuild.deploy.observability.gates import gates_of
from twinbuild.deploy.observability.gatetests import gate_tests


def test_four_cases_for_each_and_for_the_decision() -> None:
    """Good, bad, empty and NaN."""
    spec = spec_of()
    document: Any = gate_tests(spec, "x.rules.yaml")
    cases = ("good", "bad", "empty", "nan")
    names = [f"{gate.name} with {case} series" for gate in gates_of(spec).gates for case in cases]
    assert [test["name"] for test in document["tests"]] == [
        *names,
        *(f"the decision with {case} series" for case in cases),
    ]
    values = [
        [sample["value"] for sample in test["promql_expr_test"][0]["exp_samples"]] for test in document["tests"][-4:]
    ]
    assert values == [[1], [-1], [], []]
    assert all(series["values"].startswith("NaN") for series in document["tests"][7]["input_series"])
    assert document["tests"][2]["input_series"] == []
