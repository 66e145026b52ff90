"""``codec.inputs``: a lock is stale exactly where what it depends on changed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from twinbuild.codec.inputs import (
    artifact_inputs,
    check_freshness,
    debian_inputs,
    held_data,
    python_inputs,
    source_inputs,
)
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedArtifact, LockedWheel, PythonEnvironment, ResolverPin, Target
from twinbuild.model.platform import Platform
from twinbuild.model.spec import ReleaseSpec

FULL = Path(__file__).with_name("full.yaml").read_text(encoding="utf-8")
PARTS = {"python": python_inputs, "debian": debian_inputs, "artifact": artifact_inputs, "source": source_inputs}


def load(text: str) -> ReleaseSpec:
    """The spec of a text."""
    return load_spec((SourceText(name="r", content=text.encode()),)).spec


CHANGES = [
    ("# yaml", "# another comment\n# yaml", set()),
    ("description: Scores card payments.", "description: Other.", set()),
    ("approvals: 1", "approvals: 2", set()),
    ("target: /app", "target: /srv/app", set()),
    (
        "metadata:\n  name: fraud-scorer\n  version: 1.0.0\n",
        "metadata:\n  version: 1.0.0\n  name: fraud-scorer\n",
        set(),
    ),
    ("scikit-learn==1.7.2", "scikit-learn==1.7.1", {"python"}),
    ("test: [pytest]", "test: [pytest, hypothesis]", {"python"}),
    ("constraints: [numpy<3]", "constraints: []", {"python"}),
    ("exclude_newer: 2026-11-01", "exclude_newer: 2026-10-01", {"python"}),
    ("packages: [acme-*]", "packages: [acme-one]", {"python"}),
    ("cupy-cuda12x==13.0.0", "cupy-cuda12x==13.1.0", {"python"}),
    ('python: "3.11"', 'python: "3.12"', {"python", "debian"}),
    ("suite: bookworm", "suite: trixie", {"python", "debian"}),
    ("platforms: [linux/amd64]", "platforms: [linux/amd64, linux/arm64]", {"python", "debian"}),
    ("packages: [libgomp1]", "packages: [libgomp1, ffmpeg]", {"debian"}),
    ("uri: model/classifier.skops", "uri: model/other.skops", {"artifact"}),
    ("size: 12345", "size: 12346", {"artifact"}),
    ("directory: app", "directory: service", {"source"}),
    ('"*.pyc"', '"*.pyo"', {"source"}),
]


@pytest.mark.parametrize(("old", "new", "stale"), CHANGES)
def test_only_what_counts(old: str, new: str, stale: set[str]) -> None:
    """A change of the spec changes the digests of the parts that depend on it, and no other."""
    assert old in FULL
    one, other = load(FULL), load(FULL.replace(old, new, 1))
    assert {part for part, inputs in PARTS.items() if inputs(one) != inputs(other)} == stale


def test_order_of_packages_does_not_count() -> None:
    """Packages are a set: their order makes no lock stale."""
    one = load(FULL.replace("packages: [libgomp1]", "packages: [libgomp1, ffmpeg]"))
    other = load(FULL.replace("packages: [libgomp1]", "packages: [ffmpeg, libgomp1]"))
    assert debian_inputs(one) == debian_inputs(other)


def lock_of(spec: ReleaseSpec) -> Lock:
    """A lock that fits, with one wheel and one artifact."""
    digest = Digest.of(b"x")
    wheel = LockedWheel(
        index="default",
        name="fastapi",
        version="0.120.0",
        filename="fastapi-0.120.0-py3-none-any.whl",
        size=1,
        sha256=digest,
        requires=(),
        requested=True,
    )
    artifact = spec.model.artifacts[0]
    return Lock(
        data=held_data(spec, ()),
        python_inputs=python_inputs(spec),
        debian_inputs=debian_inputs(spec),
        artifact_inputs=artifact_inputs(spec),
        source_inputs=source_inputs(spec),
        resolver=ResolverPin(pip="25.3", pip_tools="7.5.2"),
        indexes=(),
        targets=tuple(
            Target(
                variant=variant.name,
                platform=Platform.parse("linux/amd64"),
                python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
                debs=(),
                wheels=(wheel,),
            )
            for variant in spec.environment.variants
        ),
        artifacts=(LockedArtifact(name=artifact.name, uri=artifact.uri, size=12345, sha256=Digest("0" * 64)),),
        source=(),
    )


def test_fresh() -> None:
    """A lock made from the spec fits it."""
    spec = load(FULL)
    assert check_freshness(lock_of(spec), spec) == ()


def test_reasons() -> None:
    """A stale lock is told by part, with the names that are new, gone or changed."""
    lock = lock_of(load(FULL))
    text = FULL.replace("fastapi==0.120.0", "flask").replace("packages: [libgomp1]", "packages: [ffmpeg]")
    text = text.replace("uri: model/classifier.skops", "uri: model/x").replace("directory: app", "directory: web")
    found = {finding.code: finding.message for finding in check_freshness(lock, load(text))}
    assert set(found) == {"TB2220", "TB2221", "TB2222", "TB2223"}
    assert "flask is not locked" in found["TB2220"]
    assert "fastapi is no longer asked for" in found["TB2220"]
    assert "ffmpeg is not locked" in found["TB2221"]
    assert "classifier is at another address" in found["TB2222"]


def test_missing_target() -> None:
    """A variant without a target in the lock is named."""
    spec = load(FULL)
    lock = dataclasses.replace(lock_of(spec), targets=lock_of(spec).targets[:1])
    found = check_freshness(lock, spec)
    assert [finding.code for finding in found] == ["TB2224"]
    assert "'cuda12'" in found[0].message
