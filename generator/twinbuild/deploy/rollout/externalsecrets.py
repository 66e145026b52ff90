"""ExternalSecrets (external-secrets.io/v1): what brings secrets of Vault and of clouds into the cluster.

Each makes a Secret of its own name with one key, which the pod's variable refers to. The operator and its stores are
the cluster's; no value stands in a release.
"""

from __future__ import annotations

from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.deploy.rollout.target import Target
from twinbuild.model.spec.external import Secret
from twinbuild.model.spec.secretreferences import remote_reference

__all__ = ["external_secrets", "secret_key"]

_KEY: Final = "value"
_REFRESH: Final = "1h"  # how often the operator asks again: its own default
_CLUSTER: Final = "cluster/"


def external_secrets(target: Target) -> dict[str, Json]:
    """An ExternalSecret for each secret that names a store, by the name of its file."""
    return {
        f"externalsecret-{secret.name}": _external_secret(target, secret)
        for secret in target.spec.secrets
        if secret.store is not None
    }


def secret_key(target: Target, secret: Secret) -> tuple[str, str] | None:
    """Name and key of the Secret that holds a secret in the cluster; None for one that no variable has from there."""
    if secret.store is not None:
        return _name(target, secret), _KEY
    if secret.provider == "kubernetes":
        name, _, key = secret.reference.rpartition("/")
        return name, key
    return None


def _name(target: Target, secret: Secret) -> str:
    return f"{target.name}-{secret.name}"


def _external_secret(target: Target, secret: Secret) -> Json:
    assert secret.store is not None
    remote = remote_reference(secret.provider, secret.reference)
    name = _name(target, secret)
    cluster = secret.store.startswith(_CLUSTER)
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": target.metadata(name),
        "spec": {
            "refreshInterval": _REFRESH,
            "secretStoreRef": {
                "kind": "ClusterSecretStore" if cluster else "SecretStore",
                "name": secret.store.removeprefix(_CLUSTER),
            },
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": [
                {
                    "secretKey": _KEY,
                    "remoteRef": {
                        "key": remote.key,
                        **({"property": remote.property} if remote.property else {}),
                        **({"version": remote.version} if remote.version else {}),
                    },
                }
            ],
        },
    }
