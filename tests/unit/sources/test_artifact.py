"""Artifacts at lock time: what they are is found out once, and stored."""

from __future__ import annotations

import mmap
import os
import time
from pathlib import Path

import pytest

from fakes.web import WebServer, file
from twinbuild.errors import FetchError, IntegrityError, SpecError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedArtifact
from twinbuild.model.settings import Settings
from twinbuild.net.opener import Opener
from twinbuild.sources.artifact import local_digest, pin_artifact
from twinbuild.store.memory import MemoryStore

CONTENT = b"weights" * 1000
DIGEST = Digest.of(CONTENT)


def pin(uri: str, project: Path, store: MemoryStore, **stated: object) -> LockedArtifact:
    """The artifact ``w`` as locked."""
    opener = Opener(Settings(store="/nowhere", retries=1))
    return pin_artifact(name="w", uri=uri, store=store, opener=opener, project=str(project), **stated)  # type: ignore[arg-type]


def test_local_and_remote(tmp_path: Path) -> None:
    """A file of the project and one of a server are stored and locked by what they are."""
    (tmp_path / "w.bin").write_bytes(CONTENT)
    with WebServer() as server:
        server.answers["/w"] = file(CONTENT, breaks=(3000,))
        for uri in ("w.bin", server.url("/w")):
            store = MemoryStore()
            assert pin(uri, tmp_path, store) == LockedArtifact(name="w", uri=uri, size=len(CONTENT), sha256=DIGEST)
            assert store.read(DIGEST) == CONTENT
            asked = len(server.requests)
            assert pin(uri, tmp_path, store, sha256=DIGEST).size == len(CONTENT)
            assert len(server.requests) == asked


def test_unchanged_file_is_known(tmp_path: Path) -> None:
    """A quiet file is not read a second time; an edit that keeps size and modification time is seen."""
    path = tmp_path / "w.bin"
    path.write_bytes(CONTENT)
    store, now = MemoryStore(), time.time_ns() + 10_000_000_000
    first = pin("w.bin", tmp_path, store, now=now)
    steps: list[int] = []
    assert pin("w.bin", tmp_path, store, now=now, advance=steps.append) == first
    assert steps == []
    status = path.stat()
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert pin("w.bin", tmp_path, store, now=now).sha256 == Digest.of(CONTENT[::-1])


def _notes_mappings(path: Path) -> bool:
    """Whether a file system sets the times of a file that is changed through a mapping; one in memory does not."""
    path.write_bytes(CONTENT)
    with path.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as mapped:
        mapped[0] = ord("x")
        os.fdatasync(stream.fileno())
        before = path.stat().st_mtime_ns
        time.sleep(0.02)
        mapped[1] = ord("x")
        return path.stat().st_mtime_ns != before


@pytest.mark.parametrize("look", ["pin", "local"])
def test_a_file_that_is_changed_through_a_mapping(tmp_path: Path, look: str) -> None:
    """Weights that a training still has mapped: a page that it had changed before is seen to change again."""
    path, store, now = tmp_path / "w.bin", MemoryStore(), time.time_ns() + 10_000_000_000
    if not _notes_mappings(tmp_path / "probe"):
        pytest.skip("this file system does not note changes through a mapping")
    path.write_bytes(CONTENT)

    def digest() -> Digest | None:
        if look == "pin":
            return pin("w.bin", tmp_path, store, now=now).sha256
        return local_digest("w.bin", store, str(tmp_path), now=now)

    with path.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as mapped:
        mapped[0] = ord("x")
        first = digest()
        store.put(path.read_bytes())  # a digest is only known where its bytes are stored
        assert digest() == first == Digest.of(path.read_bytes())
        time.sleep(0.02)  # a tick of the file system's clock
        mapped[1] = ord("y")
        assert digest() == Digest.of(path.read_bytes()) != first


@pytest.mark.parametrize(
    ("content", "stated", "code", "kind"),
    [(b"", {}, "TB2316", SpecError), (CONTENT, {"size": 1}, "TB2306", IntegrityError),
     (CONTENT, {"sha256": Digest.of(b"")}, "TB2307", IntegrityError),
     (b"version https://git-lfs.github.com/spec/v1\noid", {}, "TB2305", SpecError)],
)  # fmt: skip
def test_wrong_content(
    tmp_path: Path, content: bytes, stated: dict[str, object], code: str, kind: type[TwinbuildError]
) -> None:
    """What is empty, a pointer, or not what the spec states is refused (MA-06, MA-09)."""
    (tmp_path / "w.bin").write_bytes(content)
    with pytest.raises(kind) as caught:
        pin("w.bin", tmp_path, MemoryStore(), **stated)
    assert caught.value.findings[0].code == code


def test_a_changed_file_is_not_covered_by_a_stored_digest(tmp_path: Path) -> None:
    """That the stated bytes are stored does not excuse a file that has others, or none."""
    path, store, now = tmp_path / "w.bin", MemoryStore(), time.time_ns() + 10_000_000_000
    path.write_bytes(CONTENT)
    assert pin("w.bin", tmp_path, store, sha256=DIGEST, now=now).sha256 == DIGEST
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(IntegrityError) as changed:
        pin("w.bin", tmp_path, store, sha256=DIGEST, now=now)
    assert changed.value.findings[0].code == "TB2307"
    path.unlink()
    with pytest.raises(SpecError) as gone:
        pin("w.bin", tmp_path, store, sha256=DIGEST, now=now)
    assert gone.value.findings[0].code == "TB2304"


def test_what_a_file_is_now(tmp_path: Path) -> None:
    """The digest of the file at this moment, read once; None where it is missing."""
    path, store, now = tmp_path / "w.bin", MemoryStore(), time.time_ns() + 10_000_000_000
    assert local_digest("w.bin", store, str(tmp_path), now=now) is None
    path.write_bytes(CONTENT)
    store.put(CONTENT)
    assert local_digest("w.bin", store, str(tmp_path), now=now) == DIGEST
    path.chmod(0o000)
    assert local_digest("w.bin", store, str(tmp_path), now=now) in (DIGEST, None)  # None where no one may read it
    path.chmod(0o600)
    path.write_bytes(CONTENT[::-1])
    assert local_digest("w.bin", store, str(tmp_path), now=now) == Digest.of(CONTENT[::-1])


def test_plain_http_without_a_digest(tmp_path: Path) -> None:
    """Over plain http nothing is taken on trust."""
    with pytest.raises(FetchError) as caught:
        pin("http://far.example/w", tmp_path, MemoryStore())
    assert caught.value.findings[0].code == "TB3011"
