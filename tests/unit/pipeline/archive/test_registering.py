"""``pipeline.archive.registering``: to a registry and back; what a registry changed is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.archived import Archived, archived_once
from fakes.registry import FakeRegistry
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.errors import UsageError
from twinbuild.pipeline.archive.registering import repository_of
from twinbuild.pipeline.archive.verifying import verify_archive

__all__ = ["archived_once", "tool"]


def test_there_and_back(archived_once: Archived, tool: Tool, tmp_path: Path) -> None:
    """Blobs go before the tag, and nothing twice; what comes back is the same archive."""
    place = str(tmp_path / "in")
    with FakeRegistry() as registry:
        where = f"oci://{registry.authority}/team/releases"
        ended = tool("archive", "export", where, "--archive", str(archived_once.place), "--json")
        assert ended.status == 0, ended.err
        sent = [request.target for request in registry.requests if request.method == "PUT"]
        assert sent[-1].endswith(f"/manifests/release-{archived_once.record.digest.hex}")
        assert not any("/manifests/" in target for target in sent[:-1])
        assert json.loads(ended.out)["size"] > 0
        again = tool("archive", "export", where, "tiny", "--archive", str(archived_once.place), "--json")
        assert json.loads(again.out)["size"] == 0
        for known in (0, 1):
            ended = tool("archive", "import", where, "--archive", place, "--json")
            assert (ended.status, json.loads(ended.out)["known"]) == (0, known), ended.err
    with Archive(Path(place)) as archive:
        assert verify_archive(archive).releases == 1
        assert archive.release(archive.releases()[0]) == archived_once.record


def test_a_registry_that_lies(archived_once: Archived, tool: Tool, tmp_path: Path) -> None:
    """Another release under the tag, and other bytes under a digest: exit 5, and no release is named."""
    with FakeRegistry() as registry:
        where = f"oci://{registry.authority}/team/releases"
        assert tool("archive", "export", where, "--archive", str(archived_once.place), "-q").status == 0
        (key,) = [key for key in registry.manifests if key[1].startswith("release-")]
        lied = (key[0], f"release-{'0' * 64}")
        registry.manifests[lied] = registry.manifests[key]
        ended = tool("archive", "import", where, "--archive", str(tmp_path / "one"), "-q")
        assert (ended.status, "error[TB9143]" in ended.err) == (5, True), ended.err
        del registry.manifests[lied]
        victim = str(archived_once.record.inputs[0].sha256)
        registry.blobs[victim] = b"X" + registry.blobs[victim][1:]
        ended = tool("archive", "import", where, "--archive", str(tmp_path / "two"), "-q")
        assert ended.status == 5, ended.err
    for name in ("one", "two"):
        with Archive(tmp_path / name) as archive:
            assert archive.names() == ()


def test_a_tag_is_no_repository() -> None:
    """A tag or a digest is refused: TB9144."""
    assert repository_of("oci://registry.example/a/b").repository == "a/b"
    for text in ("oci://registry.example/a/b:1", f"oci://registry.example/a/b@sha256:{'0' * 64}"):
        with pytest.raises(UsageError, match="TB9144"):
            repository_of(text)
