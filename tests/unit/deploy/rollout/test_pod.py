"""The pod: locked down, by digest, with all that the spec says of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.unit.model.spec.test_rollout import with_rollout

from fakes.deployed import a_target, deployed, example
from twinbuild.deploy.rollout.pod import container_of, pod_spec, pod_template, port_name
from twinbuild.deploy.rollout.target import targets
from twinbuild.model.spec.serving import NamedPort

SECRETS = """
secrets:
  - {name: feature-token, provider: kubernetes, reference: scorer/token, purpose: x}
  - {name: elsewhere, provider: vault, reference: "a/b#c", purpose: x}
"""
RESOURCES = """  resources:
    affinity: [{key: pool, values: [gpu, "yes"]}]
    tolerations: [{key: gpu, operator: Equal, value: "true", effect: NoSchedule}, {key: spot}]
"""


def test_locked_down() -> None:
    """No root, no rights, no token, nothing to write to but /tmp."""
    pod: Any = pod_spec(a_target())
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (10001, 10001)
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
    }
    assert [volume["name"] for volume in pod["volumes"]] == ["tmp", "live"]


def test_probes_and_resources() -> None:
    """serving.health and environment.resources reach the container."""
    container: Any = container_of(a_target())
    assert container["readinessProbe"] == {
        "httpGet": {"path": "/healthz", "port": 8000},
        "initialDelaySeconds": 2,
        "periodSeconds": 5,
        "timeoutSeconds": 1,
        "failureThreshold": 3,
    }
    assert container["resources"] == {
        "requests": {"cpu": "250m", "memory": "256Mi"},
        "limits": {"cpu": "2", "memory": "1Gi"},
    }
    assert "command" not in container
    assert "args" not in container


def test_a_slow_start_is_no_death() -> None:
    """Liveness counts once the service has answered, for which it has as long as the rollout gives new pods."""
    probe: Any = container_of(a_target())
    assert probe["livenessProbe"]["failureThreshold"] == 3
    assert probe["startupProbe"] == probe["livenessProbe"] | {"failureThreshold": 60}  # each 10 s, for 10 m
    assert next(key for key in probe if key.endswith("Probe")) == "startupProbe"
    own = example().replace("    liveness:", "    startup: {path: /up, port: 8000, failures: 7}\n    liveness:")
    declared: Any = container_of(a_target(own))
    assert (declared["startupProbe"]["httpGet"]["path"], declared["startupProbe"]["failureThreshold"]) == ("/up", 7)


def test_the_end_of_a_pod() -> None:
    """It answers for as long as requests may still arrive, and has `drain` for them after that."""
    pod: Any = pod_spec(a_target(with_rollout("strategy: rolling\ndrain: 40s")))
    (container,) = pod["containers"]
    assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert pod["terminationGracePeriodSeconds"] == 45


def test_secrets_of_the_cluster_alone() -> None:
    """A secret that Kubernetes keeps is a reference; one that is kept elsewhere is not there, and no value ever is."""
    container: Any = container_of(a_target(example() + SECRETS))
    assert container["env"][:-2] == [
        {"name": "FEATURE_TOKEN", "valueFrom": {"secretKeyRef": {"name": "scorer", "key": "token"}}}
    ]


def test_nodes() -> None:
    """Platforms, labels and taints."""
    text = example()
    before, _, rest = text.partition("  resources:\n")
    pod: Any = pod_spec(a_target(f"{before}{RESOURCES}{rest[rest.index('    cpu:') :]}"))
    affinity = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert affinity["nodeSelectorTerms"] == [
        {
            "matchExpressions": [
                {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
                {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]},
                {"key": "pool", "operator": "In", "values": ["gpu", "yes"]},
            ]
        }
    ]
    assert pod["tolerations"] == [
        {"key": "gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists"},
    ]


def test_accelerators() -> None:
    """A CUDA variant gets its devices, the CPU variant of the same spec none."""
    found = {each.variant.name: container_of(each) for each in targets(deployed(example("llm-server")))}
    limits: Any = {name: container.get("resources", {}) for name, container in found.items()}
    assert limits["cuda12"]["limits"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in limits["cpu"].get("limits", {})


def test_shared_memory() -> None:
    """A knob of the kind shared_memory is a volume in memory."""
    knob = "    - {name: shm, kind: shared_memory, type: bytes, default: 128Mi, description: x}\n"
    pod: Any = pod_spec(a_target(example().replace("  parameters:\n", f"  parameters:\n{knob}", 1)))
    assert pod["volumes"][1] == {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "128Mi"}}
    assert pod["containers"][0]["volumeMounts"][1] == {"name": "shared-memory", "mountPath": "/dev/shm"}


def test_knobs_that_change_live() -> None:
    """A directory that need not be there, named after the values that it changes; none without such a knob."""
    target = a_target()
    pod: Any = pod_spec(target)
    assert pod["volumes"][-1] == {"name": "live", "configMap": {"name": target.live, "optional": True}}
    assert re.fullmatch("fraud-scorer-live-[0-9a-f]{10}", target.live)
    later = a_target(example().replace("version: 1.0.0", "version: 1.0.1"))
    assert later.configuration == target.configuration
    assert later.live != target.live
    mount = {"name": "live", "mountPath": "/etc/twinbuild/live", "readOnly": True}
    assert pod["containers"][0]["volumeMounts"][-1] == mount
    fixed: Any = pod_spec(next(iter(targets(deployed(example("text-embedder"))))))
    assert "live" not in [each["name"] for each in fixed["volumes"]]


def test_release_in_the_template() -> None:
    """Another image digest is another pod."""
    metadata: Any = pod_template(a_target())["metadata"]
    assert metadata["annotations"]["dev.twinbuild/image-digest"] == str(a_target().image.digest)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("http", "http"), ("a-very-long-port-name", "port-80"), ("8080", "port-80"), ("a--b", "port-80")],
)
def test_port_name(name: str, expected: str) -> None:
    """A name that Kubernetes does not take gives way to the number."""
    assert port_name(NamedPort(name=name, port=80)) == expected


def test_it_is_told_which_image_it_is() -> None:
    """The digest, and the release's as an annotation that whoever promotes it adds; where traces go, and others are."""
    target = a_target(example("text-embedder"))
    variables: Any = {each["name"]: each for each in container_of(target)["env"]}
    assert variables["TWINBUILD_IMAGE"]["value"] == str(target.image.digest)
    where = "metadata.annotations['dev.twinbuild/release-digest']"
    assert variables["TWINBUILD_RELEASE"]["valueFrom"] == {"fieldRef": {"fieldPath": where}}
    assert variables["OTEL_TRACES_SAMPLER_ARG"]["value"] == "0.25"
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"]["value"] == "http://otel-collector.observability:4318"
    assert variables["TRANSLATOR_URL"]["value"] == "https://translator.search.example/v1/translate"
