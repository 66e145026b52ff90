"""Rules as plain trees; ``oracle/test_promtool.py`` runs them."""

from __future__ import annotations

from typing import Any

from tests.unit.deploy.test_configuration import TEXT, deployment_of_text

from twinbuild.deploy.observability.rules import literal, rules_document
from twinbuild.model.digest import Digest


def test_an_alert() -> None:
    """Free text is an annotation, never a label."""
    text = TEXT.replace("95 % of requests take longer than 250 ms.", '"{{ $value }}: x"')
    document = rules_document(deployment_of_text(text))
    rule = document["groups"][0]["rules"][0]  # type: ignore[index,call-overload]
    assert rule == {
        "alert": "FraudScorerSlow",
        "expr": "histogram_quantile(0.95, sum by (le) (rate(fraud_request_seconds_bucket[5m]))) > 0.25",
        "for": "10m",
        "labels": {"severity": "critical", "release": "fraud-scorer", "version": "1.0.0"},
        "annotations": {"summary": '{{"{{"}} $value }}: x', "team": "payments-risk"},
    }


def test_the_images_are_recorded_unless_the_service_says_them() -> None:
    """By digest."""
    groups: Any = rules_document(deployment_of_text())["groups"]  # type: ignore[index,call-overload]
    assert [each["name"] for each in groups] == ["fraud-scorer.alerts", "fraud-scorer.gates"]
    (line,) = [each for each in TEXT.splitlines(keepends=True) if "name: twinbuild_release_info" in each]
    text = TEXT.replace(line, "").replace("logger, message, image, release]", "logger, message]")
    group: Any = rules_document(deployment_of_text(text))["groups"][-1]  # type: ignore[index,call-overload]
    assert group["name"] == "fraud-scorer.release"
    assert [rule["labels"]["image"] for rule in group["rules"]] == [str(Digest.of(b"image"))]


def test_literal() -> None:
    """Each pair of braces that begins an action is printed by one."""
    assert literal("a {{{{ b }} {") == 'a {{"{{"}}{{"{{"}} b }} {'
