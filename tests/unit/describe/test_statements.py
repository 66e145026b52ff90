"""``describe.statements``: a release's own statements, and every other one that lies in their place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from twinbuild.describe.statements import STATEMENTS, statement_fault
from twinbuild.model.digest import Digest

D = Digest.of(b"manifest")
IMAGE, INDEX = Digest.of(b"image"), Digest.of(b"index")
MANIFEST: dict[str, Any] = {
    "metadata": {"name": "scorer", "version": "1.0.0"},
    "environment": {"images": [{"digest": str(IMAGE)}], "indexes": [{"digest": str(INDEX)}]},
    "tests": {"images": [{"digest": str(IMAGE), "verdict": "passed"}, {"digest": str(INDEX), "verdict": "untested"}]},
}
PROVENANCE, TESTS = STATEMENTS


def _statement(name: str) -> dict[str, Any]:
    about = (D, IMAGE, INDEX) if name == PROVENANCE else (IMAGE,)
    predicate: dict[str, Any] = {
        PROVENANCE: {"buildDefinition": {"externalParameters": {"name": "scorer", "version": "1.0.0"}}},
        TESTS: {"result": "PASSED", "failedTests": []},
    }[name]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": f"n{each.hex[:4]}", "digest": {"sha256": each.hex}} for each in about],
        "predicateType": STATEMENTS[name],
        "predicate": predicate,
    }


@pytest.mark.parametrize("name", STATEMENTS)
def test_its_own(name: str) -> None:
    """Nothing is wrong with them."""
    assert statement_fault(name, json.dumps(_statement(name)).encode(), MANIFEST, D) == ""


VSA = "https://slsa.dev/verification_summary/v1"
CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], object], str]] = {
    "a summary of a verification": (PROVENANCE, lambda found: found.update(predicateType=VSA), "expected https://slsa"),
    "provenance for tests": (TESTS, lambda found: found.update(predicateType=STATEMENTS[PROVENANCE]), "is about"),
    "a further image": (
        PROVENANCE,
        lambda found: found["subject"].append({"name": "x", "digest": {"sha256": "6" * 64}}),
        "or about more",
    ),
    "one image less": (PROVENANCE, lambda found: found["subject"].pop(), "is not about this release"),
    "an untested image": (
        TESTS,
        lambda found: found["subject"].append({"name": "x", "digest": {"sha256": INDEX.hex}}),
        "or about more",
    ),
    "a second digest": (PROVENANCE, lambda found: found["subject"][0]["digest"].update(md5="x"), "other digests"),
    "another version": (
        PROVENANCE,
        lambda found: found["predicate"]["buildDefinition"]["externalParameters"].update(version="2.0.0"),
        "another name or version",
    ),
    "a failure": (TESTS, lambda found: found["predicate"].update(result="FAILED"), "failed tests"),
    "a failed test": (TESTS, lambda found: found["predicate"].update(failedTests=["a"]), "failed tests"),
    "no subjects": (TESTS, lambda found: found.pop("subject"), "no in-toto statement"),
    "a text for subjects": (TESTS, lambda found: found.update(subject="x"), "no in-toto statement"),
    "no predicate": (PROVENANCE, lambda found: found.update(predicate=None), "no in-toto statement"),
    "a further key": (PROVENANCE, lambda found: found.update(more=1), "no in-toto statement"),
    "another type": (PROVENANCE, lambda found: found.update(_type="x"), "no in-toto statement"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another(change: str) -> None:
    """Each is told apart; nobody signs it."""
    name, alter, said = CHANGES[change]
    statement = _statement(name)
    alter(statement)
    assert said in statement_fault(name, json.dumps(statement).encode(), MANIFEST, D)


@pytest.mark.parametrize("content", [b"", b"[]", b"1", b"null", b'"x"', b"{}", b"\xff", b'{"a":1,"a":1}'])
def test_no_statement(content: bytes) -> None:
    """Whatever a file may hold."""
    for name in STATEMENTS:
        assert statement_fault(name, content, MANIFEST, D)
