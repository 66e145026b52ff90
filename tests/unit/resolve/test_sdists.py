"""Source distributions: one file of one index, by digest."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.python_index import File, PackageIndex, wheel
from twinbuild.errors import LockError, UsageError
from twinbuild.model.lock import LockedSdist
from twinbuild.model.settings import Settings
from twinbuild.net.opener import Opener
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.sdists import pin_sdists
from twinbuild.sources.fetch import RemoteFetcher
from twinbuild.store.memory import MemoryStore


def sdist(name: str, **fields: object) -> File:
    """A source distribution with nothing in it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz"):
        pass
    file = wheel("demo")
    content = stream.getvalue() + name.encode()
    import hashlib

    file = replace(file, name=name, content=content, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    return replace(file, **fields)  # type: ignore[arg-type]


def pin(
    *wanted: str, index: str, previous: tuple[LockedSdist, ...] = (), more: tuple[PythonIndex, ...] = ()
) -> tuple[tuple[LockedSdist, ...], MemoryStore]:
    """The pinned files, and the store that may have got some."""
    store = MemoryStore()
    settings = Settings(store="/nonexistent", retries=0)
    indexes = (PythonIndex(name="default", address=index), *more)
    return pin_sdists(wanted, previous, indexes=indexes, opener=Opener(settings), store=store), store


def test_a_file_of_the_index(tmp_path: Path) -> None:
    """The one of that version, .tar.gz before .zip; it is fetched like a wheel, and what is pinned stays."""
    files = (sdist("demo-1.0.zip"), sdist("demo-1.0.tar.gz"), sdist("demo-2.0.tar.gz"), wheel("demo"))
    with PackageIndex({"demo": files}) as index:
        (found,), store = pin("Demo==1", index=index.address())
        assert (found.name, found.version, found.filename) == ("demo", "1", "demo-1.0.tar.gz")
        assert not store.has(found.sha256)  # the index states what it is
        settings = Settings(store=str(tmp_path), indexes=(("default", index.address()),), retries=0)
        RemoteFetcher(settings, project=str(tmp_path)).fetch((found,), store)
        assert store.read(found.sha256) == files[1].content
        assert pin("demo==1", index="file:///nonexistent", previous=(found,))[0] == (found,)


def test_an_index_that_says_little() -> None:
    """Bytes are hashed once, and stored."""
    with PackageIndex({"demo": (sdist("demo-1.0.tar.gz", sha256=None, size=None),)}) as index:
        (found,), store = pin("demo==1.0", index=index.address())
        assert store.size(found.sha256) == found.size


def test_a_directory(tmp_path: Path) -> None:
    """A directory of files is an index."""
    (tmp_path / "demo-1.0.tar.gz").write_bytes(b"bytes")
    (found,), _ = pin("demo==1.0", index=str(tmp_path))
    assert found.size == 5


def test_refused() -> None:
    """TB5322: no such version, no source, withdrawn; TB3044: an index without an address."""
    files = (sdist("demo-1.0.tar.gz", yanked="broken"), wheel("demo", "2.0"))
    with PackageIndex({"demo": files}) as index:
        with pytest.raises(LockError) as caught:
            pin("demo==1.0", "demo==2.0", index=index.address())
        assert [finding.code for finding in caught.value.findings] == ["TB5322", "TB5322"]
        with pytest.raises(UsageError) as missing:
            pin("demo==1.0", index=index.address(), more=(PythonIndex(name="own", address="", projects=("demo",)),))
        assert missing.value.findings[0].code == "TB3044"
