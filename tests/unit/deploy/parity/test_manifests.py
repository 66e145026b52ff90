"""``deploy.parity.manifests``: release manifests of any version as facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.describe.conftest import Case, case, two
from tests.unit.describe.test_manifest import manifest_of

from twinbuild.deploy.parity.difference import unlike
from twinbuild.deploy.parity.manifests import manifest_facts

__all__ = ["case", "two"]


def test_the_first_version(case: Case) -> None:
    """A release manifest of the first version, which says null where nothing is said, has the same kinds of facts."""
    content = (Path(__file__).parents[2] / "codec" / "manifest_v1.json").read_bytes()
    old = manifest_facts(json.loads(content))
    assert b"null" in content
    assert "null" not in old.values()
    new = manifest_facts(json.loads(manifest_of(case)))
    for path in (
        ("environment", "targets", "cpu linux/amd64", "wheels", "numpy"),
        ("source", "files", "service/logs.py"),
        ("configuration", "parameters", "log_level", "default"),
    ):
        assert path in old
        assert path in new


def _wheel(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(
        wheel for wheel in document["environment"]["targets"][0]["wheels"] if wheel["name"] == "numpy"
    )
    return found


def _set(document: dict[str, Any], *path: Any) -> None:
    *steps, last, value = path
    for step in steps:
        document = document[step]
    document[last] = value


@pytest.mark.parametrize(
    ("path", "what", "risk"),
    [
        (("configuration", "parameters", 0, "default", 0.7), "parameters decision_threshold default", "high"),
        (("source", "files", 1, "sha256", "0" * 64), "files service/logs.py", "high"),
        (("source", "files", 1, "executable", True), "files service/logs.py", "high"),
        (("model", "artifacts", 0, "sha256", "0" * 64), "artifacts classifier sha256", "high"),
        (("environment", "images", 0, "digest", "sha256:" + "0" * 64), "images cpu linux/amd64 digest", "high"),
        (("environment", "images", 0, "layers", 0, "diff_id", "x"), "images cpu linux/amd64 layers system", "low"),
        (("environment", "resources", "memory", "limit", "2Gi"), "resources memory limit", "medium"),
        (("serving", "command", ["sh"]), "command", "high"),
        (("rollout", "steps", 0, "weight", 20), "steps 1 weight", "medium"),
        (("metadata", "description", "Other words."), "description", "low"),
        (("governance", "roles", "deployers", ["anyone"]), "roles deployers", "medium"),
        (("documents", 0, "sha256", "0" * 64), "release.lock", "low"),
        (("metadata", "labels", "a/b", "new"), "labels a/b", "low"),
    ],
)
def test_one_change(case: Case, path: tuple[Any, ...], what: str, risk: str) -> None:
    """A change is one difference, at its place, with its risk."""
    before, after = json.loads(manifest_of(case)), json.loads(manifest_of(case))
    _set(after, *path)
    (found,) = unlike(manifest_facts(before), manifest_facts(after))
    assert (found.what, found.risk, found.section) == (what, risk, path[0])


def test_packages(two: Case) -> None:
    """A wheel that is another file, and one that is gone, are one difference each, in their own target."""
    before, after = json.loads(manifest_of(two)), json.loads(manifest_of(two))
    _wheel(after).update(version="9", sha256="0" * 64)
    after["environment"]["targets"][1]["wheels"].pop()
    first, second = unlike(manifest_facts(before), manifest_facts(after))
    assert (first.what, first.second) == ("targets cpu linux/amd64 wheels numpy", f"9 sha256:{'0' * 64}")
    assert second.what.startswith("targets gpu linux/amd64 wheels ")
    assert second.second == "(none)"
    after = json.loads(manifest_of(two))
    _wheel(after).update(sha256="0" * 64)  # the same version, other bytes
    assert len(unlike(manifest_facts(before), manifest_facts(after))) == 1
