"""A Grafana dashboard: a panel for each metric, the alerts, and which images run."""

from __future__ import annotations

import json
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.onestage import of_one_stage
from twinbuild.deploy.observability.rules import INFORMATION
from twinbuild.model.digest import Digest
from twinbuild.model.promql.series import quoted
from twinbuild.model.spec.observability import MetricDefinition
from twinbuild.model.spec.watching import series_of

__all__ = ["dashboard", "dashboard_bytes", "panel_queries"]

_SOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 2
_QUANTILES: Final = ("0.5", "0.95", "0.99")
_UNITS: Final = {"seconds": "s", "milliseconds": "ms", "bytes": "bytes", "ratio": "percentunit", "percent": "percent"}


def dashboard_bytes(deployment: Deployment) -> bytes:
    """The file, as Grafana imports it."""
    return (json.dumps(dashboard(deployment), ensure_ascii=False, indent=2) + "\n").encode()


def dashboard(deployment: Deployment) -> dict[str, Json]:
    """The dashboard; its identity is the release's name, so that a new version takes the place of the old one."""
    spec = deployment.spec
    panels: list[Json] = [_table("Images", INFORMATION, 0)]
    variables: list[Json] = [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    ]
    stage = ""
    if deployment.stages:
        variables.append(_choice(deployment.stages))
        stage = "$stage"
    alerts = "|".join(alert.name for alert in spec.observability.alerts)
    if alerts:
        matcher = f"alertname=~{quoted(alerts)}"
        of_stage = f',stage=~"{stage}|"' if stage else ""
        panels.append(_table("Alerts", f'ALERTS{{{matcher},alertstate="firing"{of_stage}}}', 1))
    for metric in spec.observability.metrics:
        if metric.name != INFORMATION:
            queries = tuple((of_one_stage(spec, text, stage), legend) for text, legend in panel_queries(metric))
            panels.append(_panel(metric, queries, len(panels)))
    return {
        "uid": Digest.of(spec.metadata.name.encode()).hex[:12],
        "title": spec.metadata.name,
        "tags": ["twinbuild"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": variables},
        "annotations": {"list": []},
        "panels": panels,
    }


def panel_queries(metric: MetricDefinition) -> tuple[tuple[str, str], ...]:
    """What is drawn of a metric: expression and legend of each line."""
    name, labels = metric.name, list(metric.labels)
    by = f" by ({', '.join(labels)})" if labels else ""
    legend = " ".join(f"{{{{{label}}}}}" for label in labels) or name
    if metric.type == "counter":
        return tuple((f"sum{by} (rate({each.series}[5m]))", legend) for each in series_of(metric))
    if metric.type == "gauge":
        return ((f"sum{by} ({name})", legend),)
    if metric.type == "summary":
        return ((f"avg by (quantile) ({name})", "{{quantile}}"),)
    return tuple((f"histogram_quantile({share}, sum by (le) (rate({name}_bucket[5m])))", share) for share in _QUANTILES)


def _choice(stages: tuple[str, ...]) -> Json:
    """The variable by which one who looks chooses a stage: each, or all of them."""
    return {
        "name": "stage",
        "label": "Stage",
        "type": "custom",
        "query": ",".join(stages),
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(metric: MetricDefinition, queries: tuple[tuple[str, str], ...], index: int) -> Json:
    rate = " per second" if metric.type == "counter" else ""
    where = "" if metric.source == "service" else f"\n\nPublished by the {metric.source}, not by the service."
    unit = _UNITS.get(metric.unit or "", "short")
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": f"{metric.name}{rate}",
        "description": f"{metric.description}{where}",
        "datasource": _SOURCE,
        "gridPos": _place(index),
        "fieldConfig": {"defaults": {"unit": unit, "custom": {}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
        "targets": [
            {"refId": "ABC"[number], "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for number, (expression, legend) in enumerate(queries)
        ],
    }


def _table(title: str, expression: str, index: int) -> Json:
    return {
        "id": index + 1,
        "type": "table",
        "title": title,
        "datasource": _SOURCE,
        "gridPos": _place(index),
        "fieldConfig": {"defaults": {}, "overrides": []},
        "options": {"showHeader": True},
        "targets": [{"refId": "A", "datasource": _SOURCE, "expr": expression, "instant": True, "format": "table"}],
    }


def _place(index: int) -> Json:
    row, column = divmod(index, _COLUMNS)
    return {"h": _HEIGHT, "w": _WIDTH, "x": column * _WIDTH, "y": row * _HEIGHT}
