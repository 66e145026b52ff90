"""Whether a statement beside a release is the one that this release would have: nobody's key goes on any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.describe.provenance import PROVENANCE
from twinbuild.describe.trials import STATEMENT as TESTS
from twinbuild.describe.trials import TEST_RESULT
from twinbuild.model.digest import Digest

__all__ = ["STATEMENTS", "statement_fault"]

STATEMENTS: Final[Mapping[str, str]] = {"provenance.intoto.json": PROVENANCE, TESTS: TEST_RESULT}
"""The statements that no release manifest can cover, and what each is about (predicateType)."""
_TYPE: Final = "https://in-toto.io/Statement/v1"


def statement_fault(name: str, content: bytes, manifest: Mapping[str, Any], digest: Digest) -> str:
    """What is wrong with the statement of this file name, for a message; "" where it is this release's.

    It must be of its type, about all that it has to be about and nothing else, and say of name, version and tests what
    the release manifest says.
    """
    try:
        statement, _ = parse_json(name, content)
        return _fault(name, statement, manifest, digest)
    except JsonProblem as problem:
        return f"is no JSON: {problem.message}"
    except (LookupError, TypeError, AttributeError):
        return "is no in-toto statement"


def _fault(name: str, statement: Any, manifest: Mapping[str, Any], digest: Digest) -> str:
    if statement["_type"] != _TYPE or set(statement) != {"_type", "subject", "predicateType", "predicate"}:
        return "is no in-toto statement"
    if statement["predicateType"] != STATEMENTS[name]:
        return f"is about {str(statement['predicateType'])[:120]!r}, expected {STATEMENTS[name]}"
    about = sorted(subject["digest"]["sha256"] for subject in statement["subject"])
    if any(set(subject["digest"]) != {"sha256"} for subject in statement["subject"]):
        return "names subjects by other digests than SHA-256"
    expected = _about(name, manifest, digest)
    if about != expected:
        return "is not about this release and its images, or about more"
    predicate = statement["predicate"]
    if name == TESTS:
        return "" if predicate["result"] == "PASSED" and predicate["failedTests"] == [] else "tells of failed tests"
    stated = predicate["buildDefinition"]["externalParameters"]
    metadata = manifest["metadata"]
    same = (stated["name"], stated["version"]) == (metadata["name"], metadata["version"])
    return "" if same else "is about another name or version"


def _about(name: str, manifest: Mapping[str, Any], digest: Digest) -> list[str]:
    """The digests of its subjects, sorted."""
    environment = manifest["environment"]
    if name == TESTS:
        verdicts = manifest["tests"].get("images", ())
        return sorted(_hex(each) for each in verdicts if each.get("verdict") == "passed")
    images = [*environment["images"], *environment.get("indexes", ())]
    return sorted((digest.hex, *(_hex(each) for each in images)))


def _hex(entry: Mapping[str, Any]) -> str:
    return str(entry["digest"]).removeprefix("sha256:")
