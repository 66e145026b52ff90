"""``model.spec.secretreferences`` and secrets in a spec: which references are taken, and what is made of them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinbuild.model.spec.external import Secret
from twinbuild.model.spec.secretreferences import REMOTE, RemoteReference, objection_to, remote_reference

ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/scorer-a1B2c3"
VERSION = "0a" * 16
TAKEN = {
    ("vault", "risk/scorer#database"): RemoteReference(key="risk/scorer", property="database"),
    ("aws", ARN): RemoteReference(key=ARN),
    ("aws", f"{ARN}#token"): RemoteReference(key=ARN, property="token"),
    ("aws", ARN.replace("arn:aws:", "arn:aws-us-gov:").replace("eu-central", "us-gov-west")): RemoteReference(
        key=ARN.replace("arn:aws:", "arn:aws-us-gov:").replace("eu-central", "us-gov-west")
    ),
    ("gcp", "projects/risk-prod/secrets/scorer/versions/3"): RemoteReference(key="scorer", version="3"),
    ("gcp", "projects/111122223333/secrets/scorer/versions/latest#a.b"): RemoteReference(key="scorer", property="a.b"),
    ("azure", "https://risk-prod.vault.azure.net/secrets/scorer"): RemoteReference(key="secret/scorer"),
    ("azure", f"https://risk.vault.azure.net/secrets/scorer/{VERSION}#token"): RemoteReference(
        key="secret/scorer", property="token", version=VERSION
    ),
}
REFUSED = [
    ("aws", "prod/scorer"),
    ("aws", "arn:aws:s3:eu-central-1:111122223333:secret:scorer"),
    ("aws", "arn:aws:secretsmanager:eu-central-1:1111:secret:scorer"),
    ("aws", "arn:aws:secretsmanager::111122223333:secret:scorer"),
    ("aws", f"{ARN}#"),
    ("aws", f"{ARN}\n"),
    ("aws", f"{ARN} "),
    ("gcp", "scorer"),
    ("gcp", "projects/risk-prod/secrets/scorer"),
    ("gcp", "projects/Risk/secrets/scorer/versions/1"),
    ("gcp", "projects/risk-prod/secrets/scorer/versions/0"),
    ("gcp", "projects/risk-prod/secrets/a/b/versions/1"),
    ("azure", "http://risk.vault.azure.net/secrets/scorer"),
    ("azure", "https://risk.vault.azure.net.evil.example/secrets/scorer"),
    ("azure", "https://ada:pw@risk.vault.azure.net/secrets/scorer"),
    ("azure", "https://risk--prod.vault.azure.net/secrets/scorer"),
    ("azure", "https://risk.vault.azure.net/keys/scorer"),
    ("azure", "https://risk.vault.azure.net/secrets/scorer/latest"),
    ("azure", "https://risk.vault.azure.net/secrets/../scorer"),
]


@pytest.mark.parametrize(("provider", "reference"), TAKEN)
def test_taken(provider: str, reference: str) -> None:
    """In a spec, and as External Secrets is told; only with a store a variable holds it."""
    assert remote_reference(provider, reference) == TAKEN[provider, reference]
    stated = {"name": "a-token", "provider": provider, "reference": reference, "purpose": "x"}
    assert Secret.model_validate(stated).variable is None
    assert Secret.model_validate({**stated, "store": "cluster/team.store"}).variable == "A_TOKEN"


@pytest.mark.parametrize(("provider", "reference"), REFUSED)
def test_refused(provider: str, reference: str) -> None:
    """With what is expected."""
    assert objection_to(provider, reference)
    with pytest.raises(ValidationError, match=r"suit the provider|several lines"):
        Secret(name="a", provider=provider, reference=reference, purpose="x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("provider", "reference", "store"),
    [
        ("env", "TOKEN", "store"),
        ("file", "/run/token", "store"),
        ("kubernetes", "a/b", "store"),
        ("vault", "a#b", ""),
        ("vault", "a#b", "Store"),
        ("vault", "a#b", "cluster/"),
        ("vault", "a#b", "other/store"),
        ("vault", "../a#b", "store"),
    ],
)
def test_stores(provider: str, reference: str, store: str) -> None:
    """A store is External Secrets' own, and asked for what it can be asked for."""
    with pytest.raises(ValidationError):
        Secret(name="a", provider=provider, reference=reference, purpose="x", store=store)  # type: ignore[arg-type]


def test_not_stated() -> None:
    """Without a store a spec's value is what it was before there were any: digests of specs stay."""
    plain = Secret(name="a", provider="vault", reference="a#b", purpose="x")
    assert "store" not in plain.model_dump()
    assert plain.model_copy(update={"store": "s"}).model_dump()["store"] == "s"
    assert {"vault", "aws", "gcp", "azure"} == REMOTE
