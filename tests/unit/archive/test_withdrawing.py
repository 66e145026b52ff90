"""``archive.withdrawing``: a release taken out of a repository, and put back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.kept import SHARED, made, registered
from fakes.registry import FakeRegistry, digest_of
from twinbuild.archive.summaries import Faults, releases, summaries
from twinbuild.archive.withdrawing import put_back, withdraw
from twinbuild.errors import IntegrityError
from twinbuild.pipeline.archive.verifying import verify_archive


def test_there_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """All its tags, indexes among them; where a file is gone meanwhile, TB9165 says what became of it."""
    monkeypatch.setattr("twinbuild.archive.artifact._LAYERS", 10)
    with FakeRegistry() as registry:
        release = made(inputs=25)
        release.keep(registered(registry.authority))
        _, kept, _ = made(inputs=25, files={"signatures/a": b"a"}).keep(registered(registry.authority))
        before = dict(registry.manifests)
        archive = registered(registry.authority)
        assert len([name for _, name in before if name.startswith("release-")]) == 2
        gone = withdraw(archive._client, archive.repository, archive._tags, kept.release)
        assert registry.manifests == {}
        put_back(archive._client, archive.repository, gone, kept.release)
        assert registry.manifests == before
        gone = withdraw(archive._client, archive.repository, archive._tags, kept.release)
        registry.held["team/releases"].remove(digest_of(SHARED))
        with pytest.raises(IntegrityError, match=f"TB9165.*{kept.release.hex}"):
            put_back(archive._client, archive.repository, gone, kept.release)


def test_what_others_took_meanwhile() -> None:
    """A tag and a manifest that are gone already: nothing is left to do."""
    with FakeRegistry() as registry:
        _, kept, _ = made().keep(registered(registry.authority))
        archive = registered(registry.authority)
        assert archive.records(kept)
        registry.manifests.clear()
        (gone,) = withdraw(archive._client, archive.repository, archive._tags, kept.release)
        assert gone.manifests == ()
        put_back(archive._client, archive.repository, (gone,), kept.release)
        assert registry.manifests == {}


def test_who_pins_puts_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever took it out was killed before it looked again. What goes behind that is named wherever one looks."""
    with FakeRegistry() as registry:
        release = made()
        _, kept, _ = release.keep(registered(registry.authority))
        archive = registered(registry.authority)
        other = registered(registry.authority)
        put = archive._client.put_manifest

        def gone_first(*arguments: Any) -> None:
            if not withdrawn:
                withdrawn.extend(withdraw(other._client, other.repository, other._tags, kept.release))
            put(*arguments)

        withdrawn: list[object] = []
        monkeypatch.setattr(archive._client, "put_manifest", gone_first)
        archive.pin(kept.release, "why")
        assert withdrawn
        after = registered(registry.authority)
        assert after.release(kept, anew=True) == release.record
        withdraw(after._client, after.repository, after._tags, kept.release)
        faults: Faults = {}
        assert summaries(registered(registry.authority), faults=faults) == ()
        assert [each.code for each in faults[kept.release].findings] == ["TB9165"]
        with pytest.raises(IntegrityError, match=f"TB9165.*{kept.release.hex}"):
            verify_archive(registered(registry.authority))
        release.keep(registered(registry.authority))
        assert releases(registered(registry.authority)) == (kept,)
