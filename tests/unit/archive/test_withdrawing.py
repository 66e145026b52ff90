"""``archive.withdrawing``: a release taken out of a repository, and put back as it was."""

from __future__ import annotations

import pytest

from fakes.kept import SHARED, made, registered
from fakes.registry import FakeRegistry, digest_of
from twinbuild.archive.withdrawing import put_back, withdraw
from twinbuild.errors import IntegrityError


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
