"""The store against the simplest thing that could be right: two dictionaries."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from twinbuild.model.digest import Digest
from twinbuild.store.collection import delete, plan
from twinbuild.store.disk import DiskStore
from twinbuild.store.layout import blob_name
from twinbuild.store.verification import verify


class StoreAgainstModel(RuleBasedStateMachine):
    """Every sequence of operations, reopening, damage, repair and deletion included, agrees with the model."""

    contents = Bundle("contents")

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.root = Path(self.directory.name) / "store"
        self.store = DiskStore(self.root, durable=False)
        self.blobs: dict[Digest, bytes] = {}
        self.records: dict[tuple[str, Digest], bytes] = {}
        self.kept: dict[str, set[Digest]] = {}
        self.used: set[Digest] = set()

    @rule(target=contents, content=st.binary(max_size=64))
    def content(self, content: bytes) -> bytes:
        """Some bytes to work with."""
        return content

    @rule(content=contents)
    def put(self, content: bytes) -> None:
        """Store a document."""
        digest = self.store.put(content)
        self.blobs[digest] = content
        self.used.add(digest)

    @rule(content=contents, sizes=st.lists(st.integers(1, 9), max_size=4), commit=st.booleans())
    def write(self, content: bytes, sizes: list[int], *, commit: bool) -> None:
        """Write a blob in pieces, and finish it or not."""
        with self.store.writer() as writer:
            start = 0
            for size in [*sizes, 64]:
                writer.write(content[start : start + size])
                start += size
            if commit:
                digest, _ = writer.commit(Digest.of(content))
                self.blobs[digest] = content
                self.used.add(digest)

    @rule(content=contents, kind=st.sampled_from(["layer", "image"]), value=st.binary(max_size=20))
    def put_record(self, content: bytes, kind: str, value: bytes) -> None:
        """Write a record."""
        self.store.put_record(kind, Digest.of(content), value)
        self.records[kind, Digest.of(content)] = value

    @rule(name=st.sampled_from(["a", "b"]), chosen=st.lists(contents, max_size=3))
    def put_root(self, name: str, chosen: list[bytes]) -> None:
        """Keep some."""
        self.kept[name] = {Digest.of(content) for content in chosen}
        self.store.roots.put(name, self.kept[name])

    @rule()
    def reopen(self) -> None:
        """Another process goes on."""
        self.store.close()
        self.store = DiskStore(self.root, durable=False)
        self.used = set()

    @rule()
    def collect(self) -> None:
        """Delete what may go."""
        kept = self.used.union(*self.kept.values())
        gone = {digest for digest in self.blobs if digest not in kept}
        delete(self.store, plan(self.store))
        self.blobs = {digest: content for digest, content in self.blobs.items() if digest not in gone}
        self.records = {key: value for key, value in self.records.items() if key[1] not in gone}

    @rule(content=contents)
    def damage_and_repair(self, content: bytes) -> None:
        """A blob is damaged; repair takes it away, and nothing else."""
        if self.blobs.pop(Digest.of(content), None) is not None:
            path = self.root / blob_name(Digest.of(content))
            path.unlink()
            path.write_bytes(content + b"!")
            assert len(verify(self.store, repair=True).quarantined) == 1

    @invariant()
    def agrees(self) -> None:
        """Blobs and records are those of the model; reading counts as use, so a store of its own does it."""
        assert list(self.store.blobs()) == sorted(self.blobs)
        assert not [finding for finding in verify(self.store).findings if finding.code != "TB3102"]
        for (kind, key), value in self.records.items():
            assert self.store.record(kind, key) == value
        with DiskStore(self.root, durable=False) as reader:
            assert {digest: reader.read(digest) for digest in self.blobs} == self.blobs

    def teardown(self) -> None:
        """Take the directory away."""
        self.store.close()
        self.directory.cleanup()


TestStore = StoreAgainstModel.TestCase
TestStore.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
