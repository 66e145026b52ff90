from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from packageurl import PackageURL
from tests.unit.describe.conftest import INDEX, Case, read_spec

from twinbuild.codec.canonical import canonical
from twinbuild.describe import provenance
from twinbuild.describe.provenance import provenance_fault, provenance_statement, spec_digest
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock

_COMMIT = "0123456789" * 4
_RELEASE = Digest.of(b"manifest")
_VERIFIED = {"builds": 3, "variations": [{"name": "clock"}, {"name": "user"}]}


def _statement(case: Case, commit: str = _COMMIT) -> dict[str, Any]:
    content = provenance_statement(
        case.spec, case.lock, case.images, epoch=case.epoch, commit=commit, digest=_RELEASE, verification=_VERIFIED
    )
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


def test_an_index_is_a_subject(case: Case) -> None:
    """What stands for several images under one digest is vouched for, too."""
    content = provenance_statement(
        case.spec, case.lock, case.images, epoch=0, commit="", digest=_RELEASE, verification=_VERIFIED, indexes=(INDEX,)
    )
    found = {"name": "fraud-scorer:1.0.0-cpu", "digest": {"sha256": Digest.of(b"index").hex}}
    assert json.loads(content)["subject"][1] == found
    assert len(json.loads(content)["subject"]) == 3


def test_further_builds(two: Case) -> None:
    """Evidence of each build but the first: the digest of each image, which is that of the subject, and what varied."""
    statement = _statement(two)
    digests = [subject["digest"] for subject in statement["subject"][:2]]
    assert [(each["digest"], each["annotations"]) for each in statement["predicate"]["runDetails"]["byproducts"]] == [
        (digest, {"varied": ["clock", "user"]}) for digest in (*digests, *digests)
    ]


def test_dependencies(case: Case) -> None:
    """Every file of the lock that can enter the image, and what installs it, is a dependency, by its digest."""
    dependencies = _statement(case)["predicate"]["buildDefinition"]["resolvedDependencies"]
    found = [entry["digest"]["sha256"] for entry in dependencies if "sha256" in entry.get("digest", {})]
    target = case.lock.targets[0]
    assert case.lock.installer is not None
    inputs = (*target.debs, *target.wheels, *target.build, case.lock.installer)
    locked = (*inputs, *case.lock.artifacts, *case.lock.source)
    indexes = [index.release.hex for index in case.lock.indexes]
    assert sorted(found) == sorted([*(entry.sha256.hex for entry in locked), *indexes])


def test_identifiers(two: Case) -> None:
    """Packages, wheels and resolvers have package URLs; nothing is there twice, and no default index is named."""
    dependencies = _statement(two)["predicate"]["buildDefinition"]["resolvedDependencies"]
    identities = [json.dumps(entry, sort_keys=True) for entry in dependencies]
    assert len(set(identities)) == len(identities)
    uris = [entry["uri"] for entry in dependencies if "uri" in entry]
    packages = [PackageURL.from_string(uri) for uri in uris if uri.startswith("pkg:")]
    target = two.lock.targets[0]
    assert len(packages) == len(target.debs) + len(target.wheels) + len(target.build) + 3
    assert {purl.type for purl in packages} == {"deb", "pypi"}
    assert all(purl.qualifiers["file_name"].endswith(".whl") for purl in packages if "file_name" in purl.qualifiers)
    pins = {purl.name: purl.version for purl in packages if purl.type == "pypi" and not purl.qualifiers}
    assert pins == {"pip": two.lock.resolver.pip, "pip-tools": two.lock.resolver.pip_tools}


def test_official_messages(two: Case) -> None:
    """in-toto's own messages read the statement and SLSA's its predicate, with no field left over; both validate."""
    statement = _statement(two)
    message = ParseDict(statement, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    predicate = ParseDict(statement["predicate"], provenance_pb2.Provenance())
    for dependency in predicate.build_definition.resolved_dependencies:
        ResourceDescriptor.copy_from_pb(dependency).validate()
    assert MessageToDict(message) == statement
    assert MessageToDict(predicate) == statement["predicate"]


def test_rules_of_slsa(two: Case) -> None:
    """SLSA 1.0, Provenance: required fields, URIs, one name for one parameter, no digest of another kind."""
    predicate = _statement(two)["predicate"]
    definition = predicate["buildDefinition"]
    assert {"buildType", "externalParameters"} <= definition.keys()
    for uri in (definition["buildType"], predicate["runDetails"]["builder"]["id"]):
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}#[a-z0-9/]+", uri)
    assert not definition["externalParameters"].keys() & definition["internalParameters"].keys()
    assert definition["externalParameters"]["variants"] == ["cpu", "gpu"]
    for entry in definition["resolvedDependencies"]:
        assert entry.keys() <= {"name", "uri", "digest", "annotations"}
        assert entry.get("uri") or entry.get("digest")
        for algorithm, value in entry.get("digest", {}).items():
            assert re.fullmatch({"sha256": "[0-9a-f]{64}", "gitCommit": "[0-9a-f]{40}"}[algorithm], value)


def test_spec_digest(case: Case) -> None:
    """The parameter is the spec's value: a comment changes nothing, another value does."""
    same = read_spec("# a comment\n" + case.text)
    other = read_spec(case.text.replace("subsample: 1.0", "subsample: 0.9"))
    assert spec_digest(same) == spec_digest(case.spec) != spec_digest(other)
    statement = _statement(case)["predicate"]["buildDefinition"]["externalParameters"]
    assert statement["spec"] == str(spec_digest(case.spec))


def test_commit(case: Case) -> None:
    """The source commit is named where it is known, and only there."""

    def commits(commit: str) -> list[str]:
        entries = _statement(case, commit)["predicate"]["buildDefinition"]["resolvedDependencies"]
        return [entry["digest"]["gitCommit"] for entry in entries if "gitCommit" in entry.get("digest", {})]

    assert commits(_COMMIT) == [_COMMIT]
    assert commits("") == []


def test_no_run(case: Case) -> None:
    """No time and no invocation stand in it: the statement is the same of every run."""
    details = _statement(case)["predicate"]["runDetails"]
    assert details.keys() == {"builder", "byproducts"}


def test_what_a_release_would_say(two: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same builder, targets and lock; of less, of more and of others it is not the release's own."""
    images = [
        {
            "variant": each.variant,
            "platform": str(each.platform),
            "derivation": str(each.derivation),
            "digest": str(each.manifest.digest),
        }
        for each in two.images
    ]
    source = {"directory": two.spec.source.directory}
    manifest = {"environment": {"images": images}, "source": source, "verification": _VERIFIED}

    def fault(change: Callable[[Any, Any], object] = lambda *_: None, lock: Lock | None = two.lock) -> str:
        statement = _statement(two)
        change(statement["predicate"]["buildDefinition"], statement["predicate"]["runDetails"])
        return provenance_fault(json.dumps(statement).encode(), manifest, lock)

    assert fault() == fault(lock=None) == ""
    none: list[Any] = []
    assert "names another builder" in fault(lambda it, _: it.update(buildType="urn:x"))
    assert "tells of other builds" in fault(lambda _, run: run.pop("byproducts"))
    assert "tells of other builds" in fault(lambda _, run: run["byproducts"].pop())
    assert "tells of other builds" in fault(lambda _, run: run["byproducts"][0]["annotations"]["varied"].append("x"))
    assert "names another builder" in fault(lambda _, it: it["builder"].update(id="urn:x"))
    assert "tells of other variants" in fault(lambda it, _: it["externalParameters"].update(platforms=none))
    assert "tells of other variants" in fault(lambda it, _: it["internalParameters"]["derivations"].popitem())
    assert "lacks 1 dependency of the lock, and names 0" in fault(lambda it, _: it["resolvedDependencies"].pop(0))
    more = {"name": "more", "digest": {"sha256": "0" * 64}}
    assert "lacks 0 dependencies of the lock, and names 1 other" in fault(
        lambda it, _: it["resolvedDependencies"].append(more)
    )
    assert fault(lambda it, _: it["resolvedDependencies"].append(more), lock=None) == ""

    def swap(key: str) -> Callable[[Any, Any], object]:
        def swapped(it: Any, _: Any) -> None:
            one, other = [each for each in it["resolvedDependencies"] if "uri" in each and "digest" in each][:2]
            one[key], other[key] = other[key], one[key]

        return swapped

    for key in ("digest", "uri", "name"):  # all that the lock names is still there, and under the wrong name
        assert "lacks 2 dependencies of the lock, and names 2 others" in fault(swap(key)), key
    for wrong in (None, none, 1, [1], [{"digest": 1}]):
        assert fault(lambda it, _, wrong=wrong: it.update(resolvedDependencies=wrong)), wrong  # type: ignore[misc]
    assert fault(lambda it, _: it.pop("internalParameters")) == "is no provenance of twinbuild's"
    for content in (b"", b"[]", b"{}", b'{"predicate": 1}'):
        assert provenance_fault(content, manifest, two.lock)
    content, many = json.dumps(_statement(two)).encode(), {**manifest, "verification": {**_VERIFIED, "builds": 10**9}}
    with monkeypatch.context() as patch:  # a number of builds that anybody may have written makes no work
        patch.setattr(provenance, "_resource", None)
        assert provenance_fault(content, many, two.lock) == "tells of other builds than the release manifest"
    # Of a release of some variants it is the part of the lock that they use.
    some = {**manifest, "environment": {"images": images[:1]}}
    narrow = replace(two.lock, targets=tuple(each for each in two.lock.targets if each.variant == images[0]["variant"]))
    content = provenance_statement(
        two.spec, narrow, two.images[:1], epoch=two.epoch, commit="", digest=_RELEASE, verification=_VERIFIED
    )
    assert provenance_fault(content, some, two.lock) == ""
