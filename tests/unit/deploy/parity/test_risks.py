"""``deploy.parity.risks``: what a difference may do, by where it is."""

from __future__ import annotations

from twinbuild.deploy.parity.risks import RISKS, risk_of
from twinbuild.describe.manifestschema import manifest_schema


def test_longest() -> None:
    """The longest pattern decides, and * stands for one step."""
    assert risk_of(("configuration", "parameters", "threads", "default"))[0] == "high"
    assert risk_of(("configuration", "parameters", "threads", "description"))[0] == "low"
    assert risk_of(("configuration", "parameters", "threads", "maximum"))[0] == "medium"
    assert risk_of(("environment", "images", "cpu linux/amd64", "digest"))[0] == "high"
    assert risk_of(("unknown",))[0] == "medium"


def test_what_is_built_or_applied_is_high() -> None:
    """Steps make files of the image, and rendered files are what a cluster is told; other documents follow."""
    assert risk_of(("environment", "steps", "compile", "run"))[0] == "high"
    assert risk_of(("environment", "targets", "cpu linux/amd64", "steps", "compile", "wheels", "x"))[0] == "high"
    assert risk_of(("documents", "deploy/argo-rollouts/cpu/rollout.yaml"))[0] == "high"
    assert risk_of(("documents", "schemas/request.json"))[0] == "high"
    assert risk_of(("documents", "README.md"))[0] == "low"
    assert risk_of(("documents", "deployed"))[0] == "low"


def test_every_section() -> None:
    """Each section of a release manifest has a rule of its own."""
    sections = set(manifest_schema()["properties"]) - {"kind", "generator", "provenance", "reproduce"}
    assert sections <= {pattern[0] for pattern in RISKS if pattern}
