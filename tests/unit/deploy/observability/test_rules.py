"""Rules as plain trees; ``oracle/test_promtool.py`` runs them."""

from __future__ import annotations

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
    group = rules_document(deployment_of_text())["groups"][-1]  # type: ignore[index,call-overload]
    assert group["name"] == "fraud-scorer.release"
    assert [rule["labels"]["image"] for rule in group["rules"]] == [str(Digest.of(b"image"))]
    own = "    - {name: twinbuild_release_info, type: gauge, description: Which release this is.}\n  alerts:\n"
    groups = rules_document(deployment_of_text(TEXT.replace("  alerts:\n", own, 1)))["groups"]  # type: ignore[index,call-overload]
    assert [each["name"] for each in groups] == ["fraud-scorer.alerts"]


def test_literal() -> None:
    """Each pair of braces that begins an action is printed by one."""
    assert literal("a {{{{ b }} {") == 'a {{"{{"}}{{"{{"}} b }} {'
