"""deploy/rollout.md."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.model.spec.test_rollout import with_rollout

from fakes.deployed import deployed, example
from twinbuild.deploy.rollout.overview import overview


def test_what_a_reader_asks() -> None:
    """How it rolls out, what would roll it back, what is done about what, which image."""
    page = overview(deployed(example()))
    assert "- 10 % of the traffic, then 10m" in page
    assert "| many-errors | rollback | `sum(rate(fraud_request_errors_total[1m]))" in page
    assert "| errors | many-errors | the old version comes back |" in page
    assert "Gate `model-review` before the promotion: model-review." in page
    assert "registry.example/production/fraud-scorer@sha256:" in page
    assert "- `flagger/`: rendered" in page


def test_what_is_missing_says_why() -> None:
    """Nothing is left out in silence."""
    assert "`flagger/`: not rendered: Flagger has no rolling update" in overview(
        deployed(with_rollout("strategy: rolling"))
    )
    before, _, rest = example().partition("publish:\n")
    page = overview(deployed(before + rest[rest.index("governance:") :]))
    assert "the spec publishes to no repository" in page
    assert "sha256" not in page


def test_texts_mean_nothing() -> None:
    """Neither Markdown nor HTML of a spec's texts is one; an expression stays code."""
    evil = "'</td> | <script>x</script> ![](http://x) `a` & b'"
    text = with_rollout(
        "strategy: blue_green\npromote: [{name: c, expression: up, operator: '<', threshold: 1, window: 1m}]\n"
        f"failure_modes: [{{name: m, signal: c, action: stop, description: {evil}}}]"
    )
    plain = deployed(text)
    condition = plain.spec.rollout.promote[0].model_copy(update={"expression": "up == bool ``1`` | x"})
    rollout = plain.spec.rollout.model_copy(update={"promote": (condition,)})
    page = overview(replace(plain, spec=plain.spec.model_copy(update={"rollout": rollout})))
    assert "<script>" not in page.replace("\\<script\\>", "")
    assert "![](" not in page
    assert "``` up == bool ``1`` \\| x ```" in page
