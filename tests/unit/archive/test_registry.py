"""``archive.registry``: an archive in a registry that is broken, hostile, or of another time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fakes.kept import SHARED, made, registered, source_of
from fakes.registry import INDEX, MANIFEST, FakeRegistry, digest_of
from fakes.web import text
from twinbuild.archive.artifact import RECORD, release_tag
from twinbuild.archive.registry import RegistryArchive
from twinbuild.archive.summaries import Faults, releases, summaries
from twinbuild.codec.archive import encode_archived
from twinbuild.errors import FetchError, IntegrityError, UsageError
from twinbuild.model.archive import Kept
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.finding import find
from twinbuild.pipeline.archive.naming import chosen
from twinbuild.pipeline.archive.pruning import Rules, judge
from twinbuild.pipeline.archive.verifying import verify_archive
from twinbuild.store.memory import MemoryStore

REPOSITORY = "team/releases"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """One that keeps to the rules until it is told otherwise."""
    with FakeRegistry() as running:
        yield running


def verify_releases(archive: RegistryArchive) -> list[str]:
    """The releases of an archive in which nothing is the matter."""
    found = [archive.release(kept, anew=True).label for kept in releases(archive)]
    assert [each for kept in releases(archive) for each in archive.beside(kept.release)] == []
    return sorted(found)


def test_no_repository(registry: FakeRegistry) -> None:
    """Reading where nothing is: TB9101, naming it; who writes makes it."""
    with pytest.raises(UsageError, match=r"TB9101.*127\.0\.0\.1.*team/releases"):
        registered(registry.authority, writing=False)
    made().keep(registered(registry.authority))
    assert len(registered(registry.authority, writing=False).names()) == 1


def test_blobs_go_first_and_the_tag_last(registry: FakeRegistry) -> None:
    """Who looks meanwhile finds all of a release, or nothing; a second release sends only what is its own."""
    made().keep(registered(registry.authority))
    sent = [request.target for request in registry.requests if request.method == "PUT"]
    assert "/manifests/release-" in sent[-1]
    assert not any("/manifests/" in target for target in sent[:-1])
    registry.requests.clear()
    made("2.0.0").keep(registered(registry.authority))
    blobs = [request.target for request in registry.requests if request.method == "PUT" and "/blobs/" in request.target]
    assert len(blobs) == 2, "its manifest and its record"


def test_a_list_costs_one_request(registry: FakeRegistry) -> None:
    """Tags say which records there are: who remembers what those say asks for nothing else."""
    for version in ("1.0.0", "2.0.0"):
        made(version).keep(registered(registry.authority))
    registry.requests.clear()
    assert len(releases(registered(registry.authority, writing=False))) == 2
    assert {request.target.partition("?")[0] for request in registry.requests} <= {
        f"/v2/{REPOSITORY}/tags/list",
        "/v2/",
    }


def test_a_tag_that_was_moved(registry: FakeRegistry) -> None:
    """To another release: TB9161 when it is read or deleted; who archives the same record again puts it back."""
    one, two = made(), made("2.0.0")
    kept = [each.keep(registered(registry.authority))[1] for each in (one, two)]
    tags = [(REPOSITORY, release_tag(each.release, each.record)) for each in kept]
    registry.manifests[tags[0]] = registry.manifests[tags[1]]
    archive = registered(registry.authority)
    for act in (lambda: archive.release(kept[0]), lambda: archive.records(kept[0])):
        with pytest.raises(IntegrityError, match="TB9161"):
            act()
    with pytest.raises(IntegrityError, match="TB9161"):
        archive.take_out([kept[0].release])
    assert tags[1] in registry.manifests
    one.keep(registered(registry.authority))
    assert registry.manifests[tags[0]] != registry.manifests[tags[1]], "it leads to its release again"
    archive = registered(registry.authority)
    assert [archive.release(each, anew=True).label for each in kept] == ["tiny@1.0.0", "tiny@2.0.0"]
    assert archive.take_out([kept[0].release]).releases == (kept[0].release,)


def test_a_tag_that_was_moved_and_another(registry: FakeRegistry) -> None:
    """Archived again, later: the release is served, the moved tag is told, and nothing is pruned meanwhile."""
    one, two = made(), made("2.0.0")
    kept = [each.keep(registered(registry.authority))[1] for each in (one, two)]
    tags = [(REPOSITORY, release_tag(each.release, each.record)) for each in kept]
    registry.manifests[tags[0]] = registry.manifests[tags[1]]
    again = made(added="2026-11-02T00:00:00Z")
    again.keep(registered(registry.authority))
    archive = registered(registry.authority)
    found = archive.kept(one.record.digest)
    assert found is not None
    assert archive.release(found, anew=True) == again.record
    assert [each.code for each in archive.beside(one.record.digest)] == ["TB9161"]
    store = MemoryStore()
    remembering = registered(registry.authority, store=store)
    for each in (one.record, again.record):
        store.put(encode_archived(each))  # what a machine has read before says nothing of where the tag leads now
    found = remembering.kept(one.record.digest)
    assert found is not None
    remembering.release(found, anew=True)
    assert [each.code for each in remembering.beside(one.record.digest)] == ["TB9161"]
    for reader in (archive, remembering):
        with pytest.raises(IntegrityError, match="TB9161"):
            reader.take_out([kept[0].release])
    assert tags[1] in registry.manifests, "the other release, which to delete the moved tag's manifest would delete"
    one.keep(registered(registry.authority), foreign=True)  # as from a copy of the archive
    archive = registered(registry.authority)
    assert archive.kept(one.record.digest) is not None
    assert archive.beside(one.record.digest) == ()
    assert registry.manifests[tags[0]] != registry.manifests[tags[1]], "the very tag was put back"
    assert archive.take_out([kept[0].release]).releases == (kept[0].release,)


def test_a_tag_that_was_moved_and_a_record_that_is_remembered(registry: FakeRegistry) -> None:
    """Who has read the record before puts its tag back by archiving the release again, whatever it says now."""
    one, two = made(), made("2.0.0")
    kept = [each.keep(registered(registry.authority))[1] for each in (one, two)]
    tags = [(REPOSITORY, release_tag(each.release, each.record)) for each in kept]
    registry.manifests[tags[0]] = registry.manifests[tags[1]]
    store = MemoryStore()
    store.put(encode_archived(one.record))
    made(added="2026-11-02T00:00:00Z").keep(registered(registry.authority, store=store))
    assert registry.manifests[tags[0]] != registry.manifests[tags[1]]
    assert verify_releases(registered(registry.authority)) == ["tiny@1.0.0", "tiny@2.0.0"]


def test_a_tag_that_somebody_made(registry: FakeRegistry) -> None:
    """It names one release and the record of another: TB9161, alone; beside the right one it is told, and no more."""
    one, two = made(), made("2.0.0")
    _, kept, _ = two.keep(registered(registry.authority))
    tag = release_tag(one.record.digest, kept.record)
    registry.manifests[REPOSITORY, tag] = registry.manifests[REPOSITORY, release_tag(kept.release, kept.record)]
    archive = registered(registry.authority)
    with pytest.raises(IntegrityError, match=f"TB9161.*{kept.release.hex}"):
        archive.release(Kept(release=one.record.digest, record=kept.record))
    one.keep(registered(registry.authority))
    archive = registered(registry.authority)
    found = archive.kept(one.record.digest)
    assert found is not None
    assert archive.release(found, anew=True) == one.record
    assert [each.code for each in archive.beside(one.record.digest)] == ["TB9161"]


def test_a_tag_of_an_earlier_twinbuild(registry: FakeRegistry) -> None:
    """One with the release digest alone is read; what it leads to must be that release."""
    release = made()
    _, kept, _ = release.keep(registered(registry.authority))
    key = (REPOSITORY, release_tag(kept.release, kept.record))
    registry.manifests[REPOSITORY, f"release-{kept.release.hex}"] = registry.manifests[key]
    del registry.manifests[key]
    assert releases(registered(registry.authority)) == (kept,)
    registry.manifests[REPOSITORY, f"release-{'0' * 64}"] = registry.manifests[
        REPOSITORY, f"release-{kept.release.hex}"
    ]
    with pytest.raises(IntegrityError, match=r"TB9161.*0000"):
        releases(registered(registry.authority))


def test_tags_of_others(registry: FakeRegistry) -> None:
    """Images in the same repository, and tags that look like ours, are none of our business."""
    registry.put_image(REPOSITORY, "1.0.0", [b"layer"])
    registry.put_image(REPOSITORY, "release-1.0.0", [b"layer"])
    assert registered(registry.authority, writing=False).names() == ()
    made().keep(registered(registry.authority))
    assert len(releases(registered(registry.authority))) == 1


def test_no_release(registry: FakeRegistry) -> None:
    """An image under a tag of ours: TB9162."""
    digest = made().record.digest
    registry.put_image(REPOSITORY, release_tag(digest, Digest.of(b"record")), [b"layer"])
    archive = registered(registry.authority)
    (kept,) = releases(archive)
    with pytest.raises(IntegrityError, match="TB9162"):
        archive.content(kept)


@pytest.mark.parametrize("change", ["drop", "size"])
def test_an_artifact_that_hides_a_file(registry: FakeRegistry, change: str) -> None:
    """A layer less, or of another size, under a tag of an earlier twinbuild: TB9162 where all of it is looked at."""
    release = made()
    _, kept, _ = release.keep(registered(registry.authority))
    key = (REPOSITORY, release_tag(kept.release, kept.record))
    document = json.loads(registry.manifests[key][0])
    layer = next(each for each in document["layers"] if each["digest"] == digest_of(SHARED))
    if change == "drop":
        document["layers"].remove(layer)
    else:
        layer["size"] += 1
    registry.manifests[key] = json.dumps(document).encode(), registry.manifests[key][1]
    archive = registered(registry.authority)
    assert archive.release(kept) == release.record
    with pytest.raises(IntegrityError, match=r"TB9162.*tiny@1\.0\.0"):
        archive.release(kept, anew=True)
    release.keep(registered(registry.authority))
    assert registered(registry.authority).release(kept, anew=True) == release.record, "archived again, it is whole"


def test_bytes_that_are_not_the_blob(registry: FakeRegistry) -> None:
    """Exchanged, cut off, too long: damaged; gone: missing; denied or overloaded is neither, and said as it is."""
    release = made()
    _, kept, _ = release.keep(registered(registry.authority))
    digest = Digest.of(SHARED)
    place = f"/v2/{REPOSITORY}/blobs/{digest}"

    def fault() -> object:
        archive = registered(registry.authority)
        archive.release(kept, anew=True)
        return archive.fault(digest)[0]

    assert fault() is None
    for content in (b"X" + SHARED[1:], SHARED[:-1], SHARED + b"more"):
        registry.answers[place] = text(content)
        found = fault()
        assert isinstance(found, tuple)
        assert found[0] == "TB9114", content
        archive = registered(registry.authority)
        archive.release(kept)
        with pytest.raises(IntegrityError, match="TB3211"):
            archive.blobs.read(digest)
    registry.answers[place] = text("", status=404)
    assert fault() == ("TB9113", "is missing")
    for status, code in ((403, "TB3204"), (503, "TB3016"), (429, "TB3016")):
        registry.answers[place] = text("", status=status)
        with pytest.raises(FetchError, match=code):
            fault()


def test_a_record_that_is_lost(registry: FakeRegistry) -> None:
    """TB9110, with the release, for whoever asks for it; another is read all the same, and adding again mends it."""
    release = made()
    _, kept, _ = release.keep(registered(registry.authority))
    registry.held[REPOSITORY].remove(str(kept.record))
    archive = registered(registry.authority)
    with pytest.raises(IntegrityError, match=f"TB9110.*{kept.release.hex}"):
        archive.content(kept)
    release.keep(registered(registry.authority))
    assert registered(registry.authority).release(kept, anew=True) == release.record


def test_what_was_archived_before_and_is_gone(registry: FakeRegistry) -> None:
    """Archived again without what the registry lost meanwhile: TB9164, and nothing is named."""
    made(files={"signatures/a": b"a"}).keep(registered(registry.authority))
    registry.held[REPOSITORY].remove(digest_of(b"a"))
    tags = set(registry.manifests)
    with pytest.raises(IntegrityError, match=r"TB9164.*tiny@1\.0\.0"):
        made(files={"signatures/b": b"b"}).keep(registered(registry.authority))
    assert set(registry.manifests) == tags
    found, _, known = made().keep(registered(registry.authority))
    assert known, "what says nothing new asks for nothing"
    assert "signatures/a" in {file.path for file in found.files}


def test_many_files(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """More layers than a manifest should have: an index of several, which goes with all of them."""
    monkeypatch.setattr("twinbuild.archive.artifact._LAYERS", 10)
    found, kept, _ = made(inputs=25).keep(registered(registry.authority))
    assert registry.manifests[REPOSITORY, release_tag(kept.release, kept.record)][1] == INDEX
    other = registered(registry.authority)
    assert other.release(kept, anew=True) == found
    assert len(other.descriptors(kept)) == len(found.blobs)
    part = next(
        name for _, name in registry.manifests if ":" in name and registry.manifests[REPOSITORY, name][1] != INDEX
    )
    lost = registry.manifests.pop((REPOSITORY, part))
    with pytest.raises(IntegrityError, match="TB9162"):
        registered(registry.authority).release(kept, anew=True)
    registry.manifests[REPOSITORY, part] = lost
    other.take_out([kept.release])
    assert registry.manifests == {}


def test_a_registry_that_deletes_nothing(registry: FakeRegistry) -> None:
    """TB9160, and everything stays."""
    _, kept, _ = made().keep(archive := registered(registry.authority))
    archive.pin(kept.release, "why")
    registry.deletes = False
    with pytest.raises(FetchError, match="TB9160"):
        archive.unpin(kept.release)
    registry.deletes = True
    archive.unpin(kept.release)
    registry.deletes = False
    with pytest.raises(FetchError, match="TB9160"):
        archive.take_out([kept.release])
    assert releases(registered(registry.authority)) == (kept,)


def test_a_pin_that_was_moved(registry: FakeRegistry) -> None:
    """To a release, or to the pin of another: taking the pin away deletes neither (TB9161), and what it names stays."""
    archive = registered(registry.authority)
    one, two = (made(version).keep(archive)[1] for version in ("1.0.0", "2.0.0"))
    for kept in (one, two):
        archive.pin(kept.release, "why")
    pin = (REPOSITORY, f"pin-{one.release.hex}")
    for target in (release_tag(two.release, two.record), f"pin-{two.release.hex}"):
        registry.manifests[pin] = registry.manifests[REPOSITORY, target]
        before = dict(registry.manifests)
        with pytest.raises(IntegrityError, match=f"TB9161.*pin-{one.release.hex}"):
            registered(registry.authority).unpin(one.release)
        assert registry.manifests == before


def test_pins_that_others_wrote(registry: FakeRegistry) -> None:
    """What is no note of ours still pins; a release that went meanwhile is said (TB9165)."""
    _, kept, _ = made().keep(archive := registered(registry.authority))
    registry.put_image(REPOSITORY, f"pin-{kept.release.hex}", [b"layer"])
    assert registered(registry.authority).pinned(kept.release) == "a damaged note"
    archive.take_out([kept.release])
    assert releases(registered(registry.authority)) == (kept,)
    with pytest.raises(IntegrityError, match="TB9165"):
        archive.pin(Digest.of(b"another"), "why")


BOMB = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","a":' + b"[" * 100_000


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"no JSON", MANIFEST),
        (b'{"schemaVersion":2}', "application/json"),
        (b"[]", MANIFEST),
        (BOMB, MANIFEST),
        (b'{"schemaVersion":2,"config":{"digest":"sha256:0","size":-1},"layers":[]}', MANIFEST),
        (b'{"schemaVersion":2,"mediaType":"x/y"}', "x/y"),
        (b"{" + b" " * (4 << 20) + b"}", MANIFEST),
        (b'{"schemaVersion":2,"manifests":[]}', INDEX),
    ],
)
def test_what_anybody_may_leave_there(registry: FakeRegistry, content: bytes, kind: str) -> None:
    """Under a tag of a release, old or new, and of a pin: the others are there, it is named, and nothing is deleted."""
    _, kept, _ = made().keep(registered(registry.authority))
    other = Digest.of(content)
    tags = {release_tag(other, Digest.of(b"record")), f"release-{'0' * 64}"}
    for tag in (*tags, f"pin-{kept.release.hex}"):
        registry.manifests[REPOSITORY, tag] = content, kind
    archive = registered(registry.authority)
    faults: Faults = {}
    (found,) = summaries(archive, faults=faults)
    assert found.label == "tiny@1.0.0"
    assert set(faults) == {other, Digest("0" * 64)}
    for error in faults.values():
        assert [each.code for each in error.findings] == ["TB9162"]
        assert any(tag in error.findings[0].message for tag in tags)
    assert archive.pinned(kept.release) == "a damaged note"
    assert len(find(archive, str(Digest.of(SHARED)), faults)) == 1
    assert chosen(archive, "tiny@1.0.0") == chosen(archive, kept.release.hex[:12]) == found
    for text_, code in ((str(other), "TB9162"), ("none", "TB9107")):
        with pytest.raises(IntegrityError) as caught:
            chosen(archive, text_)
        assert caught.value.findings[0].code == code
        assert "TB9162" in {each.code for each in caught.value.findings}
    assert made("2.0.0").keep(registered(registry.authority))[2] is False
    before = set(registry.manifests)
    with pytest.raises(IntegrityError, match="TB9162"):
        judge(archive, Rules(newest=1), now=datetime.now(UTC))
    with pytest.raises(IntegrityError, match="TB9162"):
        archive.take_out([made("2.0.0").record.digest])
    assert set(registry.manifests) == before
    with pytest.raises(IntegrityError) as caught:
        verify_archive(registered(registry.authority))
    assert [each.code for each in caught.value.findings].count("TB9162") == 2


@pytest.mark.parametrize("what", ["junk", "lost", "later"])
def test_what_lies_beside_a_release(registry: FakeRegistry, what: str) -> None:
    """A second tag of it that says nothing: the release is read, pinned and archived again, and the tag is named.

    It is junk that somebody left, or its record was lost, or is a later twinbuild's. Nothing is pruned beside it.
    """
    release, other = made(), made(files={"signatures/a": b"a"})
    _, kept, _ = release.keep(registered(registry.authority))
    tag = release_tag(kept.release, Digest.of(b"record"))
    registry.manifests[REPOSITORY, tag] = b"{}", MANIFEST
    code = "TB9162"
    if what != "junk":
        _, second, _ = other.keep(registered(registry.authority))
        if what == "lost":
            registry.held[REPOSITORY].remove(str(second.record))
        else:
            later = registry.blobs[str(kept.record)].replace(b"archived/v1", b"archived/v2")
            descriptor = {"mediaType": RECORD, "digest": registry.put_blob(REPOSITORY, later), "size": len(later)}
            document = json.loads(registry.manifests[REPOSITORY, release_tag(kept.release, kept.record)][0])
            content = json.dumps({**document, "config": descriptor}).encode()
            registry.manifests[REPOSITORY, release_tag(kept.release, Digest.of(later))] = content, MANIFEST
            del registry.manifests[REPOSITORY, release_tag(kept.release, second.record)]
        del registry.manifests[REPOSITORY, tag]
        code = {"lost": "TB9110", "later": "TB9112"}[what]
    archive = registered(registry.authority)
    faults: Faults = {}
    (found,) = summaries(archive, faults=faults)
    assert [each.code for each in faults[kept.release].findings] == [code]
    assert chosen(archive, kept.release.hex[:12]) == chosen(archive, "tiny@1.0.0") == found
    assert archive.release(found.kept, anew=True) == release.record
    with pytest.raises(IntegrityError) as caught:
        verify_archive(archive, (found.kept,))
    assert code in {each.code for each in caught.value.findings}
    archive.pin(kept.release, "why")
    archive.unpin(kept.release)
    before = set(registry.manifests)
    with pytest.raises(IntegrityError, match=code):
        judge(archive, Rules(newest=1), now=datetime.now(UTC))
    with pytest.raises(IntegrityError, match=code):
        archive.take_out([kept.release])
    assert set(registry.manifests) == before
    assert release.keep(registered(registry.authority))[2], "it is known"
    whole, _, _ = other.keep(registered(registry.authority))
    assert {file.path for file in whole.files} == {"manifest.json", "signatures/a"}


@pytest.mark.parametrize("size", [1, 1 << 40])
def test_a_record_that_lies_about_sizes(registry: FakeRegistry, size: int) -> None:
    """Together with its artifact, so that only the bytes tell: it is named (TB9115), and no blob is called damaged."""
    made().keep(registered(registry.authority))
    liar = made("2.0.0")
    record = replace(liar.record, inputs=tuple(replace(each, size=size) for each in liar.record.inputs))
    archive = registered(registry.authority)
    for content in liar.contents:
        archive.bring(Digest.of(content), len(content), source_of(content))
    archive._brought.clear()
    _, kept, _ = archive.keep(record)
    archive = registered(registry.authority)
    for _ in range(2):  # whoever was read last
        with pytest.raises(IntegrityError) as caught:
            verify_archive(archive, releases(archive))
        said = [each for each in caught.value.findings if " bytes, and the record says " in each.message]
        assert [(each.code, each.where.subject) for each in said] == [("TB9115", str(kept.release))]
        assert {each.code for each in caught.value.findings} == {"TB9115"}, "their manifests are none"
        archive.release(kept)
