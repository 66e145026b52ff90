"""Expressions of one stage; ``oracle/test_promtool.py`` runs what is made of them."""

from __future__ import annotations

import promql_parser as ql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.deploy.test_configuration import TEXT, spec_of

from twinbuild.deploy.observability.onestage import of_one_stage

ONE = 'dev_twinbuild_stage=~"prod|"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up == 0", f"up{{{ONE}}} == 0"),
        ("absent( up )", f"absent( up{{{ONE}}} )"),
        ('up  {job="up{",} == 0', f'up  {{job="up{{",{ONE}}} == 0'),
        ("up{} offset -5m", f"up{{{ONE}}} offset -5m"),
        ("up{job=~`a|}`}", f"up{{job=~`a|}}`,{ONE}}}"),
        (
            r'sum by (decision) (rate(fraud_predictions_total{decision!="a\"b\\c  d"}[5m:1m] @ end())) > 1e-9',
            rf'sum by (decision) (rate(fraud_predictions_total{{decision!="a\"b\\c  d",{ONE}}}[5m:1m] @ end())) > 1e-9',
        ),
        (
            "fraud_request_errors_total / on () group_left fraud_request_seconds_count unless up",
            (
                f"fraud_request_errors_total{{{ONE}}} / on () group_left fraud_request_seconds_count{{{ONE}}} "
                f"unless up{{{ONE}}}"
            ),
        ),
    ],
)
def test_each_selector(text: str, expected: str) -> None:
    """All else stays letter by letter; without a stage so does everything."""
    assert of_one_stage(spec_of(), text, "prod") == expected
    ql.parse(expected)
    assert of_one_stage(spec_of(), text, "") == text


@pytest.mark.parametrize(
    "text",
    [
        'up{dev_twinbuild_stage="dev"} == 0',  # its own choice
        "sum by (up) (up) > 1",  # a label with the name of a metric
        "up[5m",
        "elsewhere > 1",
        'label_replace(vector(1), "up", "up", "up", "up")',
    ],
)
def test_what_stays(text: str) -> None:
    """What chooses the stage itself, is no PromQL, or whose names mean something else."""
    assert of_one_stage(spec_of(), text, "prod") == text


def test_metrics_of_the_mesh() -> None:
    """They have no label of our pods."""
    spec = spec_of(TEXT.replace("Requests answered with a status of 400 or more.", "x, source: mesh", 1))
    both = "rate(fraud_request_errors_total[5m]) / rate(fraud_request_seconds_count[5m])"
    assert of_one_stage(spec, both, "prod") == both.replace("seconds_count", f"seconds_count{{{ONE}}}")


@given(st.text(alphabet="up{}[]()\"'`\\=,~| 15m/", max_size=30))
def test_any_text(text: str) -> None:
    """PromQL stays PromQL with the same selectors, anything else stays what it is."""
    found = of_one_stage(spec_of(), text, "prod")
    try:
        tree = ql.parse(text)
    except ValueError:
        assert found == text
    else:
        assert str(ql.parse(found)).replace(f",{ONE}", "").replace(f"{{{ONE}}}", "{}") == str(tree)
