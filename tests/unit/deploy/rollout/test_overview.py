"""deploy/rollout.md."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import yaml
from tests.unit.model.spec.test_rollout import with_rollout

from fakes.deployed import deployed, documents, example
from twinbuild.deploy.files import deploy_files
from twinbuild.deploy.rollout.overview import overview

CONDITION = "{metric: fraud_request_errors_total, operator: '<', threshold: 1, window: 5m}"


def test_what_a_reader_asks() -> None:
    """How it rolls out, what would roll it back, what is done about what, which image."""
    page = overview(deployed(example()))
    assert "- 10 % of the traffic, then 5m" in page
    assert "| many-errors | rollback | `sum(rate(fraud_request_errors_total[1m]))" in page
    assert "| errors | many-errors | FraudScorerErrors | the old version comes back |" in page
    assert "Gate `model-review` before the promotion: model-review." in page
    assert "registry.example/production/fraud-scorer@sha256:" in page
    assert "- `flagger/`: rendered" in page


def test_the_command_that_applies_it(tmp_path: Path) -> None:
    """It reads every file of a directory as a document, and adds the release's digest to what makes pods."""
    deployment = deployed(example())
    files = {f"deploy/{path}": content for path, content in deploy_files(deployment).items()}
    for path, content in {"release.digest": b"sha256:0123\n", **files}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    command = overview(deployment).partition("```sh\n")[2].partition("```")[0]
    for system, workload in (("argo-rollouts", "Rollout"), ("flagger", "Deployment"), ("kserve", "InferenceService")):
        script = command.replace("SYSTEM", system).replace("kubectl apply -f -", "cat")
        done = subprocess.run(("sh", "-c", script), cwd=tmp_path, capture_output=True, text=True, check=True)
        found = {each["kind"]: each for each in yaml.safe_load_all(done.stdout) if each is not None}
        assert "ConfigMap" in found
        spec = found[workload]["spec"]
        pod = spec["predictor"] if system == "kserve" else spec["template"]["metadata"]
        assert pod["annotations"]["dev.twinbuild/release-digest"] == "sha256:0123"
        plain = [*documents(deploy_files(deployment)).items()]
        assert sum(path.startswith(f"{system}/staging/") for path, _ in plain) + 1 == done.stdout.count("---\n")


def test_what_nobody_here_does() -> None:
    """Traffic before the switch, a collector, a feature of Knative: the page says what is left to do."""
    blue = f"strategy: blue_green\npromote: [{CONDITION}]"
    assert "nobody sends traffic to `fraud-scorer-preview`" in overview(deployed(with_rollout(blue)))
    page = overview(deployed(example()))
    assert "`kubernetes.podspec-topologyspreadconstraints`" in page
    assert "Flagger cannot wait" in page
    assert "- KServe measures nothing and asks nobody" in page
    traced = example("text-embedder")
    assert "Traces go" not in overview(deployed(traced))
    nowhere = traced.replace(', endpoint: "http://otel-collector.observability:4318"', "")
    assert "Traces go to a collector in the same pod" in overview(deployed(nowhere))


def test_what_is_missing_says_why() -> None:
    """Nothing is left out in silence."""
    assert "`flagger/`: not rendered: Flagger has no rolling update" in overview(
        deployed(with_rollout("strategy: rolling"))
    )
    before, _, rest = example().partition("publish:\n")
    assert "`kserve/`: not rendered: KServe has no second" in overview(deployed(with_rollout("strategy: blue_green")))
    page = overview(deployed(before + rest[rest.index("governance:") :]))
    assert "the spec publishes to no repository" in page
    assert "sha256" not in page


def test_texts_mean_nothing() -> None:
    """Neither Markdown nor HTML of a spec's texts is one; an expression stays code."""
    evil = "'</td> | <script>x</script> ![](http://x) `a` & b, see https://evil.example'"
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
    assert "//evil.example" in page
    assert "https://evil.example" not in page  # bare it would be a link
    assert "```up == bool ``1`` \\| x```" in page
