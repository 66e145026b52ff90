"""Every rendered file against the schemas of others, by the validators that docs/rollout.md names."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.unit.deploy.rollout.test_externalsecrets import SECRETS
from tests.unit.deploy.rollout.test_files import ANY_TEXT, YAML_TEXT
from tests.unit.model.spec.test_rollout import with_rollout

from fakes.cluster import MISSING, findings
from fakes.deployed import EXAMPLES, deployed, documents, example
from twinbuild.deploy.deployment import Deployment
from twinbuild.deploy.files import deploy_files
from twinbuild.model.spec.external import Secret
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.knob import Knob

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING)]

CONDITION: Final = (
    "{name: fine, metric: fraud_request_seconds, quantile: 0.5, operator: '<', threshold: 1.0e-9, window: 1h}"
)
BAD: Final = (
    "{metric: fraud_predictions_total, labels: {decision: fraud}, operator: '!=', threshold: 3, window: 90s, rate: 7s}"
)
PROMETHEUS: Final = "prometheus: http://prometheus.example:9090"
BASELINE: Final = f"registry.example/old@sha256:{'0' * 64}"
ROLLOUTS: Final = (
    f"strategy: blue_green\npromote: [{CONDITION}]\nrollback: [{BAD}]\n{PROMETHEUS}",
    f"strategy: rolling\nrollback: [{BAD}]\nsurge: '25%'\nunavailable: '10%'\ndisruption: {{unavailable: '50%'}}",
    f"""strategy: canary
steps: [{{weight: 1, pause: 1s}}, {{weight: 99}}]
promote: [{CONDITION}]
rollback: [{BAD}]
shadow: {{duration: 90m, baseline: '{BASELINE}'}}
traffic: {{router: istio, route: r}}
replicas: {{minimum: 1, maximum: 3, memory: 50}}""",
    f"""strategy: canary
steps: [{{weight: 7, pause: 90s}}, {{weight: 100}}]
promote: [{BAD}]
{PROMETHEUS}
rollback: [{BAD.replace("{", "{name: bad, ", 1)}]
traffic: {{router: istio, route: r}}
gates: [{{name: a, before: 7, confirm: 'http://a.example'}}, {{name: b, confirm: 'https://b.example/x?y=z'}}]""",
    "strategy: canary\nsteps: [{weight: 50, pause: 90s}]\ngates: [{name: a, before: 50, confirm: 'http://a.example'}]",
)
FLAGGER: Final = (3, 4)  # of these, which Flagger can do as they are written


def wrong(deployment: Deployment) -> dict[str, list[str]]:
    """What is wrong with which document."""
    found = documents(deploy_files(deployment))
    said = dict(zip(found, findings(list(found.values())), strict=True))
    assert len(said) > 4
    return {path: each for path, each in said.items() if each}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    """All files of all examples."""
    assert wrong(deployed(example(name))) == {}


@pytest.mark.parametrize("rollout", ROLLOUTS)
def test_other_rollouts(rollout: str) -> None:
    """What the examples do not use."""
    deployment = deployed(with_rollout(rollout))
    assert wrong(deployment) == {}
    rendered = any(path.startswith("flagger/") for path in deploy_files(deployment))
    assert rendered is (ROLLOUTS.index(rollout) in FLAGGER)


def test_external_secrets() -> None:
    """What brings secrets of Vault and clouds into a cluster; the validator knows a key that is none."""
    deployment = deployed(example() + SECRETS)
    assert wrong(deployment) == {}
    found = [each for each in documents(deploy_files(deployment)).values() if each["kind"] == "ExternalSecret"]
    changed = copy.deepcopy(found[:2])
    changed[0]["spec"]["data"][0]["remoteRef"]["versions"] = "1"
    changed[1]["spec"]["target"]["creationPolicy"] = "Never"
    assert all(findings(changed))


TEXTS: Final = ANY_TEXT | YAML_TEXT


@settings(
    deadline=None, max_examples=6, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(
    team=TEXTS,
    label=TEXTS,
    version=st.from_regex(r"[0-9A-Za-z]([0-9A-Za-z.+_-]{0,62}[0-9A-Za-z])?", fullmatch=True),
    path=st.from_regex(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,40}", fullmatch=True),
    kind=TEXTS,
    secret=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True),
)
def test_any_text(*, team: str, label: str, version: str, path: str, kind: str, secret: str) -> None:
    """Syntax of YAML, quotes, line breaks, characters of any script: wherever a spec has free text."""
    plain = deployed(example())
    spec = plain.spec
    metadata = spec.metadata.model_copy(update={"team": team, "version": version, "description": label})
    conditions = tuple(
        each.model_copy(update={"labels": FrozenMapping(dict.fromkeys(each.labels, label))})
        for each in spec.rollout.promote
    )
    raw = conditions[0].model_copy(update={"name": "raw", "metric": None, "expression": label})
    modes = tuple(each.model_copy(update={"description": label}) for each in spec.rollout.failure_modes)
    rollout = spec.rollout.model_copy(update={"promote": (*conditions, raw), "failure_modes": modes})
    liveness = spec.serving.health.liveness
    assert liveness is not None
    health = spec.serving.health.model_copy(update={"liveness": liveness.model_copy(update={"path": path})})
    gpu = spec.environment.resources.gpu.model_copy(update={"kind": kind})
    resources = spec.environment.resources.model_copy(update={"gpu": gpu})
    knob = Knob(name="text", type="string", default="x", description="x").model_copy(update={"default": kind})
    parameters = (*spec.configuration.parameters, knob)
    configuration = spec.configuration.model_copy(update={"parameters": parameters})
    changed = spec.model_copy(
        update={
            "metadata": metadata,
            "rollout": rollout,
            "configuration": configuration,
            "serving": spec.serving.model_copy(update={"health": health}),
            "environment": spec.environment.model_copy(update={"resources": resources}),
            "secrets": (Secret(name=secret, provider="kubernetes", reference="a.b/c_D.e-f", purpose="x"),),
        }
    )
    assert wrong(replace(plain, spec=changed)) == {}


def _misspell(*path: int | str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[f"{path[-1]}z"] = document.pop(path[-1])

    return change


def _set(value: object, *path: int | str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return change


TAG: Final = "registry.example/production/fraud-scorer:1.0.0"
POD: Final = ("spec", "template", "spec")
CANARY: Final = ("spec", "strategy", "canary")
PREDICTOR: Final = ("spec", "predictor")
SLEEP: Final = {"preStop": {"sleep": {"seconds": 5}}}
BY_FIELD: Final = {"fieldRef": {"fieldPath": "metadata.name"}}
MUTATIONS: Final = [
    ("kubernetes/production/deployment", _set("two", "spec", "progressDeadlineSeconds")),
    ("kubernetes/production/deployment", _misspell(*POD, "containers", 0, "resources")),
    ("kubernetes/production/deployment", _set(TAG, *POD, "containers", 0, "image")),
    (
        "kubernetes/production/deployment",
        _set(False, *POD, "containers", 0, "securityContext", "readOnlyRootFilesystem"),
    ),
    ("kubernetes/production/deployment", _set(True, *POD, "automountServiceAccountToken")),
    ("kubernetes/production/deployment", _set("Deploymint", "kind")),
    ("kubernetes/production/deployment", _set("apps/v1beta1", "apiVersion")),
    ("kubernetes/production/deployment", _set({"app": "other"}, "spec", "selector", "matchLabels")),
    ("kubernetes/production/service", _set("eighty", "spec", "ports", 0, "port")),
    ("kubernetes/production/service", _set("3d", "metadata", "name")),
    ("kubernetes/production/service", _set("a b", "metadata", "labels", "app.kubernetes.io/name")),
    ("kubernetes/production/horizontalpodautoscaler", _misspell("spec", "minReplicas")),
    ("kubernetes/production/poddisruptionbudget", _set([1], "spec", "maxUnavailable")),
    ("kubernetes/production/networkpolicy", _misspell("spec", "egress", 0, "ports")),
    ("argo-rollouts/production/rollout", _misspell(*CANARY, "steps", 0, "setWeight")),
    ("argo-rollouts/production/rollout", _set("ten", *CANARY, "steps", 0, "setWeight")),
    ("argo-rollouts/production/rollout", _misspell(*CANARY, "stableService")),
    ("argo-rollouts/production/rollout", _set(TAG, *POD, "containers", 0, "image")),
    ("argo-rollouts/production/rollout", _misspell(*POD, "containers", 0, "livenessProbe", "periodSeconds")),
    ("argo-rollouts/production/rollout", _set("Rollouts", "kind")),
    ("argo-rollouts/production/analysis-promote", _misspell("spec", "metrics", 0, "successCondition")),
    ("argo-rollouts/production/analysis-promote", _set(5, "spec", "metrics", 0, "interval")),
    ("flagger/production/canary", _misspell("spec", "analysis", "stepWeights")),
    ("flagger/production/canary", _set("1h", "spec", "analysis", "interval")),
    ("flagger/production/canary", _set("Canari", "kind")),
    ("flagger/production/metric-few-errors", _misspell("spec", "provider", "address")),
    ("kserve/production/inferenceservice", _misspell(*PREDICTOR, "minReplicas")),
    ("kserve/production/inferenceservice", _set("2", *PREDICTOR, "minReplicas")),
    ("kserve/production/inferenceservice", _misspell(*PREDICTOR, "containers", 0, "envFrom")),
    ("kserve/production/inferenceservice", _set(TAG, *PREDICTOR, "containers", 0, "image")),
    ("kserve/production/inferenceservice", _misspell("spec", "predictor")),
    # What only the webhooks of KServe and Knative refuse.
    ("kserve/production/inferenceservice", _set("cpu", *PREDICTOR, "scaleMetric")),
    ("kserve/production/inferenceservice", _set(30, *PREDICTOR, "terminationGracePeriodSeconds")),
    ("kserve/production/inferenceservice", _set("http", *PREDICTOR, "containers", 0, "ports", 0, "name")),
    ("kserve/production/inferenceservice", _set(8012, *PREDICTOR, "containers", 0, "ports", 0, "containerPort")),
    ("kserve/production/inferenceservice", _set(SLEEP, *PREDICTOR, "containers", 0, "lifecycle")),
    ("kserve/production/inferenceservice", _set(BY_FIELD, *PREDICTOR, "containers", 0, "env", 0, "valueFrom")),
]


@pytest.mark.parametrize(("path", "change"), MUTATIONS)
def test_a_broken_file_fails(path: str, change: Callable[[Any], None]) -> None:
    """The validators see a wrong type, a misspelt key, an unknown kind, a tag in place of a digest."""
    document = copy.deepcopy(documents(deploy_files(deployed(example())))[f"{path}.yaml#0"])
    assert findings([document]) == [[]]
    change(document)
    assert findings([document]) != [[]]
