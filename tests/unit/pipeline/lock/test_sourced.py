"""``pipeline.lock.sourced``: each file of a release once, with the address that gave it."""

from __future__ import annotations

from dataclasses import replace

from fakes.tool import EXAMPLES
from twinbuild.codec.lock import decode_lock
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedArtifact
from twinbuild.pipeline.lock.sourced import files_of, sources_of
from twinbuild.sources.origins import remember_origin
from twinbuild.store.memory import MemoryStore

LOCK = decode_lock((EXAMPLES / "fraud-scorer" / "release.lock").read_bytes())


def test_fetched_and_stored() -> None:
    """What a fetch brought has its address, also from an earlier run; the rest was stored already."""
    store, wheel = MemoryStore(), LOCK.targets[0].wheels[0]
    everything = [each.name if isinstance(each, LockedArtifact) else each.filename for each in files_of(LOCK)]
    assert sources_of(LOCK, store) == {"fetched": [], "stored": sorted(everything)}
    remember_origin(store, wheel.sha256, "https://u:p@mirror.example/w.whl")
    found = sources_of(LOCK, store)
    address = "https://***@mirror.example/w.whl"
    assert found["fetched"] == [{"file": wheel.filename, "sha256": wheel.sha256.hex, "from": address}]
    assert found["stored"] == sorted({*everything} - {wheel.filename})


def test_taken_out_of_a_wheel() -> None:
    """An artifact of a wheel was never fetched itself."""
    inner = LockedArtifact(name="inner", uri="wheel:pkg/inner", size=1, sha256=Digest.of(b"x"))
    bare = replace(LOCK, targets=(), installer=None, artifacts=(inner,))
    assert sources_of(bare, MemoryStore()) == {"fetched": [], "stored": []}
