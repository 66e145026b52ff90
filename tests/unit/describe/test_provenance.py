from __future__ import annotations

import json
from typing import Any

from tests.unit.describe.conftest import Case

from twinbuild.codec.canonical import canonical
from twinbuild.describe.provenance import provenance_statement
from twinbuild.model.digest import Digest

_COMMIT = "0123456789" * 4
_RELEASE = Digest.of(b"manifest")


def _statement(case: Case, commit: str = _COMMIT) -> dict[str, Any]:
    content = provenance_statement(case.spec, case.lock, case.images, epoch=case.epoch, commit=commit, digest=_RELEASE)
    statement: dict[str, Any] = json.loads(content)
    assert canonical(statement) == content
    return statement


def test_statement(two: Case) -> None:
    """An in-toto statement whose subjects are each image and the release manifest, each under a name of its own."""
    statement = _statement(two)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    names = [subject["name"] for subject in statement["subject"]]
    digests = [subject["digest"]["sha256"] for subject in statement["subject"]]
    assert len(set(names)) == 3
    assert digests == [*(image.manifest.digest.hex for image in two.images), _RELEASE.hex]


def test_dependencies(case: Case) -> None:
    """Every file of the lock that can enter the image is a dependency, by its digest."""
    dependencies = _statement(case)["predicate"]["buildDefinition"]["resolvedDependencies"]
    found = {entry["digest"]["sha256"] for entry in dependencies if "sha256" in entry["digest"]}
    target = case.lock.targets[0]
    locked = (*target.debs, *target.wheels, *target.build, *case.lock.artifacts, *case.lock.source)
    assert found == {entry.sha256.hex for entry in locked}


def test_commit(case: Case) -> None:
    """The source commit is named where it is known, and only there."""

    def commits(commit: str) -> list[str]:
        entries = _statement(case, commit)["predicate"]["buildDefinition"]["resolvedDependencies"]
        return [entry["digest"]["gitCommit"] for entry in entries if "gitCommit" in entry["digest"]]

    assert commits(_COMMIT) == [_COMMIT]
    assert commits("") == []


def test_no_run(case: Case) -> None:
    """No time and no invocation stand in it: the statement is the same of every run."""
    details = _statement(case)["predicate"]["runDetails"]
    assert details.keys() == {"builder"}
