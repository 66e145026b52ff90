"""Prometheus rules: the alerts, and which images the release has."""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.observability.gates import gate_rules
from twinbuild.deploy.observability.onestage import of_one_stage
from twinbuild.model.promql.derive import Underivable, derive_false, derive_true
from twinbuild.model.promql.expression import parse
from twinbuild.model.promql.series import duration
from twinbuild.model.spec.observability import Alert
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.spec.values import duration_seconds
from twinbuild.model.spec.watching import schema_of

__all__ = [
    "INFORMATION",
    "alert_expression",
    "alert_labels",
    "alert_rule",
    "alert_texts",
    "literal",
    "milliseconds",
    "rules_document",
]

INFORMATION: Final = "twinbuild_release_info"


def milliseconds(text: str) -> int:
    """A duration of the spec in whole milliseconds."""
    return int(duration_seconds(text) * 1000)


def literal(text: str) -> str:
    """A text that Prometheus' templates print as it is: what begins an action is printed by one."""
    return text.replace("{{", '{{"{{"}}')


def rules_document(deployment: Deployment, stage: str = "") -> Json:
    """The file of rules of a stage; a group without rules is left out."""
    spec = deployment.spec
    groups: list[Json] = []
    if spec.observability.alerts:
        rules: list[Json] = [alert_rule(spec, alert, stage) for alert in spec.observability.alerts]
        groups.append({"name": f"{spec.metadata.name}.alerts", "rules": rules})
    gates = gate_rules(spec, stage)
    if gates is not None:
        groups.append(gates)
    if not any(metric.name == INFORMATION for metric in spec.observability.metrics):
        groups.append({"name": f"{spec.metadata.name}.release", "rules": _information(deployment, stage)})
    return {"groups": groups}


def alert_rule(spec: ReleaseSpec, alert: Alert, stage: str = "") -> Json:
    """One alert."""
    return {
        "alert": alert.name,
        "expr": alert_expression(spec, alert, stage),
        "for": duration(milliseconds(alert.duration)),
        "labels": dict(alert_labels(spec, alert, stage)),
        "annotations": {name: literal(text) for name, text in alert_texts(spec, alert).items()},
    }


def alert_expression(spec: ReleaseSpec, alert: Alert, stage: str) -> str:
    """The expression of an alert, of one stage wherever series for its unit test can be found then."""
    found = of_one_stage(spec, alert.expression, stage)
    if found == alert.expression or alert.tests is not None:
        return found
    tree = parse(found)
    schema = schema_of(spec.observability, tree, spec.metadata.name)
    try:
        derive_true(tree, schema)
        derive_false(tree, schema)
    except Underivable:
        return alert.expression
    return found


def alert_labels(spec: ReleaseSpec, alert: Alert, stage: str = "") -> dict[str, str]:
    """Labels by which a message finds its way: no free text is among them."""
    found = {"severity": alert.severity, "release": spec.metadata.name, "version": spec.metadata.version}
    return found | ({"stage": stage} if stage else {})


def alert_texts(spec: ReleaseSpec, alert: Alert) -> dict[str, str]:
    """Texts for the person who is called, as they arrive there."""
    return {"summary": alert.summary, "team": spec.metadata.team} if spec.metadata.team else {"summary": alert.summary}


def _information(deployment: Deployment, stage: str) -> list[Json]:
    """``twinbuild_release_info``, where the service does not publish it: the digests of the images, by variant.

    The release digest is not among them: it covers this file.
    """
    spec = deployment.spec
    return [
        {
            "record": INFORMATION,
            "expr": "vector(1)",
            "labels": {
                "release": spec.metadata.name,
                "version": spec.metadata.version,
                "variant": image.variant,
                "image": str(image.digest),
                **({"stage": stage} if stage else {}),
            },
        }
        for image in deployment.images
    ]
