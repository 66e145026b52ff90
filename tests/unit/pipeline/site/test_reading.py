"""``pipeline.site.reading``: a release of a directory, signed, and what is not its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.signed import SignedDist, signed, signed_once
from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
from twinbuild.codec.canonical import canonical
from twinbuild.describe.naming import DOCKER_BUILDER, WITNESS
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.site.reading import published, read_trail

__all__ = ["signed", "signed_once"]


def test_a_signed_release(signed: SignedDist, tmp_path: Path) -> None:
    """Digest, bill of materials, builder, both keys with what they signed, and the audit log's entries about it."""
    log = tmp_path / "log"
    assert run(cli, ("audit", "new", str(log), "--origin", "example.com/log", "--key", str(signed.ada))) == 0
    entry = ("audit", "add", str(log), "approved", "--release", str(signed.dist), "--by", "ada")
    assert run(cli, (*entry, "--key", str(signed.ada))) == 0
    note = ("audit", "add", str(log), "note", "--details", "unrelated", "--key", str(signed.ada))
    assert run(cli, note) == 0
    one = published(signed.dist, read_trail(log))
    assert one.digest == read_release(signed.dist).digest
    assert (one.name, one.version) == ("tiny", "1.0.0")
    assert one.bom is not None
    assert {each.name for each in one.bom.components} >= {"alpha", "beta", "demo"}
    assert [each.title for each in one.builders] == ["twinbuild's own assembler"]
    assert len(one.signers) == 2
    assert all("release.dsse.json" in each.texts and not each.is_verified for each in one.signers)
    assert (one.log, [(index, each.action) for index, each in one.entries]) == ("example.com/log", [(0, "approved")])


def test_alone(signed: SignedDist, tmp_path: Path) -> None:
    """A release manifest alone has no bill of materials, no builder and no signature."""
    alone = tmp_path / "alone" / "manifest.json"
    alone.parent.mkdir()
    alone.write_bytes((signed.dist / "manifest.json").read_bytes())
    one = published(alone)
    assert (one.bom, one.builders, one.signers, one.log) == (None, (), (), "")


@pytest.mark.parametrize("name", ["sbom.cdx.json", "provenance.intoto.json"])
def test_what_is_not_the_releases(signed: SignedDist, name: str) -> None:
    """A changed bill of materials or statement is refused; so is a link in its place."""
    path = signed.dist / name
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2", 1) if name.startswith("sbom") else b"{}")
    with pytest.raises(IntegrityError, match=f"TB9402.*{name}"):
        published(signed.dist)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(IntegrityError, match="TB9402"):
        published(signed.dist)


@pytest.mark.parametrize(
    "change",
    [
        {"apiVersion": "twinbuild/manifest/v1", "metadata": {"name": "../../../evil"}},
        {"apiVersion": "twinbuild/manifest/v1", "metadata": {"team": None}},
        {"metadata": {"source_date_epoch": 2**52}},
    ],
)
def test_manifests_that_name_files_as_they_like(signed: SignedDist, tmp_path: Path, change: dict[str, Any]) -> None:
    """An old version has no schema: its name would be a path out of the catalogue."""
    document = json.loads((signed.dist / "manifest.json").read_bytes())
    document = {**document, **change, "metadata": document["metadata"] | change["metadata"]}
    alone = tmp_path / "alone" / "manifest.json"
    alone.parent.mkdir()
    alone.write_bytes(canonical(document))
    with pytest.raises(UsageError, match="TB9403"):
        published(alone)


def test_a_missing_bill(signed: SignedDist) -> None:
    """The release manifest names it."""
    (signed.dist / "sbom.cdx.json").unlink()
    with pytest.raises(IntegrityError, match="TB9402"):
        published(signed.dist)


@pytest.mark.parametrize(("change", "count"), [("", 2), ("digest", 1), ("builds", 1), ("cut", 1)])
def test_a_second_builder(signed: SignedDist, change: str, count: int) -> None:
    """What run.json says of BuildKit is shown where it is about this release and all of its builds are its images."""
    release = read_release(signed.dist)
    document: dict[str, Any] = json.loads(release.content)
    images = [
        {"digest": {"sha256": each["digest"].removeprefix("sha256:")}} for each in document["environment"]["images"]
    ]
    other = [{"digest": {"sha256": "0" * 64}}]
    statement = {
        "subject": [
            {"name": "manifest.json", "digest": {"sha256": "0" * 64 if change == "digest" else release.digest.hex}}
        ],
        "predicateType": WITNESS,
        "predicate": {
            "builder": {"id": DOCKER_BUILDER, "version": "1", "engine": "27", "buildkit": "0.13", "buildx": "0.14"},
            "builds": [images, other if change == "builds" else images],
        },
    }
    content = json.dumps({"verification": {"builders": [statement]}})
    (signed.dist / "run.json").write_text(content[:-9] if change == "cut" else content)
    found = published(signed.dist).builders
    assert len(found) == count
    if count == 2:
        assert found[1].title == "Docker's BuildKit, as run.json says"
        assert found[1].versions == "buildkit 0.13, buildx 0.14, engine 27, version 1"
