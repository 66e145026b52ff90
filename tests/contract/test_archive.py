"""What every archive must do: in a directory, in a registry of our own, and in Debian's docker-registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from fakes.docker_registry import PROGRAM, RealRegistry, real_registry
from fakes.kept import SHARED, made, registered, source_of
from fakes.registry import FakeRegistry
from twinbuild.archive.directory import Archive
from twinbuild.archive.registry import RegistryArchive
from twinbuild.archive.summaries import releases
from twinbuild.errors import IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.ports import ReleaseArchive

Opened = Callable[[], ReleaseArchive]


@pytest.fixture(scope="module")
def docker_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry | None]:
    """One that runs, where it is installed."""
    if PROGRAM is None:
        yield None
        return
    with real_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(params=["directory", "fake", "docker"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, docker_registry: RealRegistry | None) -> Iterator[Opened]:
    """How a process opens the archive, which is empty."""
    with ExitStack() as stack:
        if request.param == "directory":
            yield lambda: stack.enter_context(Archive(tmp_path / "archive", writing=True))
        elif request.param == "fake":
            running = stack.enter_context(FakeRegistry())
            yield lambda: registered(running.authority)
        elif docker_registry is None:
            pytest.skip("needs docker-registry")
        else:
            _emptied(docker_registry)
            yield lambda: registered(docker_registry.authority)


def _emptied(registry: RealRegistry) -> RealRegistry:
    for digest in (archive := registered(registry.authority)).names():
        archive.unpin(digest)
    archive.take_out(archive.names())
    return registry


def test_what_is_kept_is_there(opened: Opened) -> None:
    """A release is there for whoever opens the archive, by its digest; again, it is known and nothing is brought."""
    release = made()
    archive = opened()
    assert (archive.names(), releases(archive), archive.kept(release.record.digest)) == ((), (), None)
    found, kept, known = release.keep(archive)
    assert (found, known, kept.release) == (release.record, False, release.record.digest)
    other = opened()
    assert releases(other) == (kept,)
    assert other.kept(release.record.digest) == kept
    for anew in (False, True):
        assert other.release(kept, anew=anew) == release.record
    assert Digest.of(other.content(kept)) == kept.record
    assert other.records(kept) == {kept.record}
    assert other.blobs.read(Digest.of(SHARED)) == SHARED
    assert not any(other.bring(Digest.of(each), len(each), source_of(each)) for each in release.contents)
    assert release.keep(other) == (found, kept, True)


def test_other_bytes_are_not_brought(opened: Opened) -> None:
    """What does not have its digest gets no name."""
    archive = opened()
    with pytest.raises(IntegrityError, match="TB3101"):
        archive.bring(Digest.of(b"wanted"), 6, source_of(b"others"))
    assert archive.missing([Digest.of(b"wanted")]) == {Digest.of(b"wanted")}
    assert archive.fault(Digest.of(b"wanted")) == (("TB9113", "is missing"), 0)
    assert archive.bring(Digest.of(b"wanted"), 6, source_of(b"wanted"))
    assert archive.fault(Digest.of(b"wanted")) == (None, 6)


def test_two_at_once_lose_nothing(opened: Opened) -> None:
    """Two processes archive one release, each with something of its own: both is in the archive afterwards."""
    barrier = Barrier(2)

    def add(name: str, day: int) -> None:
        archive = opened()
        release = made(added=f"2026-11-0{day}T00:00:00Z", files={f"signatures/{name}": name.encode()})
        barrier.wait()
        release.keep(archive)

    threads = [Thread(target=add, args=("one", 2)), Thread(target=add, args=("two", 3))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    archive = opened()
    (kept,) = releases(archive)
    release = archive.release(kept, anew=True)
    assert {file.path for file in release.files} == {"manifest.json", "signatures/one", "signatures/two"}
    assert releases(opened()) == (kept,), "joined the same by everybody"


def test_pins(opened: Opened) -> None:
    """A pin has a reason, is changed by another, and goes."""
    digest = made().record.digest
    archive = opened()
    made().keep(archive)
    made("2.0.0").keep(archive)
    assert archive.pinned(digest) is None
    archive.pin(digest, "first")
    archive.pin(digest, "second: ünü")
    archive.pin(made("2.0.0").record.digest, "second: ünü")
    assert opened().pinned(digest) == "second: ünü"
    archive.unpin(digest)
    archive.unpin(digest)
    assert opened().pinned(digest) is None
    assert opened().pinned(made("2.0.0").record.digest) == "second: ünü", "the same reason elsewhere stays"


def test_what_goes_takes_nothing_along(opened: Opened) -> None:
    """Of three releases one goes, one is pinned since it was judged, one stays; what they share stays, too."""
    three = [made(f"{number}.0.0", inputs=2) for number in (1, 2, 3)]
    archive = opened()
    kept = [release.keep(archive)[1] for release in three]
    other = opened()
    staying = frozenset(
        digest for each in kept[1:] for digest in {*archive.records(each), *archive.release(each).blobs}
    )
    own = len(three[0].contents) - 2 + 1  # all but spec and wheel, and the record
    count, size = archive.unneeded(staying)
    assert count == own
    assert size > 0
    other.pin(kept[1].release, "since")
    if isinstance(other, Archive):
        other.close()  # nothing is deleted in a directory while another uses it
    taken = archive.take_out([kept[0].release, kept[1].release], wait=1.0)
    assert (taken.releases, taken.blobs, taken.size) == ((kept[0].release,), own, size)
    after = opened()
    assert set(releases(after)) == set(kept[1:])
    for each in kept[1:]:
        assert after.release(each, anew=True).digest == each.release
    assert after.fault(Digest.of(SHARED)) == (None, len(SHARED))


def test_added_beside_a_prune_and_a_collection(
    docker_registry: RealRegistry | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an add saw there is pruned and collected before it names it, and again behind that: all of it is there."""
    if docker_registry is None:
        pytest.skip("needs docker-registry")
    authority = _emptied(docker_registry).authority
    _, first, _ = made().keep(registered(authority))
    adding, second = registered(authority), made("2.0.0", inputs=2)
    assert not adding.bring(Digest.of(SHARED), len(SHARED), source_of(SHARED)), "the first release has it"

    pruning = registered(authority)
    assert pruning.take_out([first.release]).releases == (first.release,)
    docker_registry.collect()
    assert adding.fault(Digest.of(SHARED))[0] is not None, "a collector took it"
    put = adding._client.put_manifest
    taken: list[Path] = []

    def named_late(*arguments: Any, **named: Any) -> Any:
        done = put(*arguments, **named)
        if not taken:  # a collector that had begun before
            taken.append(docker_registry.lose("team/releases", Digest.of(SHARED)))
        return done

    monkeypatch.setattr(adding._client, "put_manifest", named_late)
    _, kept, _ = second.keep(adding)
    assert taken
    docker_registry.collect()
    after = registered(authority)
    assert after.release(kept, anew=True) == second.record
    assert {after.fault(digest)[0] for digest in second.record.blobs} == {None}


@pytest.mark.parametrize("opened", ["fake", "docker"], indirect=True)
def test_pinned_as_it_goes(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pin between a prune's look and its deed: the release is there afterwards, whole. Directories are locked."""
    release = made()
    archive = opened()
    _, kept, _ = release.keep(archive)
    assert isinstance(archive, RegistryArchive)
    delete = archive._client.delete_manifest

    def pinned_first(*arguments: Any) -> bool:
        opened().pin(kept.release, "since")
        return delete(*arguments)

    monkeypatch.setattr(archive._client, "delete_manifest", pinned_first)
    assert archive.take_out([kept.release]).releases == ()
    after = opened()
    assert after.pinned(kept.release) == "since"
    assert after.release(kept, anew=True) == release.record
    assert {after.fault(digest)[0] for digest in release.record.blobs} == {None}


def test_a_memory(opened: Opened) -> None:
    """What is remembered is there again, or nothing is."""
    archive = opened()
    assert archive.remembered() is None
    archive.remember(b"{}")
    assert archive.remembered() == b"{}"


def test_a_record_that_is_gone(opened: Opened) -> None:
    """A release that is not there has no content."""
    archive = opened()
    _, kept, _ = made().keep(archive)
    archive.take_out([kept.release], wait=1.0)
    with pytest.raises(TwinbuildError, match=r"TB9110"):
        opened().content(kept)
