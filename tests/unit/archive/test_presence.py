"""``archive.presence``: a release is named with all of it there, whatever others take away meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.kept import SHARED, made, registered
from fakes.registry import FakeRegistry, digest_of
from fakes.web import text
from twinbuild.archive.artifact import release_tag
from twinbuild.errors import EnvironmentFault, FetchError

REPOSITORY = "team/releases"


@pytest.mark.parametrize("when", ["before", "behind"])
def test_what_goes_is_sent_again(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is named, so that the registry refuses the manifest; and behind that. Two who do so meet in the end."""
    with FakeRegistry() as registry:
        archive, release = registered(registry.authority), made()
        put, times = archive._client.put_manifest, [0]

        def putting(*arguments: Any, **named: Any) -> Any:
            times[0] += 1
            if when == "before" and times[0] == 1:
                registry.held[REPOSITORY].remove(digest_of(SHARED))
            done = put(*arguments, **named)
            if when == "behind" and times[0] <= 2:
                registry.held[REPOSITORY].remove(digest_of(SHARED))
            return done

        monkeypatch.setattr(archive._client, "put_manifest", putting)
        _, kept, _ = release.keep(archive)
        assert times[0] == (2 if when == "before" else 3)
        after = registered(registry.authority)
        assert after.release(kept, anew=True) == release.record
        assert {after.fault(digest)[0] for digest in release.record.blobs} == {None}


def test_a_registry_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes again and again: TB9166, and it ends."""
    with FakeRegistry() as registry:
        archive = registered(registry.authority)
        put = archive._client.put_manifest

        def putting(*arguments: Any, **named: Any) -> Any:
            done = put(*arguments, **named)
            registry.held[REPOSITORY].remove(digest_of(SHARED))
            return done

        monkeypatch.setattr(archive._client, "put_manifest", putting)
        with pytest.raises(EnvironmentFault, match=r"TB9166.*tiny@1\.0\.0"):
            made().keep(archive)


def test_a_refusal_of_another_kind() -> None:
    """A manifest that is refused though all is there: what the registry said, and nothing is sent again."""
    with FakeRegistry() as registry:
        release = made()
        kept = release.keep(registered(registry.authority))[1]
        tag = release_tag(kept.release, kept.record)
        registry.manifests.clear()
        registry.answers[f"/v2/{REPOSITORY}/manifests/{tag}"] = text("", status=413)
        registry.requests.clear()
        with pytest.raises(FetchError):
            release.keep(registered(registry.authority))
        assert not [each for each in registry.requests if each.method in ("PATCH", "POST")]
