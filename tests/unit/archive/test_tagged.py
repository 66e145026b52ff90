"""``archive.tagged``: the tags of a repository, and what is remembered of them."""

from __future__ import annotations

from fakes.kept import made, registered
from fakes.registry import FakeRegistry
from twinbuild.archive.artifact import read_tag, release_tag


def test_what_goes_while_it_is_looked_at() -> None:
    """A tag that is gone since it was listed is passed over; who forgets asks again."""
    with FakeRegistry() as registry:
        _, kept, _ = made().keep(registered(registry.authority))
        made("2.0.0").keep(registered(registry.authority))
        archive = registered(registry.authority)
        tags = archive._tags
        tag = release_tag(kept.release, kept.record)
        assert tag in tags.listed()
        (tagged,) = tags.of(kept.release)
        assert tagged == read_tag(tag)
        del registry.manifests["team/releases", tag]
        assert tags.content(tagged) is None
        assert tags.artifacts(kept.release) == ()
        assert len(tags.releases()) == 2
        tags.forget()
        assert len(tags.releases()) == 1


def test_what_a_tag_leads_to_is_asked_for_once() -> None:
    """It never changes; anew it is looked at again."""
    with FakeRegistry() as registry:
        _, kept, _ = made().keep(registered(registry.authority))
        tags = registered(registry.authority)._tags
        tags.artifacts(kept.release)
        registry.requests.clear()
        tags.artifacts(kept.release)
        assert registry.requests == []
        tags.artifacts(kept.release, anew=True)
        assert len(registry.requests) == 1
