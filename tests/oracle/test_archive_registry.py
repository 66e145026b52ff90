"""An archive in Debian's real docker-registry: over TLS with a login, damaged on its disk, and collected by itself."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.docker_registry import PASSWORD, PROGRAM, USER, RealRegistry, real_registry
from fakes.signed import key_file
from fakes.tiny import tiny_project
from fakes.tool import Tool, tool
from twinbuild.govern.keys import new_key

__all__ = ["tool"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.sandbox,
    pytest.mark.skipif(PROGRAM is None, reason="needs docker-registry"),
    pytest.mark.skipif(shutil.which("htpasswd") is None, reason="needs htpasswd"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blobs:
    """The registry's own files."""

    registry: RealRegistry

    def path(self, digest: str) -> Path:
        """Where a blob lies."""
        hexadecimal = digest.removeprefix("sha256:")
        return self.registry.data / "docker/registry/v2/blobs/sha256" / hexadecimal[:2] / hexadecimal / "data"


def test_years_later(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Released and signed into a registry, a version gone and its files collected: the other is built again from it."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    with real_registry(tmp_path / "registry", login=True, tls=True) as registry:
        place = f"oci://{registry.authority}/team/releases"
        monkeypatch.setenv("TWINBUILD_ARCHIVE", place)
        ended = tool("archive", "list")
        assert (ended.status, "error[TB302" in ended.err) == (4, True), "no certificate, no word"
        monkeypatch.setenv("SSL_CERT_FILE", str(registry.bundle))
        ended = tool("archive", "list")
        assert (ended.status, "error[TB3204]" in ended.err) == (4, True), ended.err
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (tmp_path / "docker").mkdir()
        (tmp_path / "docker/config.json").write_text(json.dumps({"auths": {registry.authority: {"auth": auth}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))

        ended = tool("release", str(project), "--locked", "-q")
        assert (ended.status, f"archived in {place}" in ended.out) == (0, True), ended.err
        key = key_file(tmp_path / "ada", new_key("ecdsa"))
        ended = tool("sign", str(project / "dist/tiny-1.0.0"), "--key", str(key))
        assert (ended.status, f"archived in {place}" in ended.out) == (0, True), ended.err
        shown = json.loads(tool("archive", "show", "tiny", "--json").out)
        assert any(file["path"] == "signatures/release.dsse.json" for file in shown["files"])

        spec = project / "release.yaml"
        spec.write_text(spec.read_text().replace("version: 1.0.0", "version: 1.0.1"))
        assert tool("lock", str(project), "-q").status == 0
        ended = tool("release", str(project), "--locked", "-q", "--json")
        assert (ended.status, PASSWORD in ended.err + ended.out) == (0, False), ended.err
        ended = tool("archive", "verify", "--json")
        assert (ended.status, json.loads(ended.out)["releases"]) == (0, 2), ended.err

        _gone(tool, registry, "tiny@1.0.1", tmp_path)
        shutil.rmtree(project)
        shutil.rmtree(tmp_path / "store")
        ended = tool("reproduce", "tiny@1.0.0", "--output", str(tmp_path / "again"), "--json")
        assert ended.status == 0, ended.err
        assert json.loads(ended.out)["release"] == shown["digest"]
        assert (tmp_path / "again/signatures/release.dsse.json").is_file()
        _damaged(tool, Blobs(registry=registry), shown)


def _gone(tool: Tool, registry: RealRegistry, name: str, directory: Path) -> None:
    """Pruned, and collected by the registry: what only it needed is gone from its disk, and nothing else."""
    going, staying = (json.loads(tool("archive", "show", each, "--json").out) for each in (name, "tiny@1.0.0"))
    digests = [{file["sha256"] for file in each["files"]} for each in (going, staying)]
    own = next(iter(digests[0] - digests[1]))
    assert tool("archive", "pin", "tiny@1.0.0", "--reason", "it is the older one").status == 0
    ended = tool("archive", "prune", "--keep-for", "0s", "--yes")
    assert ended.status == 0, ended.err
    configuration = directory / "registry/config.yml"
    assert PROGRAM is not None
    subprocess.run(
        [PROGRAM, "garbage-collect", "--delete-untagged", str(configuration)], check=True, capture_output=True
    )
    assert not Blobs(registry=registry).path(own).exists()
    ended = tool("archive", "verify", "--json")
    assert (ended.status, json.loads(ended.out)["releases"]) == (0, 1), ended.err


def _damaged(tool: Tool, blobs: Blobs, shown: dict[str, object]) -> None:
    """A bit that turned on the registry's disk, and a file that is gone there, are each named with what they block."""
    inputs = shown["inputs"]
    assert isinstance(inputs, list)
    turned, lost = (str(each["sha256"]) for each in inputs[:2])
    content = blobs.path(turned).read_bytes()
    blobs.path(turned).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    blobs.path(lost).unlink()
    ended = tool("archive", "verify")
    assert (ended.status, ended.err.count("error[TB9114]"), ended.err.count("error[TB9113]")) == (5, 1, 1), ended.err
    assert ended.err.count("it blocks building it again") == 2
    assert turned in ended.err
    assert lost in ended.err
