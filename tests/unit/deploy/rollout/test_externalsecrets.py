"""``deploy.rollout.externalsecrets``: what is asked of External Secrets, and that the pod gets it."""

from __future__ import annotations

from typing import Any

from fakes.deployed import a_target, deployed, documents, example
from twinbuild.deploy.files import deploy_files
from twinbuild.deploy.rollout.externalsecrets import external_secrets
from twinbuild.deploy.rollout.pod import container_of

SECRETS = """
secrets:
  - {name: features, provider: vault, reference: "risk/scorer#features", store: risk, purpose: x}
  - {name: itself, provider: vault, reference: "risk/scorer#features", purpose: x}
  - name: database
    provider: azure
    reference: https://risk.vault.azure.net/secrets/scorer/0123456789abcdef0123456789abcdef#url
    store: cluster/azure.risk
    purpose: x
  - {name: token, provider: kubernetes, reference: scorer/token, purpose: x}
"""


def test_asked() -> None:
    """Each that names a store, by a Secret of its own, and no other."""
    found: Any = external_secrets(a_target(example() + SECRETS))
    assert list(found) == ["externalsecret-features", "externalsecret-database"]
    assert found["externalsecret-features"]["metadata"]["name"] == "fraud-scorer-features"
    assert found["externalsecret-features"]["spec"] == {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "SecretStore", "name": "risk"},
        "target": {"name": "fraud-scorer-features", "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [{"secretKey": "value", "remoteRef": {"key": "risk/scorer", "property": "features"}}],
    }
    assert found["externalsecret-database"]["spec"]["secretStoreRef"] == {
        "kind": "ClusterSecretStore",
        "name": "azure.risk",
    }
    assert found["externalsecret-database"]["spec"]["data"][0]["remoteRef"] == {
        "key": "secret/scorer",
        "property": "url",
        "version": "0123456789abcdef0123456789abcdef",
    }
    assert external_secrets(a_target(example())) == {}


def test_the_pod_gets_it() -> None:
    """Every variable of the pod refers to a Secret that an ExternalSecret makes, or that is the cluster's already."""
    container: Any = container_of(a_target(example() + SECRETS))
    named = {
        each["name"]: each["valueFrom"]["secretKeyRef"] for each in container["env"] if "secretKeyRef" in str(each)
    }
    assert named == {
        "FEATURES": {"name": "fraud-scorer-features", "key": "value"},
        "DATABASE": {"name": "fraud-scorer-database", "key": "value"},
        "TOKEN": {"name": "scorer", "key": "token"},
    }


def test_rendered() -> None:
    """For each system and stage."""
    found = documents(deploy_files(deployed(example() + SECRETS)))
    places = {path.rpartition("/")[0] for path, each in found.items() if each["kind"] == "ExternalSecret"}
    assert {"kubernetes/production", "argo-rollouts/production", "kubernetes/staging"} <= places
