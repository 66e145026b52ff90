"""``pipeline.archive.registering``: archives in a registry by name, and releases on their way there and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.archived import Archived, archived_once, blob_of
from fakes.registry import FakeRegistry
from fakes.tool import Tool, tool
from fakes.web import text
from twinbuild.archive.artifact import release_tag
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases
from twinbuild.cli.kept import holds
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.registering import repository_of
from twinbuild.pipeline.archive.verifying import verify_archive

__all__ = ["archived_once", "tool"]

REPOSITORY = "team/releases"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """One that keeps to the rules until it is told otherwise."""
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def where(registry: FakeRegistry, archived_once: Archived, tool: Tool) -> str:
    """An archive in it, with the tiny release."""
    place = f"oci://{registry.authority}/{REPOSITORY}"
    ended = tool("archive", "export", place, "--archive", str(archived_once.place), "-q")
    assert ended.status == 0, ended.err
    return place


def test_there_and_back(registry: FakeRegistry, archived_once: Archived, tool: Tool, tmp_path: Path) -> None:
    """Blobs go before the tag, and nothing twice; what comes back is the same archive."""
    place = str(tmp_path / "in")
    where = f"oci://{registry.authority}/{REPOSITORY}"
    ended = tool("archive", "export", where, "--archive", str(archived_once.place), "--json")
    assert ended.status == 0, ended.err
    sent = [request.target for request in registry.requests if request.method == "PUT"]
    assert f"/manifests/release-{archived_once.record.digest.hex}." in sent[-1]
    assert not any("/manifests/" in target for target in sent[:-1])
    assert json.loads(ended.out)["size"] > 0
    again = tool("archive", "export", where, "tiny", "--archive", str(archived_once.place), "--json")
    assert json.loads(again.out)["size"] == 0
    for known in (0, 1):
        ended = tool("archive", "import", where, "--archive", place, "--json")
        assert (ended.status, json.loads(ended.out)["known"]) == (0, known), ended.err
    victim = blob_of(Path(place), archived_once.record.inputs[0].sha256)
    content = victim.read_bytes()
    victim.unlink()
    victim.write_bytes(b"X" + content[1:])
    assert tool("archive", "import", where, "--archive", place, "-q").status == 0, "mends what is damaged here"
    with Archive(Path(place)) as archive:
        assert verify_archive(archive).releases == 1
        assert archive.release(releases(archive)[0]) == archived_once.record


def test_what_somebody_left_there(registry: FakeRegistry, where: str, tool: Tool, tmp_path: Path) -> None:
    """Under the tag of a release: the others come in, and it is named; into another registry, too."""
    tag = release_tag(Digest("1" * 64), Digest.of(b"record"))
    registry.put_image(REPOSITORY, tag, [b"layer"])
    for place in (str(tmp_path / "in"), where.replace("releases", "others")):
        ended = tool("archive", "import", where, "--archive", place)
        assert (ended.status, "imported 1 release," in ended.out) == (5, True), ended.err
        assert ended.err.count("error[") == ended.err.count(f"error[TB9162]: what the tag {tag}") == 1
        assert tool("archive", "verify", "--archive", place).status == 0


def test_what_was_pushed_is_mounted(registry: FakeRegistry, archived_once: Archived, tool: Tool) -> None:
    """Layers that another repository of the registry got by ``push`` are not sent to the archive again."""
    assert tool("push", str(archived_once.dist), f"{registry.authority}/team/tiny:1", "-q").status == 0
    pushed = registry.held["team/tiny"]
    registry.requests.clear()
    where = f"oci://{registry.authority}/{REPOSITORY}"
    assert tool("archive", "export", where, "--archive", str(archived_once.place), "-q").status == 0
    sent = {request.target.rpartition("digest=")[2].replace("%3A", ":") for request in registry.requests}
    assert pushed <= registry.held[REPOSITORY]
    assert not pushed & sent


def test_every_way(registry: FakeRegistry, where: str, archived_once: Archived, tool: Tool, tmp_path: Path) -> None:
    """A file of an archive in a registry is that of a directory; it goes into a registry, and from one to another."""
    for name, place in (("a.tar", str(archived_once.place)), ("b.tar", where)):
        ended = tool("archive", "export", str(tmp_path / name), "--archive", place, "-q")
        assert ended.status == 0, ended.err
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    other = where.replace("releases", "others")
    for known in (0, 1):
        ended = tool("archive", "import", str(tmp_path / "b.tar"), "--archive", other, "--json")
        assert ended.status == 0, ended.err
        found = json.loads(ended.out)
        assert (found["known"], found["brought"] > 0) == (known, not known)
    third = where.replace("releases", "third")
    assert tool("archive", "export", third, "tiny", "--archive", other, "-q").status == 0
    assert tool("archive", "import", where, "--archive", third, "-q").status == 0
    shown = [tool("archive", "show", "tiny", "--archive", place, "--json").out for place in (where, other, third)]
    assert len(set(shown)) == 1
    assert json.loads(shown[0])["digest"] == str(archived_once.record.digest)
    assert len({key[1] for key in registry.manifests if key[1].startswith("release-")}) == 1


def test_the_verbs(where: str, archived_once: Archived, tool: Tool, tmp_path: Path) -> None:
    """All that read an archive read one in a registry, and say the same as of one in a directory."""
    wheel = archived_once.record.inputs[0]
    for words in (
        ("archive", "list"),
        ("archive", "show", "tiny@1.0.0", "--files"),
        ("archive", "find", str(wheel.sha256)),
        ("archive", "verify"),
        ("diff", "tiny", "tiny"),
        ("archive", "prune", "--keep", "1"),
    ):
        here, there = (tool(*words, "--archive", place) for place in (str(archived_once.place), where))
        assert (there.status, there.out.replace(where, "X")) == (
            here.status,
            here.out.replace(str(archived_once.place), "X"),
        ), words
    for words in (("report", "tiny", "--output", "page.html"), ("site", "--output", "pages")):
        ended = tool(*words, "--archive", where)
        assert ended.status == 0, ended.err
    assert tool("archive", "pin", "tiny", "--reason", "complaint", "--archive", where).status == 0
    assert "pinned: complaint" in tool("archive", "list", "--archive", where).out
    assert "0 releases" in tool("archive", "prune", "--keep-for", "1s", "--yes", "--archive", where).out
    assert tool("archive", "unpin", "tiny", "--archive", where).status == 0
    ended = tool("archive", "prune", "--keep-for", "0s", "--yes", "--archive", where)
    assert ended.out.splitlines()[-1].startswith("1 release and "), ended.err
    assert "the registry collects them" in ended.out
    assert "error[TB9101]" in tool("archive", "list", "--archive", where).err, "nothing is left there"


def test_a_registry_that_lies(
    registry: FakeRegistry, where: str, archived_once: Archived, tool: Tool, tmp_path: Path
) -> None:
    """Another release under a tag, and other bytes under a digest: exit 5, and nothing of it is named."""
    (key,) = [key for key in registry.manifests if key[1].startswith("release-")]
    lied = (key[0], f"release-{'0' * 64}")
    registry.manifests[lied] = registry.manifests[key]
    ended = tool("archive", "import", where, "--archive", str(tmp_path / "one"), "-q")
    assert (ended.status, "error[TB9161]" in ended.err) == (5, True), ended.err
    del registry.manifests[lied]
    victim = archived_once.record.inputs[0]
    registry.blobs[str(victim.sha256)] = b"X" + registry.blobs[str(victim.sha256)][1:]
    ended = tool("archive", "import", where, "--archive", str(tmp_path / "two"), "-q")
    assert (ended.status, "error[TB9114]" in ended.err) == (5, True), ended.err
    assert f"{victim.kind} {victim.name} of tiny@1.0.0 is damaged in {where}" in ended.err
    assert "it blocks building it again" in ended.err
    for name, names in (("one", (archived_once.record.digest,)), ("two", ())):
        with Archive(tmp_path / name) as archive:
            assert archive.names() == names


def test_what_is_gone_is_named_with_what_it_blocks(
    registry: FakeRegistry, where: str, archived_once: Archived, tool: Tool, tmp_path: Path
) -> None:
    """Every missing file at once (TB9113), by whatever needs it; a registry that fails is something else (TB9163)."""
    record = archived_once.record
    victims = [record.inputs[0].sha256, next(file.sha256 for file in record.project if file.path == record.spec)]
    for victim in victims:
        registry.held[REPOSITORY].remove(str(victim))
    for words in (
        ("reproduce", "tiny", "--output", str(tmp_path / "again")),
        ("rebuild", "tiny"),
        ("archive", "import", where),
    ):
        place = str(tmp_path / "in") if words[0] == "archive" else where
        ended = tool(*words, "--archive", place, "-q")
        assert (ended.status, ended.err.count("error[TB9113]")) == (5, 2), ended.err
        assert ended.err.count("it blocks building it again") == 2
        assert all(str(victim) in ended.err for victim in victims)
    assert not (tmp_path / "again").exists()
    ended = tool("archive", "verify", "--archive", where, "-q")
    assert (ended.status, ended.err.count("error[TB9113]")) == (5, 2), ended.err
    registry.held[REPOSITORY] |= {str(victim) for victim in victims}
    registry.answers[f"/v2/{REPOSITORY}/blobs/{victims[0]}"] = text("", status=403)
    ended = tool("reproduce", "tiny", "--output", str(tmp_path / "again"), "--archive", where, "-q")
    assert (ended.status, "error[TB9163]" in ended.err, "error[TB3204]" in ended.err) == (4, True, True), ended.err
    assert "it blocks building it again" in ended.err


@pytest.mark.sandbox
def test_layers_are_made_anew(
    registry: FakeRegistry, where: str, archived_once: Archived, tool: Tool, tmp_path: Path
) -> None:
    """A release is built again from a registry that lost its layers, which are not asked for, and its documents.

    An export needs them.
    """
    layers = {
        str(file.sha256)
        for file in archived_once.record.files
        if file.path.startswith("image/blobs/") and file.size > 1000
    }
    assert layers
    registry.held[REPOSITORY] -= layers
    documents = [file for file in archived_once.record.files if file.path in ("README.md", "sbom.cdx.json")]
    registry.held[REPOSITORY].remove(str(documents[0].sha256))
    registry.blobs[str(documents[1].sha256)] = b"other bytes"
    registry.requests.clear()
    ended = tool("reproduce", "tiny", "--output", str(tmp_path / "again"), "--archive", where, "-q")
    assert ended.status == 0, ended.err
    assert not any(layer in request.target for request in registry.requests for layer in layers)
    ended = tool("archive", "export", str(tmp_path / "a.tar"), "--archive", where, "-q")
    assert (ended.status, "it blocks the release as it was released" in ended.err) == (5, True), ended.err


def test_offline(where: str, tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is offline by their settings asks no registry: TB3028."""
    monkeypatch.setenv("TWINBUILD_OFFLINE", "1")
    ended = tool("archive", "list", "--archive", where)
    assert (ended.status, "error[TB3028]" in ended.err) == (4, True), ended.err


def test_a_tag_is_no_repository(tool: Tool) -> None:
    """A tag or a digest is refused: TB9144."""
    assert repository_of("oci://registry.example/a/b").repository == "a/b"
    for name in ("oci://registry.example/a/b:1", f"oci://registry.example/a/b@sha256:{'0' * 64}"):
        with pytest.raises(UsageError, match="TB9144"):
            repository_of(name)
        assert tool("archive", "list", "--archive", name).status == 2


def test_holds(where: str, archived_once: Archived) -> None:
    """A rule about the archive's encryption asks a registry for the very release, and a directory likewise."""
    for place in (where, str(archived_once.place)):
        assert holds(place, archived_once.record.digest)
        assert not holds(place, Digest.of(b"another release"))
