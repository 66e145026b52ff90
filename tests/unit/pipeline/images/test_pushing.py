"""Push: what goes first."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.registry import FakeRegistry
from fakes.runner import FakeRunner
from fakes.web import text
from twinbuild.errors import FetchError
from twinbuild.model.platform import Platform
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.registry.upload import Sent
from twinbuild.pipeline.images.pulling import pull, write_layout
from twinbuild.pipeline.images.pushing import push
from twinbuild.pipeline.machine import Machine
from twinbuild.ports import silent
from twinbuild.store.disk import DiskStore


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An index of two images, pulled into a layout."""
    with FakeRegistry() as registry:
        images = {
            platform: registry.put_image("a/b", "x", [b"shared", platform.encode()], platform=platform)
            for platform in ("linux/amd64", "linux/arm64")
        }
        registry.put_index("a/b", "1", images)
        with DiskStore(tmp_path / "store") as store:
            reference = ImageReference.parse(f"{registry.authority}/a/b:1")
            pulled = pull(reference, machine(tmp_path, store), platforms=None)
            write_layout(pulled, store, tmp_path / "layout")
    return tmp_path / "layout"


def machine(directory: Path, store: DiskStore) -> Machine:
    """A machine that sends one thing after the other."""
    return Machine(
        settings=Settings(store=str(directory / "store"), connections=1, retries=0),
        store=store,
        runner=FakeRunner(programs={}),
        environment={},
        interpreter=Path(sys.executable),
        home="/nonexistent",
        scratch=directory,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        progress=silent,
    )


def test_what_is_referred_to_goes_first(layout: Path, tmp_path: Path) -> None:
    """Blobs, then images, then the index under its tag: whoever pulls meanwhile finds all of it or nothing."""
    with FakeRegistry() as registry, DiskStore(tmp_path / "store") as store:
        reference = ImageReference.parse(f"{registry.authority}/c/d:2")
        pushed = push(layout, reference, machine(tmp_path, store))
        put = [request.target for request in registry.requests if request.method == "PUT"]
        kinds = ["manifests" if "/manifests/" in target else "blobs" for target in put]
        assert kinds == ["blobs"] * 5 + ["manifests"] * 3
        assert put[-1] == "/v2/c/d/manifests/2"
        assert all("/manifests/sha256:" in target for target in put[5:7])
        assert {moved.how for moved in pushed.blobs} == {Sent.UPLOADED}
        assert pushed.images[0].platforms == 2
        assert pushed.sent() == sum(len(request.body) for request in registry.requests)


def test_a_failure_leaves_no_name(layout: Path, tmp_path: Path) -> None:
    """Where a manifest is refused, the tag is not set."""
    with FakeRegistry() as registry, DiskStore(tmp_path / "store") as store:
        reference = ImageReference.parse(f"{registry.authority}/c/d:2")
        registry.answers["/v2/c/d/blobs/uploads/"] = text("", status=507)
        with pytest.raises(FetchError):
            push(layout, reference, machine(tmp_path, store))
        assert registry.manifests == {}


def test_pulled_platforms(layout: Path, tmp_path: Path) -> None:
    """One platform of an index is that image; the index stays known by its digest."""
    with FakeRegistry() as registry, DiskStore(tmp_path / "store") as store:
        reference = ImageReference.parse(f"{registry.authority}/c/d:2")
        pushed = push(layout, reference, machine(tmp_path, store))
        pulled = pull(reference, machine(tmp_path, store), platforms={Platform.parse("linux/arm64")})
        assert pulled.reference.digest == pushed.images[0].digest
        assert pulled.top.digest != pulled.reference.digest
        assert (pulled.images, pulled.fetched) == (1, 0)
