"""``describe.modelsigning``: which files a model has and how they are called, and statements of others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from twinbuild.describe.modelsigning import artifact_paths, model_statement, signed_files


def _manifest(*targets: str) -> dict[str, Any]:
    artifacts = [
        {"name": f"a{number}", "target": target, "size": 1, "sha256": hashlib.sha256(target.encode()).hexdigest()}
        for number, target in enumerate(targets)
    ]
    return {"metadata": {"name": "tiny"}, "model": {"artifacts": artifacts}}


@pytest.mark.parametrize(
    ("targets", "root", "paths"),
    [
        (["/models/a.bin"], "/models", ["a.bin"]),
        # by parts, as model-signing sorts: "b-c" comes after "b/c"
        (["/m/x/b-c", "/m/x/b/c", "/m/x/B"], "/m/x", ["B", "b/c", "b-c"]),
        (["/m/a/x", "/m/ab/x"], "/m", ["a/x", "ab/x"]),
        (["/m/x", "/n/x"], "/", ["m/x", "n/x"]),
    ],
)
def test_paths(targets: list[str], root: str, paths: list[str]) -> None:
    """Below the directory that holds them all, whichever order they are named in."""
    for order in (targets, targets[::-1]):
        found, named = artifact_paths(_manifest(*order))
        assert (found, list(named)) == (root, paths)


def test_no_model() -> None:
    """Nothing to sign."""
    assert artifact_paths({"model": {}}) == ("", {})
    assert model_statement({"metadata": {"name": "x"}, "model": {}}) is None


def test_statement() -> None:
    """It says what is read out of it, and sums the digests up."""
    content = model_statement(_manifest("/m/b", "/m/a"))
    assert content is not None
    digests = [hashlib.sha256(text).digest() for text in (b"/m/a", b"/m/b")]
    assert signed_files(content) == {"a": digests[0].hex(), "b": digests[1].hex()}
    (subject,) = json.loads(content)["subject"]
    assert subject == {"name": "tiny", "digest": {"sha256": hashlib.sha256(b"".join(digests)).hexdigest()}}


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another statement": lambda statement: statement.update(_type="https://in-toto.io/Statement/v0.1"),
    "another predicate": lambda statement: statement.update(predicateType="https://slsa.dev/provenance/v1"),
    "no subject": lambda statement: statement.update(subject=[]),
    "two subjects": lambda statement: statement.update(subject=statement["subject"] * 2),
    "another sum": lambda statement: statement["subject"][0]["digest"].update(sha256="0" * 64),
    "pieces": lambda statement: statement["predicate"]["serialization"].update(method="shards"),
    "another digest": lambda statement: statement["predicate"]["serialization"].update(hash_type="blake2b"),
    "links": lambda statement: statement["predicate"]["serialization"].update(allow_symlinks=True),
    "another algorithm": lambda statement: statement["predicate"]["resources"][0].update(algorithm="sha512"),
    "no digest": lambda statement: statement["predicate"]["resources"][0].update(digest="x"),
    "a file twice": lambda statement: statement["predicate"]["resources"][1].update(name="a"),
    "no list": lambda statement: statement["predicate"].update(resources=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_of_others(change: Callable[[dict[str, Any]], object]) -> None:
    """What says something else of files, or of no files, is no such statement."""
    statement = json.loads(model_statement(_manifest("/m/b", "/m/a")) or b"")
    change(statement)
    assert signed_files(json.dumps(statement).encode()) is None
    assert signed_files(b"nothing") is None
