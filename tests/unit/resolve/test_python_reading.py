"""Indexes without digests, and directories of wheels: read once, remembered, resolved like any other."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.python_index import PackageIndex, wheel
from twinbuild.errors import IntegrityError, LockError
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.ports import silent
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_reading import Reading
from twinbuild.sources.fetch import RemoteFetcher
from twinbuild.store.memory import MemoryStore
from unit.resolve.conftest import Resolve

TAG = "cp311-cp311-manylinux_2_28_x86_64"
TORCH = wheel("torch", "2.13.0+cpu", tag=TAG, requires=("lib",), weight=300_000, hashed=False, sized=False)
LIB = wheel("lib", hashed=False)


def _bodies(index: PackageIndex) -> list[str]:
    return [line for line in index.asked if line.startswith("GET /files/")]


@pytest.mark.parametrize("keep", [True, False])
def test_read_once(resolve: Resolve, keep: bool) -> None:
    """The digest is of the bytes, the second lock downloads nothing, and the bytes are stored only where asked."""
    store = MemoryStore()
    with PackageIndex({"torch": (TORCH,), "lib": (LIB,)}) as index:
        for sent in (True, False):
            before = index.sent
            wheels = resolve("torch==2.13.0", index=index.address(), reading=Reading(store=store, keep=keep))
            assert (index.sent - before > len(TORCH.content)) is sent
    assert {each.name: each.sha256.hex for each in wheels} == {
        "torch": hashlib.sha256(TORCH.content).hexdigest(),
        "lib": hashlib.sha256(LIB.content).hexdigest(),
    }
    assert [each.version for each in wheels] == ["1.0", "2.13.0+cpu"]
    assert wheels[1].size == len(TORCH.content)
    assert all(store.has(each.sha256) is keep for each in wheels)


def test_another_size_is_another_file(resolve: Resolve) -> None:
    """A record answers for one index, name and size; a damaged one for nothing."""
    store = MemoryStore()
    reading = Reading(store=store, keep=False)
    with PackageIndex({"lib": (LIB,)}) as index:
        (first,) = resolve("lib", index=index.address(), reading=reading)
        index.projects["lib"] = (wheel("lib", hashed=False, weight=64),)
        (second,) = resolve("lib", index=index.address(), reading=reading)
    assert first.filename == second.filename
    assert first.sha256 != second.sha256


def test_a_pinned_file_that_was_replaced(resolve: Resolve) -> None:
    """Where the size differs, other bytes under a pinned name are noticed by whoever compares the locks."""
    store = MemoryStore()
    with PackageIndex({"lib": (LIB,)}) as index:
        wheels = resolve("lib", index=index.address(), reading=Reading(store=store, keep=False))
        index.projects["lib"] = (wheel("lib", hashed=False, weight=64),)
        with pytest.raises(IntegrityError, match="TB2022"):
            resolve("lib", index=index.address(), previous=wheels, reading=Reading(store=store, keep=False))


def test_bytes_that_were_swapped_are_refused_when_they_are_fetched(resolve: Resolve, tmp_path: Path) -> None:
    """Of the same size, they are not noticed by a lock that remembers; they are never stored."""
    store = MemoryStore()
    content = bytearray(LIB.content)
    content[content.index(b"lib.bin")] ^= 1
    with PackageIndex({"lib": (LIB,)}) as index:
        first = resolve("lib", index=index.address(), reading=Reading(store=store, keep=False))
        index.projects["lib"] = (replace(LIB, content=bytes(content)),)
        again = resolve("lib", index=index.address(), reading=Reading(store=store, keep=False))
        assert first == again
        settings = Settings(store=str(tmp_path), indexes=(("default", index.address()),), retries=0)
        with pytest.raises(IntegrityError) as caught:
            RemoteFetcher(settings, project=str(tmp_path)).fetch(again, store, silent)
    (finding,) = caught.value.findings
    assert again[0].sha256.hex in str(finding)
    assert not store.has(again[0].sha256)
    assert not store.has(Digest.of(bytes(content)))


def test_without_reading(resolve: Resolve) -> None:
    """Nobody vouches for the bytes, and nobody may read them."""
    with PackageIndex({"lib": (LIB,)}) as index, pytest.raises(LockError, match="TB2020"):
        resolve("lib", index=index.address())


@pytest.mark.parametrize("below", ["", "torch"])
def test_directory_of_wheels(resolve: Resolve, tmp_path: Path, below: str) -> None:
    """A plain directory, flat or with one for each project, answers for the projects that are bound to it."""
    place = tmp_path / "wheels of pip" / below
    place.mkdir(parents=True)
    (place / TORCH.name).write_bytes(TORCH.content)
    (place / "torchvision-1-py3-none-any.whl").write_bytes(b"another project's")
    with PackageIndex({"lib": (wheel("lib"),)}) as index:
        indexes = (
            PythonIndex(name="default", address=index.address()),
            PythonIndex(name="torch-cpu", address=(tmp_path / "wheels of pip").as_uri(), projects=("torch",)),
        )
        wheels = resolve("torch", indexes=indexes)
    assert [(each.name, each.index, each.version) for each in wheels] == [
        ("lib", "default", "1.0"),
        ("torch", "torch-cpu", "2.13.0+cpu"),
    ]
    assert wheels[1].sha256.hex == hashlib.sha256(TORCH.content).hexdigest()


def test_directory_without_the_project(resolve: Resolve, tmp_path: Path) -> None:
    """It says that there is none; nobody else is asked."""
    (tmp_path / "torchvision-1-py3-none-any.whl").touch()
    with PackageIndex({"torch": (wheel("torch"),)}) as index, pytest.raises(LockError, match="TB2010"):
        resolve(
            "torch",
            indexes=(
                PythonIndex(name="default", address=index.address()),
                PythonIndex(name="torch-cpu", address=str(tmp_path), projects=("torch",)),
            ),
        )
