"""Debian's real docker-registry (2.8: no referrers API), in the clear, with logins and over TLS; and skopeo."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.docker_registry import PASSWORD, PROGRAM, TOOL, USER, RealRegistry, real_registry
from fakes.registry import CONFIG, LAYER, MANIFEST, described, document
from fakes.tiny import tiny_project
from fakes.tool import Tool
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.registry.client import RegistryClient
from twinbuild.net.registry.upload import Sent
from twinbuild.store.memory import MemoryStore

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="needs docker-registry"),
    pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs skopeo"),
    pytest.mark.skipif(shutil.which("htpasswd") is None, reason="needs htpasswd"),
]
KINDS = {"plain": {}, "login": {"login": True}, "tls": {"tls": True}, "login-tls": {"login": True, "tls": True}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A registry, and how skopeo is told to reach it."""

    registry: RealRegistry
    login: bool

    def skopeo(self, *arguments: str, side: str = "") -> bytes:
        """Run skopeo; ``side`` is "src-" or "dest-" where it takes two."""
        options = [f"--{side}tls-verify={'true' if self.registry.bundle else 'false'}"]
        if self.login:
            options.append(f"--{side}creds={USER}:{PASSWORD}")
        environment = {**os.environ}
        if self.registry.bundle is not None:
            environment["SSL_CERT_FILE"] = str(self.registry.bundle)
        verb, *rest = arguments
        done = subprocess.run(
            ["skopeo", verb, *options, *rest], env=environment, capture_output=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


@pytest.fixture(scope="module", params=list(KINDS))
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A registry of each kind."""
    kind = KINDS[request.param]
    with real_registry(tmp_path_factory.mktemp("registry"), **kind) as running:
        yield Site(registry=running, login=bool(kind.get("login")))


@pytest.fixture
def site(shared: Site, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """That registry, with this test's user logged in and its authority trusted."""
    if shared.login:
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        configure(tmp_path, monkeypatch, {"auths": {shared.registry.authority: {"auth": auth}}})
    if shared.registry.bundle is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(shared.registry.bundle))
    return shared


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[RealRegistry]:
    """A registry of this test's own."""
    with real_registry(tmp_path / "registry") as running:
        yield running


def configure(directory: Path, monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    """Write Docker's config.json."""
    (directory / "docker").mkdir(exist_ok=True)
    (directory / "docker" / "config.json").write_text(json.dumps(value))
    monkeypatch.setenv("DOCKER_CONFIG", str(directory / "docker"))


def built(tool: Tool, directory: Path) -> tuple[Path, str]:
    """A layout of the tiny project, and its image's digest."""
    project = tiny_project(directory / "tiny", Path(os.environ["TWINBUILD_STORE"]))
    ended = tool("build", str(project), "--output", str(project / "layout"), "--json", "--offline")
    assert ended.status == 0, ended.err
    return project / "layout", str(json.loads(ended.out)["images"][0]["digest"])


def test_registry_for_people(tool: Tool, tmp_path: Path) -> None:
    """`tools/registry start` starts one, a second time none; `stop` leaves nothing."""
    home = tmp_path / "a registry"

    def asked(verb: str) -> str:
        environment = {**os.environ, "TWINBUILD_REGISTRY": str(home)}
        command = [str(TOOL), verb]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=120).stdout

    line = asked("start")
    try:
        assert asked("start") == line
        address = line.removeprefix("export REGISTRY=").strip()
        layout, digest = built(tool, tmp_path)
        ended = tool("push", str(layout), f"{address}/team/tiny:1", "--json")
        assert ended.status == 0, ended.err
        assert json.loads(ended.out)["images"][0]["digest"] == digest
    finally:
        asked("stop")
    assert not home.exists()
    host, _, port = address.partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))
    asked("stop")


def contents(layout: Path) -> dict[str, bytes]:
    """The blobs of a layout."""
    return {file.name: file.read_bytes() for file in (layout / "blobs" / "sha256").iterdir()}


def test_there_and_back(site: Site, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we push skopeo reads, and we pull it byte for byte into an empty store; a second push sends nothing."""
    layout, digest = built(tool, tmp_path)
    name = f"{site.registry.authority}/team/tiny"
    ended = tool("push", str(layout), name, "--json")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["images"] == [{"reference": f"{name}:1.0.0", "digest": digest, "images": 1}]
    assert json.loads(site.skopeo("inspect", f"docker://{name}:1.0.0"))["Digest"] == digest
    site.skopeo("copy", f"docker://{name}@{digest}", f"oci:{tmp_path / 'copied'}:1", side="src-")
    assert contents(tmp_path / "copied") == contents(layout)

    before = site.registry.requests()
    assert json.loads(tool("push", str(layout), name, "--json").out)["sent"] == 0
    asked = site.registry.requests()[len(before) :]
    assert asked
    assert not [request for request in asked if request.startswith(("PUT", "POST", "PATCH"))]

    monkeypatch.setenv("TWINBUILD_STORE", str(tmp_path / "other store"))
    ended = tool("pull", f"{name}@{digest}", "--output", str(tmp_path / "pulled"), "--json")
    assert ended.status == 0, ended.err
    assert contents(tmp_path / "pulled") == contents(layout)


def test_variants(site: Site, tool: Tool, tmp_path: Path) -> None:
    """All of a release under a tag each, or one under the very tag; nothing of the others goes with it."""
    project = tiny_project(tmp_path / "tiny", Path(os.environ["TWINBUILD_STORE"]), variants=("cpu", "gpu"))
    ended = tool("release", str(project), "--json", "--offline")
    assert ended.status == 0, ended.err
    digests = {image["variant"]: image["digest"] for image in json.loads(ended.out)["images"]}
    one, all_of_it = (f"{site.registry.authority}/team/{name}" for name in ("one-variant", "all-variants"))
    assert tool("push", str(project), f"{one}:stable", "--variant", "gpu", "-q").status == 0
    assert tool("push", str(project), f"{all_of_it}:stable", "-q").status == 0
    for name, tags in ((one, {"stable": "gpu"}), (all_of_it, {"stable-cpu": "cpu", "stable-gpu": "gpu"})):
        assert set(json.loads(site.skopeo("list-tags", f"docker://{name}"))["Tags"]) == set(tags)
        for tag, variant in tags.items():
            assert json.loads(site.skopeo("inspect", f"docker://{name}:{tag}"))["Digest"] == digests[variant]


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_what_skopeo_pushed(site: Site, tool: Tool, tmp_path: Path, form: str) -> None:
    """OCI's and Docker's media types, by tag and by digest."""
    layout, _ = built(tool, tmp_path)
    if form == "v2s2":  # which knows no zstd
        release = tmp_path / "tiny" / "release.yaml"
        release.write_text(release.read_text().replace("compression: zstd", "compression: gzip"))
        assert tool("build", str(tmp_path / "tiny"), "--output", str(layout), "--offline", "-q").status == 0
    name = f"{site.registry.authority}/theirs/tiny-{form}"
    site.skopeo("copy", f"--format={form}", f"oci:{layout}:1.0.0", f"docker://{name}:1", side="dest-")
    raw = site.skopeo("inspect", "--raw", f"docker://{name}:1")
    ended = tool("pull", f"{name}:1", "--json")
    assert ended.status == 0, ended.err
    answer = json.loads(ended.out)
    assert answer["digest"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert answer["mediaType"].startswith("application/vnd.docker" if form == "v2s2" else "application/vnd.oci")
    shown = json.loads(tool("image", "inspect", f"{name}:1", "--json").out)
    assert [layer["digest"] for layer in shown["images"][0]["layers"]] == [
        layer["digest"] for layer in json.loads(raw)["layers"]
    ]


def test_who_is_not_let_in(shared: Site, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No login and a wrong one are TB3204; an authority that nobody trusts is TB3022. No password is shown."""
    name = f"{shared.registry.authority}/team/none:1"
    if shared.registry.bundle is not None:
        ended = tool("pull", name)
        assert ended.status == 4
        assert "TB3022" in ended.err
        monkeypatch.setenv("SSL_CERT_FILE", str(shared.registry.bundle))
    if not shared.login:
        assert "TB3202" in tool("pull", name).err
        return
    wrong = base64.b64encode(f"{USER}:wrong {PASSWORD}".encode()).decode()
    for auths in ({}, {shared.registry.authority: {"auth": wrong}}):
        configure(tmp_path, monkeypatch, {"auths": auths})
        ended = tool("pull", name)
        assert ended.status == 4
        assert "TB3204" in ended.err
        assert PASSWORD not in ended.err + ended.out
        assert wrong not in ended.err + ended.out


def test_credential_helper(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real program gives the password; only its name stands in the configuration."""
    programs = tmp_path / "programs"
    programs.mkdir()
    helper = programs / "docker-credential-tests"
    answer = json.dumps({"ServerURL": "x", "Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\nread server\necho \"$1 $server\" >> {tmp_path / 'asked'}\necho '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    layout, _ = built(tool, tmp_path)
    with real_registry(tmp_path / "registry", login=True) as registry:
        configure(tmp_path, monkeypatch, {"credHelpers": {registry.authority: "tests"}})
        ended = tool("push", str(layout), f"{registry.authority}/team/tiny")
        assert ended.status == 0, ended.err
        assert (tmp_path / "asked").read_text() == f"get {registry.authority}\n"


def test_login_by_skopeo(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another tool's login wrote lets us in."""
    layout, digest = built(tool, tmp_path)
    with real_registry(tmp_path / "registry", login=True) as registry:
        configure(tmp_path, monkeypatch, {})
        options = ["--tls-verify=false", f"--authfile={tmp_path / 'docker' / 'config.json'}", "--password-stdin"]
        subprocess.run(
            ["skopeo", "login", *options, "--username", USER, registry.authority],
            input=PASSWORD.encode(), check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        assert tool("push", str(layout), f"{registry.authority}/team/tiny", "-q").status == 0
        assert tool("pull", f"{registry.authority}/team/tiny@{digest}", "-q").status == 0


def test_damage_in_the_registry(
    plain: RealRegistry, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer that rots on the registry's disk ends with exit 5, and is not stored."""
    layout, _ = built(tool, tmp_path)
    name = f"{plain.authority}/team/tiny:1"
    assert tool("push", str(layout), name, "-q").status == 0
    largest = max(plain.data.rglob("data"), key=lambda file: file.stat().st_size)
    content = largest.read_bytes()
    largest.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    monkeypatch.setenv("TWINBUILD_STORE", str(tmp_path / "other store"))
    ended = tool("pull", name, "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (5, "TB3211")
    assert not list((tmp_path / "other store").rglob(hashlib.sha256(content).hexdigest()))


def test_mirror(plain: RealRegistry, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An island: Docker Hub's names are served by a registry here, and Docker Hub is never asked."""
    layout, digest = built(tool, tmp_path)
    assert tool("push", str(layout), f"{plain.authority}/hub/library/tiny:1", "-q").status == 0
    monkeypatch.setenv("TWINBUILD_REGISTRY_MIRRORS", f"docker.io={plain.authority}/hub")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    ended = tool("pull", "tiny:1", "--json")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["reference"] == f"docker.io/library/tiny:1@{digest}"


CONTENT = hashlib.shake_256(b"layer").digest(3 << 20)
BLOB = Descriptor(media_type=LAYER, digest=Digest.of(CONTENT), size=len(CONTENT))


class Cutter:
    """A way to a registry that is cut after so many bytes, as often as told."""

    def __init__(self, upstream: str, cuts: list[int]) -> None:
        self._upstream, self._cuts = int(upstream.rpartition(":")[2]), cuts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.authority = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._upstream))
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    self._threads.append(threading.Thread(target=self._pump, args=(source, sink), daemon=True))
                    self._threads[-1].start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
                passed += len(piece)
                if self._cuts and passed > self._cuts[0]:
                    del self._cuts[0]
                    break
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Accept no more, and end what is under way."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in (self._listener, *self._open):
            sock.close()


@pytest.mark.parametrize("chunk", [700_000, 32 << 20])
def test_broken_ways(plain: RealRegistry, chunk: int) -> None:
    """Uploads, whole and in pieces, and downloads go on where the connection broke."""
    store = MemoryStore()
    store.put(CONTENT)
    settings = Settings(store="/nowhere", retries=5)
    cutter = Cutter(plain.authority, [1_000_000] * 2)
    try:
        reference = ImageReference.parse(f"{cutter.authority}/team/model:1")
        client = RegistryClient(settings, chunk=chunk)
        assert client.push_blob(reference, BLOB, store) is Sent.UPLOADED
        client.close()
    finally:
        cutter.close()
    cutter = Cutter(plain.authority, [1_000_000] * 2)
    try:
        reference = ImageReference.parse(f"{cutter.authority}/team/model:1")
        other = MemoryStore()
        client = RegistryClient(settings)
        client.fetch_blob(reference, BLOB, other)
        client.close()
        assert other.read(BLOB.digest) == CONTENT
    finally:
        cutter.close()
    gets = [request for request in plain.requests() if request.startswith("GET")]
    assert "GET 206" in gets  # the rest alone was sent
    assert plain.requests().count("POST 202") <= 3


def test_mount_pieces_tags_and_referrers(plain: RealRegistry) -> None:
    """Mounts, lists of tags, byte-exact manifests, and referrers under their tag, for 2.8 has no API for them."""
    store, client = MemoryStore(), RegistryClient(Settings(store="/nowhere"), chunk=1 << 20)
    store.put(CONTENT)
    reference = ImageReference.parse(f"{plain.authority}/team/model:1")
    assert client.push_blob(reference, BLOB, store) is Sent.UPLOADED
    assert plain.requests().count("PATCH 202") == 3
    other = ImageReference.parse(f"{plain.authority}/team/other:1")
    assert client.push_blob(other, BLOB, store, mount_from=["team/model"]) is Sent.MOUNTED
    config = b"{}"
    store.put(config)
    for target in (reference, other):
        client.push_blob(target, Descriptor(media_type=CONFIG, digest=Digest.of(config), size=2), store)
    manifest = document({"schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, config),
                         "layers": [described(LAYER, CONTENT)]})  # fmt: skip
    assert client.put_manifest(reference, manifest, MANIFEST) is Sent.UPLOADED
    assert client.put_manifest(reference.tagged("2"), manifest, MANIFEST) is Sent.UPLOADED
    assert client.manifest(reference).content == manifest
    assert client.list_tags(reference) == ("1", "2")
    subject = reference.pinned(Digest.of(manifest))
    assert client.referrers(subject) == ()
    attached = document({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/sbom", "layers": [],
                         "config": described(CONFIG, config), "subject": described(MANIFEST, manifest)})  # fmt: skip
    client.put_manifest(subject.member(Digest.of(attached)), attached, MANIFEST)
    (found,) = client.referrers(subject)
    assert (found.artifact_type, found.descriptor.digest) == ("application/sbom", Digest.of(attached))


def test_it_runs_again(plain: RealRegistry, tool: Tool, tmp_path: Path) -> None:
    """Pushed, deleted here, pulled by digest: the same image, byte for byte, as its own process sees it."""
    layout, digest = built(tool, tmp_path)
    name = f"{plain.authority}/team/tiny"
    command = [sys.executable, "-m", "twinbuild.cli"]
    assert subprocess.run([*command, "push", "-q", str(layout), name], check=False, timeout=120).returncode == 0
    shutil.rmtree(layout)
    assert tool("pull", f"{name}@{digest}", "--output", str(layout), "-q").status == 0
    assert hashlib.sha256((layout / "blobs" / "sha256" / digest[7:]).read_bytes()).hexdigest() == digest[7:]
    site = Site(registry=plain, login=False)
    assert json.loads(site.skopeo("inspect", f"docker://{name}@{digest}"))["Digest"] == digest
