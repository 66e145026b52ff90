"""What a service is told: the same by its spec and by the release manifest that is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.services import service
from twinbuild.codec.canonical import canonical
from twinbuild.describe.plain import plain
from twinbuild.errors import UsageError
from twinbuild.pipeline.run.trying import Bounds
from twinbuild.pipeline.trial.told import told_by_manifest, told_by_spec

SECTION = """\
  golden:
    - name: one
      request: {path: /predict, body: {amount: 3}}
      expect: {status: 200}
      fallback: features
configuration:
  parameters:
    - {name: shm, type: bytes, kind: shared_memory, description: Shared., default: 128Mi, environment: SHM}
secrets:
  - {name: database, provider: file, reference: /run/secrets/database, purpose: Rows.}
  - {name: scratch, provider: file, reference: /tmp/scratch, purpose: Nothing.}
  - {name: token, provider: env, reference: TOKEN, purpose: Asking.}
  - {name: feature-token, provider: kubernetes, reference: scorer/token, purpose: Features.}
  - {name: key, provider: vault, reference: "risk#key", purpose: Signing.}
services:
  - name: features
    endpoint: https://features.example/v1
    purpose: Features.
    environment: FEATURES_URL
    timeout: 300ms
    fallback: A score of one.
"""
TOLD = (
    ("TOKEN", "no-secret-but-a-trial"),
    ("FEATURE_TOKEN", "no-secret-but-a-trial"),
    ("FEATURES_URL", "http://127.0.0.1:4400/v1"),
)


def test_spec_and_manifest(tmp_path: Path) -> None:
    """Secrets of every kind that can have a stand-in, addresses, memory and /dev/shm."""
    tiny = service(tmp_path, "", SECTION)
    spec = tiny.project.spec
    told = told_by_spec(spec, tiny.derivation, ("KNOB", "2"), watched=(("KNOB", "1"),))
    assert told.environment == (*TOLD, ("KNOB", "1"), ("KNOB", "2"))
    assert told.secrets == ("/run/secrets/database",)
    assert told.bounds == Bounds(memory=256 << 20, processors=1, shared=128 << 20)
    document = json.loads(canonical(plain(spec)))
    also = told_by_manifest(document, spec.serving, variant="cpu", image="sha256:1", release="sha256:2", where="x")
    assert also.environment == (*TOLD, ("TWINBUILD_IMAGE", "sha256:1"), ("TWINBUILD_RELEASE", "sha256:2"))
    assert (also.secrets, also.bounds) == (told.secrets, told.bounds)


def test_a_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    """It is named, with the place."""
    spec = service(tmp_path, "", "  golden: []\n").project.spec
    document = json.loads(canonical(plain(spec))) | {"secrets": [{"name": "x"}]}
    with pytest.raises(UsageError, match=r"TB7303.*told cannot be read: provider"):
        told_by_manifest(document, spec.serving, variant="cpu", image="", release="", where="x")
