"""``describe.conventions``: each rule has a breach, at its place, and a spec that keeps it."""

from __future__ import annotations

import pytest
from tests.unit.describe.conftest import Case, load

from twinbuild.describe.conventions import RULES, Conventions, breaches

CHANGES = [
    ("TB7620", "  version: 1.0.0\n", '  version: "2026.11"\n', {}),
    ("TB7620", "  version: 1.0.0\n", "  version: 01.0.0\n", {}),
    ("TB7620", "  version: 1.0.0\n", "  version: one\n", {"versions": "pep440"}),
    ("TB7621", "  version: 3.2.0\n", "  version: v3\n", {}),
    ("TB7622", "registry.example/staging/fraud-scorer", "registry.example/staging/scorer", {}),
    ("TB7623", "{name: cpu, accelerator: none}", "{name: main, accelerator: none}", {}),
    ("TB7624", "environment: LOG_LEVEL", "environment: VERBOSITY", {}),
    ("TB7625", "fraud_predictions_total", "fraud_predictions", {}),
    ("TB7625", "fraud_request_seconds", "fraud_request_ms", {}),
    ("TB7628", "MODEL_VERSION: 3.2.0", "MODEL_VERSION: 3.1.9", {}),
    ("TB7629", "message, image, release]", "message, image]", {}),
    ("TB7629", "message, image, release]", "message]", {}),
    ("TB7626", "  description: Scores card transactions for fraud with gradient-boosted trees.\n", "", {}),
]


@pytest.mark.parametrize(("code", "old", "new", "chosen"), CHANGES)
def test_one_breach(case: Case, code: str, old: str, new: str, chosen: dict[str, str]) -> None:
    """One finding of that code, in the line of the value; none where the rule is kept, or ignored."""
    assert old in case.text
    loaded = load(case.text.replace(old, new))
    found = [item for item in breaches(loaded, Conventions(**chosen)) if item.code == code]  # type: ignore[arg-type]
    assert found
    assert found[0].where.line > 1
    assert breaches(loaded, Conventions(**chosen, ignore=frozenset(RULES))) == ()  # type: ignore[arg-type]
    assert breaches(load(case.text), Conventions()) == ()


@pytest.mark.parametrize("version", ["1.0.0-rc.1+build.5", "0.0.1", "10.20.30-alpha"])
def test_semver(case: Case, version: str) -> None:
    """Pre-releases and build numbers are versions, too; `any` takes what the format takes."""
    assert breaches(load(case.text.replace("version: 1.0.0\n", f"version: {version}\n", 1)), Conventions()) == ()
    odd = load(case.text.replace("version: 1.0.0\n", "version: some-thing\n", 1))
    assert breaches(odd, Conventions(versions="any")) == ()


@pytest.mark.parametrize(("text", "kept"), [("## 1.0.0\n", True), ("", False), ("## 11.0.0, 1.0.01", False)])
def test_changelog(case: Case, text: str, kept: bool) -> None:
    """The version itself, and no other one that holds its letters."""
    found = breaches(load(case.text), Conventions(changelog="CHANGELOG.md"), changelog=text)
    assert [item.code for item in found] == ([] if kept else ["TB7627"])
