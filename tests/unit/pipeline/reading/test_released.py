"""``pipeline.reading.released``: where a release is. What is wrong with one is in ``unit/cli/test_validate.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.reading.released import read_release, released_before

__all__ = ["tool"]


def test_where_it_is(tool: Tool, tmp_path: Path) -> None:
    """Its directory, its release manifest, or the spec; a release manifest elsewhere lies alone."""
    dist = tiny_release(tool, tmp_path)
    content = (dist / "manifest.json").read_bytes()
    for where in (dist, dist / "manifest.json", dist.parent.parent):
        found = read_release(where)
        assert (found.digest, found.directory) == (Digest.of(content), dist)
    alone = tmp_path / "alone.json"
    alone.write_bytes(content)
    assert read_release(alone).directory is None
    assert read_release(alone).document["kind"] == "ReleaseManifest"


def test_without_its_digest(tool: Tool, tmp_path: Path) -> None:
    """A directory, a spec, and a manifest.json with anything of a release beside it are no manifest that lies alone."""
    dist = tiny_release(tool, tmp_path)
    (dist / "release.digest").unlink()
    for where in (dist, dist.parent.parent, dist / "manifest.yaml", dist / "manifest.json"):
        with pytest.raises(IntegrityError) as caught:
            read_release(where)
        assert [each.code for each in caught.value.findings] == ["TB7005"]
    for verb in (("validate",), ("show",), ("parity", str(dist))):
        assert (tool(*verb, str(dist)).status, tool(*verb, str(dist / "manifest.json")).status) == (5, 5)
    content = (dist / "manifest.json").read_bytes()
    for index, beside in enumerate(("image", "release.lock", "sbom.cdx.json", "provenance.intoto.json", "run.json")):
        place = tmp_path / str(index)
        place.mkdir()
        (place / "manifest.json").write_bytes(content)
        assert read_release(place / "manifest.json").directory is None
        (dist / beside).rename(place / beside)
        with pytest.raises(IntegrityError):
            read_release(place / "manifest.json")
    with pytest.raises(IntegrityError):
        read_release(dist)


def test_a_manifest_beside_a_spec(tool: Tool, tmp_path: Path) -> None:
    """A release manifest that was brought into a project, to be compared with it, lies alone beside its lock."""
    dist = tiny_release(tool, tmp_path)
    project = dist.parent.parent
    (project / "manifest.json").write_bytes((dist / "manifest.json").read_bytes())
    assert (project / "release.lock").is_file()
    assert read_release(project / "manifest.json").directory is None


def test_the_manifest_for_people(tool: Tool, tmp_path: Path) -> None:
    """The YAML stands for the manifest.json beside it; alone it is refused with what to name instead, by each verb."""
    dist = tiny_release(tool, tmp_path)
    found = read_release(dist / "manifest.yaml")
    assert (found.path, found.directory) == (dist / "manifest.json", dist)
    for verb in ("show", "validate"):
        assert tool(verb, str(dist / "manifest.yaml")).out == tool(verb, str(dist)).out
    alone = tmp_path / "other.yaml"
    alone.write_bytes((dist / "manifest.yaml").read_bytes())
    for arguments in (("show",), ("validate",), ("check-config",), ("run",), ("parity", str(dist))):
        ended = tool(*arguments, str(alone))
        assert (ended.status, "TB8010" in ended.err, "apiVersion" in ended.err) == (2, True, False)
        assert "is a release manifest, expected a spec" in ended.err
        assert "manifest.json" in ended.err
    for verb in ("run", "build", "lock"):
        ended = tool(verb, str(dist))
        assert ended.status == 2
        assert "is the directory of a release, expected a spec" in ended.err
    assert tool("run", str(dist / "manifest.json")).status == 2


def test_nothing_there(tool: Tool, tmp_path: Path) -> None:
    """TB7003 says what to do; of variants that were released alone it names the directories."""
    dist = tiny_release(tool, tmp_path)
    dist.rename(dist.with_name("tiny-1.0.0-cpu"))
    (tmp_path / "empty").mkdir()
    for where, word in (
        (tmp_path / "empty", "is neither a release nor"),
        (tmp_path / "nowhere.json", "does not exist"),
        (tmp_path / "nowhere", "does not exist"),
        (dist.parent.parent, "there are dist/tiny-1.0.0-cpu"),
    ):
        with pytest.raises(UsageError) as caught:
            read_release(where)
        assert word in caught.value.findings[0].message
        assert caught.value.findings[0].code == "TB7003"


def test_released_before(tool: Tool, tmp_path: Path) -> None:
    """A sound release of that name and version; whatever else lies there was not given to anybody as it is."""
    assert released_before(tmp_path / "none", "tiny", "1.0.0") is None
    dist = tiny_release(tool, tmp_path)
    content = (dist / "manifest.json").read_bytes()
    assert released_before(dist, "tiny", "1.0.0") == Digest.of(content)
    assert released_before(dist, "tiny", "1.0.1") is None
    assert released_before(dist, "other", "1.0.0") is None
    for damaged in (content.replace(b"tests", b"stets"), b"{", b"[]", b""):
        (dist / "manifest.json").write_bytes(damaged)
        assert released_before(dist, "tiny", "1.0.0") is None
