"""The fetcher against indexes and mirrors on the loopback, good and bad."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.web import Request, WebServer, Wire, file, text
from twinbuild.errors import FetchError, IntegrityError, LockError, SpecError, TwinbuildError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import AptIndex, LockedArtifact, LockedDeb, LockedWheel
from twinbuild.model.settings import Settings
from twinbuild.net.http import HttpClient
from twinbuild.net.opener import Opener
from twinbuild.sources.fetch import Item, RemoteFetcher
from twinbuild.sources.origins import origin_of
from twinbuild.store.disk import DiskStore
from twinbuild.store.memory import MemoryStore

WHEEL = b"wheel " * 5000
DEB = b"deb " * 5000
WEIGHTS = b"weights " * 5000
JSON = "application/vnd.pypi.simple.v1+json"


def wheel(content: bytes = WHEEL, name: str = "pkg", index: str = "default") -> LockedWheel:
    """A locked wheel with that content."""
    return LockedWheel(
        index=index, name=name, version="1.0", filename=f"{name}-1.0-py3-none-any.whl", size=len(content),
        sha256=Digest.of(content), requires=(), requested=True,
    )  # fmt: skip


def deb(content: bytes = DEB, path: str = "pool/main/l/lib+x/lib+x_1%3a1.0~rc1_amd64.deb") -> LockedDeb:
    """A locked Debian package with that content."""
    return LockedDeb(
        name="lib+x", version="1:1.0~rc1", architecture="amd64", archive="debian", suite="bookworm", component="main",
        path=path, size=len(content), sha256=Digest.of(content), source="x", source_version="1", depends=(),
        pre_depends=(), essential=False, requested=True,
    )  # fmt: skip


def artifact(uri: str, content: bytes = WEIGHTS) -> LockedArtifact:
    """A locked artifact with that content."""
    return LockedArtifact(name="weights", uri=uri, size=len(content), sha256=Digest.of(content))


def page(*files: dict[str, object]) -> bytes:
    """A project's page (PEP 691)."""
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "pkg", "files": files}).encode()


@pytest.fixture
def server() -> Iterator[WebServer]:
    """An index and a mirror with the wheel, the package and the weights."""
    with WebServer() as running:
        entry = {"filename": wheel().filename, "url": "../../files/w.whl", "hashes": {"sha256": wheel().sha256.hex}}
        running.answers["/simple/pkg/"] = text(page(entry), Content_Type=JSON)
        running.answers["/files/w.whl"] = file(WHEEL)
        running.answers["/debian/pool/main/l/lib+x/lib+x_1%253a1.0~rc1_amd64.deb"] = file(DEB)
        running.answers["/weights"] = file(WEIGHTS)
        yield running


def fetcher(server: WebServer, project: Path, **settings: object) -> RemoteFetcher:
    """A fetcher that knows the server, with little patience."""
    fields: dict[str, object] = {
        "store": "/nowhere",
        "timeout": 2.0,
        "retries": 1,
        "indexes": (("default", server.url("/simple")),),
        "archives": (("debian", (server.url("/debian"),)),),
        **settings,
    }
    configured = Settings(**fields)  # type: ignore[arg-type]
    opener = Opener(configured, client=HttpClient(configured, pause=lambda seconds: None))
    dates = AptIndex(
        archive="debian", suite="bookworm", component="main", architecture="amd64", date="2026-11-01T12:30:05Z",
        release=Digest.of(b""), packages=Digest.of(b""), signed_by="",
    )  # fmt: skip
    return RemoteFetcher(configured, project=str(project), apt_indexes=(dates,), opener=opener)


def codes(error: TwinbuildError) -> list[str]:
    """Codes of all findings."""
    return [finding.code for finding in error.findings]


def test_everything_arrives(server: WebServer, tmp_path: Path) -> None:
    """Wheel, package, local and remote artifact end in the store, with progress that ends at the sum of sizes."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model/local").write_bytes(b"local")
    items: tuple[Item, ...] = (
        wheel(), wheel(), deb(), artifact(server.url("/weights")), artifact("model/local", b"local"),
        artifact("wheel:pkg/inner/file", b"taken out of its wheel later"),
    )  # fmt: skip
    store, seen = MemoryStore(), []
    fetcher(server, tmp_path).fetch(items, store, lambda *step: seen.append(step))
    assert set(store.blobs()) == {Digest.of(content) for content in (WHEEL, DEB, WEIGHTS, b"local")}
    total = len(WHEEL) + len(DEB) + len(WEIGHTS) + 5
    assert seen[-1] == ("fetch", total, total)
    origins = [origin_of(store, Digest.of(content)) for content in (WHEEL, WEIGHTS, b"local")]
    assert origins == [server.url("/files/w.whl"), server.url("/weights"), "model/local"]
    asked = len(server.requests)
    fetcher(server, tmp_path).fetch(items, store)
    assert len(server.requests) == asked, "what is stored is not asked for again"


def test_index_disagrees_with_the_lock(server: WebServer, tmp_path: Path) -> None:
    """An index that states another digest or size is refused before a byte is downloaded (LK-19)."""
    for entry in ({"hashes": {"sha256": "0" * 64}}, {"hashes": {}, "size": 1}):
        full = {"filename": wheel().filename, "url": "/files/w.whl", **entry}
        server.answers["/simple/pkg/"] = text(page(full), Content_Type=JSON)
        store = MemoryStore()
        with pytest.raises(IntegrityError) as caught:
            fetcher(server, tmp_path).fetch((wheel(),), store)
        assert codes(caught.value) == ["TB3043"]
        assert list(store.blobs()) == []
    assert "/files/w.whl" not in server.targets()


def test_file_disagrees_with_the_index(server: WebServer, tmp_path: Path) -> None:
    """A file that is not what index and lock say is refused, and nothing is stored (LK-19)."""
    server.answers["/files/w.whl"] = file(b"X" + WHEEL[1:])
    with DiskStore(tmp_path / "store") as store:
        with pytest.raises(IntegrityError) as caught:
            fetcher(server, tmp_path).fetch((wheel(),), store)
        assert codes(caught.value) == ["TB3031"]
        assert list(store.blobs()) == []


def test_package_disagrees_with_the_lock(server: WebServer, tmp_path: Path) -> None:
    """A package with wrong bytes ends the fetch: no other mirror is asked to paper over it (DB-01)."""
    with WebServer() as bad:
        bad.answers[server_path := "/debian/pool/main/l/lib+x/lib+x_1%253a1.0~rc1_amd64.deb"] = file(b"X" + DEB[1:])
        mirrors = (("debian", (bad.url("/debian"), server.url("/debian"))),)
        store = MemoryStore()
        with pytest.raises(IntegrityError, match=str(deb().sha256)) as caught:
            fetcher(server, tmp_path, archives=mirrors).fetch((deb(),), store)
        assert codes(caught.value) == ["TB3031"]
        assert list(store.blobs()) == []
        assert server_path not in server.targets()


def test_next_mirror_then_snapshot(server: WebServer, tmp_path: Path) -> None:
    """A mirror that lacks the file is followed by the next, and by the snapshot of the index's own date (DB-09)."""
    path = "/snapshot/20261101T123005Z/pool/main/l/lib+x/lib+x_1%253a1.0~rc1_amd64.deb"
    server.answers[path] = file(DEB)
    places = {
        "archives": (("debian", (server.url("/empty"), (tmp_path / "none").as_uri())),),
        "snapshots": (("debian", (server.url("/snapshot/{timestamp}/"),)),),
    }
    store = MemoryStore()
    fetcher(server, tmp_path, **places).fetch((deb(),), store)
    assert store.has(deb().sha256)
    assert server.targets()[-1] == path


def test_all_failures_come_at_once(server: WebServer, tmp_path: Path) -> None:
    """Every item that fails is reported, and what could be had is stored all the same."""
    items: tuple[Item, ...] = (
        wheel(), wheel(b"a", "gone"), wheel(b"b", "pkg"), wheel(b"c", "pkg", "internal"), deb(b"d", "pool/none.deb"),
        artifact("missing", b"e"), artifact(server.url("/nothing"), b"f"),
    )  # fmt: skip
    items = (*items[:2], replace(wheel(b"b"), filename="pkg-2.0-py3-none-any.whl"), *items[3:])
    store = MemoryStore()
    with pytest.raises(UsageError) as caught:
        fetcher(server, tmp_path).fetch(items, store)
    assert sorted(codes(caught.value)) == ["TB2304", "TB3015", "TB3015", "TB3041", "TB3042", "TB3044"]
    assert store.has(wheel().sha256)


def test_offline_names_all_that_is_missing(server: WebServer, tmp_path: Path) -> None:
    """Offline, all missing items are listed at once and nobody is asked; files of this machine still count."""
    (tmp_path / "here").write_bytes(b"here")
    items: tuple[Item, ...] = (wheel(), deb(), artifact(server.url("/weights")), artifact("here", b"here"))
    store = MemoryStore()
    with pytest.raises(LockError) as caught:
        fetcher(server, tmp_path, offline=True).fetch(items, store)
    assert codes(caught.value) == ["TB3047"] * 3
    assert server.requests == []
    fetcher(server, tmp_path, offline=True).fetch(items[3:], store)
    assert store.has(Digest.of(b"here"))


def test_island(tmp_path: Path) -> None:
    """Directories serve as mirror and index, as plain wheels or in the simple API's layout, also offline."""
    flat, simple, mirror = (tmp_path / name for name in ("flat dir", "simple", "mirror"))
    for directory in (flat, simple / "pkg", (mirror / deb().path).parent):
        directory.mkdir(parents=True)
    (flat / wheel().filename).write_bytes(WHEEL)
    (simple / "w.whl").write_bytes(WHEEL)
    link = f'<a href="../w.whl#sha256={wheel().sha256.hex}">{wheel().filename}</a>'
    (simple / "pkg/index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
    (mirror / deb().path).write_bytes(DEB)
    for index in (str(flat), flat.as_uri(), simple.as_uri(), str(simple)):
        configured = Settings(
            store="/nowhere", indexes=(("default", index),), archives=(("debian", (mirror.as_uri(),)),), offline=True
        )
        store = MemoryStore()
        RemoteFetcher(configured, project=str(tmp_path)).fetch((wheel(), deb()), store)
        assert store.has(wheel().sha256)
        assert store.has(deb().sha256)
    (flat / wheel().filename).write_bytes(b"X" + WHEEL[1:])
    configured = Settings(store="/nowhere", indexes=(("default", str(flat)),))
    with pytest.raises(IntegrityError) as caught:
        RemoteFetcher(configured, project=str(tmp_path)).fetch((wheel(),), MemoryStore())
    assert codes(caught.value) == ["TB3031"]


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "pool//x", "pool/./x", "pool\\x", "pool/\nx", ""])
def test_hostile_path_of_a_package(server: WebServer, tmp_path: Path, path: str) -> None:
    """A path of the lock cannot leave the mirror."""
    for base in (server.url("/debian"), tmp_path.as_uri()):
        with pytest.raises(FetchError) as caught:
            fetcher(server, tmp_path, archives=(("debian", (base,)),)).fetch((deb(path=path),), MemoryStore())
        assert codes(caught.value) == ["TB3010"]
    assert server.requests == []


@pytest.mark.parametrize(
    ("uri", "code"),
    [("../outside", "TB2301"), ("/etc/passwd", "TB2301"), ("out", "TB2302"), ("loop", "TB2302"), ("up", "TB2302"),
     ("folder", "TB2303"), ("pipe", "TB2303"), ("dangling", "TB2304"), ("through/passwd", "TB2302")],
)  # fmt: skip
def test_artifact_outside_of_the_project(server: WebServer, tmp_path: Path, uri: str, code: str) -> None:
    """Neither a path nor a link of any kind leads out of the project (SP-21, MA-05)."""
    project = tmp_path / "project"
    (project / "folder").mkdir(parents=True)
    (tmp_path / "outside").write_bytes(WEIGHTS)
    (project / "out").symlink_to(tmp_path / "outside")
    (project / "up").symlink_to("folder/../../outside")
    (project / "loop").symlink_to("loop")
    (project / "dangling").symlink_to("nowhere")
    (project / "through").symlink_to("/etc")
    os.mkfifo(project / "pipe")
    with pytest.raises(SpecError) as caught:
        fetcher(server, project).fetch((artifact(uri),), MemoryStore())
    assert codes(caught.value) == [code]


def test_artifact_by_a_link_inside(server: WebServer, tmp_path: Path) -> None:
    """A relative link that stays inside counts as the file it leads to (as model caches lay them out)."""
    (tmp_path / "blobs").mkdir()
    (tmp_path / "snapshots/one").mkdir(parents=True)
    (tmp_path / "blobs/abc").write_bytes(WEIGHTS)
    (tmp_path / "snapshots/one/model.bin").symlink_to("../../blobs/abc")
    (tmp_path / "current").symlink_to("snapshots/one")
    store = MemoryStore()
    fetcher(server, tmp_path).fetch((artifact("current/model.bin"),), store)
    assert store.has(Digest.of(WEIGHTS))


@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [(WEIGHTS[:-1], "TB2306", IntegrityError), (b"", "TB2306", IntegrityError),
     (b"X" + WEIGHTS[1:], "TB2307", IntegrityError),
     (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n", "TB2305", SpecError),
     (b"/annex/objects/SHA256E-s5--ab\n", "TB2305", SpecError)],
)  # fmt: skip
def test_artifact_with_other_content(
    server: WebServer, tmp_path: Path, content: bytes, code: str, kind: type[TwinbuildError]
) -> None:
    """A local artifact of another size or digest, or a pointer in its place, is named as that (MA-06, MA-09)."""
    (tmp_path / "weights").write_bytes(content)
    store = MemoryStore()
    with pytest.raises(kind) as caught:
        fetcher(server, tmp_path).fetch((artifact("weights"),), store)
    assert codes(caught.value) == [code]
    assert list(store.blobs()) == []


def test_lock_with_two_sizes_for_one_digest(server: WebServer, tmp_path: Path) -> None:
    """A digest has one size; a lock that says otherwise is wrong."""
    store = MemoryStore()
    store.put(WHEEL)
    with pytest.raises(IntegrityError) as caught:
        fetcher(server, tmp_path).fetch((replace(wheel(), size=3),), store)
    assert codes(caught.value) == ["TB3030"]


def test_interrupt_leaves_nothing_half(server: WebServer, tmp_path: Path) -> None:
    """Ctrl-C ends a fetch within moments, and the store holds whole blobs only."""

    def stalls(request: Request, wire: Wire) -> None:
        wire.head(200, {"Content-Length": len(WEIGHTS)})
        wire.send(WEIGHTS[:1000])
        wire.wait(60)

    server.answers["/weights"] = stalls

    def interrupt() -> None:
        while "/weights" not in server.targets():
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    with DiskStore(tmp_path / "store") as store:
        threading.Thread(target=interrupt, daemon=True).start()
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            fetcher(server, tmp_path, timeout=50.0).fetch((wheel(), artifact(server.url("/weights"))), store)
        assert time.monotonic() - started < 5
        assert list(store.blobs()) == [wheel().sha256]
