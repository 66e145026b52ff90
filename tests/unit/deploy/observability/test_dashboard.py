"""The dashboard: what it draws can be asked for, and it looks like something."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.deploy.test_configuration import TEXT, deployment_of_text

from twinbuild.deploy.observability.dashboard import dashboard_bytes, panel_queries
from twinbuild.model.promql.expression import parse, uses
from twinbuild.model.spec.observability import MetricDefinition
from twinbuild.model.spec.watching import watched


def _dashboard() -> Any:
    return json.loads(dashboard_bytes(deployment_of_text()))


def test_queries_read_what_is_declared() -> None:
    """Each is PromQL, on declared series with declared labels."""
    known = watched(deployment_of_text().spec.observability)
    queries = [target["expr"] for panel in _dashboard()["panels"] for target in panel["targets"]]
    assert len(queries) > 4
    for query in queries:
        for use in uses(parse(query)):
            if use.metric not in ("ALERTS", "twinbuild_release_info"):
                assert set(use.labels) <= {*known[use.metric].labels, "dev_twinbuild_stage"}


def test_panels() -> None:
    """One for each metric; none covers another, and no two have one identity."""
    document = _dashboard()
    panels = document["panels"]
    assert {metric.name for metric in deployment_of_text().spec.observability.metrics} - {"twinbuild_release_info"} <= {
        panel["title"].split(" ")[0] for panel in panels
    }
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_a_stage_is_chosen() -> None:
    """Each panel shows the stage that is chosen, or all; where the spec publishes to none there is no choice."""
    document = _dashboard()
    (choice,) = [each for each in document["templating"]["list"] if each["name"] == "stage"]
    assert (choice["query"], choice["allValue"]) == ("staging,production", ".*")
    queries = [target["expr"] for panel in document["panels"][1:] for target in panel["targets"]]
    assert all('stage=~"$stage|"' in each for each in queries)
    nowhere = deployment_of_text(TEXT.partition("publish:\n")[0] + TEXT[TEXT.index("governance:\n") :])
    assert "$stage" not in dashboard_bytes(nowhere).decode()


def test_identity() -> None:
    """It is the release's name: a new version takes its place, another release does not."""
    newer, other = (
        json.loads(dashboard_bytes(deployment_of_text(TEXT.replace(old, new, 1))))["uid"]
        for old, new in (("version: 1.0.0", "version: 2.0.0"), ("name: fraud-scorer", "name: other"))
    )
    assert _dashboard()["uid"] == newer != other


def test_kinds() -> None:
    """Rates of counters, quantiles of histograms and summaries, sums of gauges."""
    found = {
        kind: panel_queries(MetricDefinition(name="m", type=kind, description="M.", labels=("a",)))[0]  # type: ignore[arg-type]
        for kind in ("counter", "gauge", "histogram", "summary")
    }
    assert found == {
        "counter": ("sum by (a) (rate(m[5m]))", "{{a}}"),
        "gauge": ("sum by (a) (m)", "{{a}}"),
        "histogram": ("histogram_quantile(0.5, sum by (le) (rate(m_bucket[5m])))", "0.5"),
        "summary": ("avg by (quantile) (m)", "{{quantile}}"),
    }


def test_a_counter_whose_name_has_no_suffix() -> None:
    """It is stored with it where the client speaks OpenMetrics, without it where not: what is there is drawn."""
    for name, series in (("m", ("m", "m_total")), ("m_total", ("m_total",))):
        metric = MetricDefinition(name=name, type="counter", description="M.")
        expected = tuple((f"sum (rate({each}[5m]))", name) for each in series)
        assert panel_queries(metric) == expected
