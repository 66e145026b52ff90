"""``archive.artifact``: tags that say what they lead to, and manifests that no registry finds too large."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from fakes.kept import made
from twinbuild.archive.artifact import (
    RECORD,
    artifact_manifest,
    artifact_manifests,
    pin_manifest,
    read_tag,
    release_tag,
)
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import TAG

DIGESTS = st.binary(min_size=32, max_size=32).map(lambda content: Digest(content.hex()))


class TestTags:
    """Distribution-spec: "a reference as a tag MUST be at most 128 characters"; two digests are in one, whole."""

    @given(DIGESTS, DIGESTS)
    def test_there_and_back(self, release: Digest, record: Digest) -> None:
        """What is written is a tag, and is read as it was meant."""
        tag = release_tag(release, record)
        assert TAG.fullmatch(tag)
        found = read_tag(tag)
        assert found is not None
        assert (found.tag, found.release, found.record) == (tag, release, record)
        legacy = read_tag(f"release-{release.hex}")
        assert legacy is not None
        assert (legacy.release, legacy.record) == (release, None)

    @given(DIGESTS, DIGESTS, st.text("abcdefghijklmnopqrstuvwxyz234567", max_size=1))
    def test_one_spelling(self, release: Digest, record: Digest, last: str) -> None:
        """Another last digit is another digest or none: two tags never mean the same record."""
        tag = release_tag(release, record)[:-1] + last
        found = read_tag(tag)
        assert found is None or found.record is None or release_tag(release, found.record) == tag

    @given(st.text(max_size=130))
    def test_anything_else(self, text: str) -> None:
        """Whatever others tag in the repository is passed over."""
        assert read_tag(text) is None or text.startswith("release-")


def test_manifests() -> None:
    """One manifest up to a thousand layers, that of an export; above it an index of several, which come first."""
    small = made(inputs=3).record
    sizes = dict.fromkeys(small.blobs, 7)
    record = Descriptor(media_type=RECORD, digest=Digest.of(b"r"), size=9)
    ((only, kind),) = artifact_manifests(small, record, sizes)
    assert only == artifact_manifest(small, record, sizes)
    assert kind.endswith("manifest.v1+json")
    assert json.loads(only)["config"] == {"mediaType": RECORD, "digest": str(record.digest), "size": 9}

    large = made(inputs=1500).record
    *parts, (index, kind) = artifact_manifests(large, record, dict.fromkeys(large.blobs, 7))
    assert kind.endswith("index.v1+json")
    entries = json.loads(index)["manifests"]
    assert [entry["digest"] for entry in entries] == [str(Digest.of(part)) for part, _ in parts]
    layers = [layer["digest"] for part, _ in parts for layer in json.loads(part)["layers"]]
    assert layers == [str(digest) for digest in sorted(large.blobs)]
    assert max(len(content) for content, _ in parts) < 200_000


def test_a_pin_belongs_to_its_release() -> None:
    """Two releases that are pinned for one reason have two manifests: deleting one leaves the other."""
    assert pin_manifest(Digest.of(b"a"), "why") != pin_manifest(Digest.of(b"b"), "why")
