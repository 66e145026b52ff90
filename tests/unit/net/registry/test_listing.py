"""Tags and referrers."""

from __future__ import annotations

import json

import pytest

from fakes.registry import INDEX, MANIFEST, FakeRegistry, described, digest_of, document
from fakes.web import text
from twinbuild.errors import FetchError
from twinbuild.model.digest import Digest
from twinbuild.net.registry.listing import fallback_tag
from unit.net.registry.conftest import Clients, named

LIST = "/v2/team/model/tags/list"


def test_tags(registry: FakeRegistry, clients: Clients) -> None:
    """All pages, sorted."""
    for tag in ("3", "1", "5", "2", "4"):
        registry.put_image("team/model", tag, [])
    assert clients().list_tags(named(registry)) == ("1", "2", "3", "4", "5")
    assert len([target for target in registry.targets() if target.startswith(LIST)]) == 3
    with pytest.raises(FetchError, match="TB3202"):
        clients().list_tags(named(registry, "team/none"))


@pytest.mark.parametrize(
    ("body", "link"),
    [("[]", ""), ("{}", ""), ('{"tags": ["a b"]}', ""), ('{"tags": "x"}', ""), ("x" * (5 << 20), ""),
     ("[" * 90_000, ""), ('{"tags": []}', f'<{LIST}?n=1000>; rel="next"'),
     ('{"tags": []}', '<https://elsewhere.example/>; rel="next"')],
)  # fmt: skip
def test_hostile_lists(registry: FakeRegistry, clients: Clients, body: str, link: str) -> None:
    """RG-40: no list, tags that are none, pages in a circle or on another host."""
    registry.answers[LIST] = text(body, Link=link)
    with pytest.raises(FetchError, match="TB3025"):
        clients().list_tags(named(registry))
    assert registry.targets().count(LIST + "?n=1000") == 1


@pytest.mark.parametrize("api", [True, False])
def test_referrers(registry: FakeRegistry, clients: Clients, *, api: bool) -> None:
    """By the API of 1.1, and by the tag in registries that lack it; filtered by kind."""
    subject = registry.put_image("team/model", "1", [])
    registry.referrers_api = api
    found = {}
    for kind in ("application/sbom", "application/provenance"):
        value = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "layers": [],
                 "config": {}, "subject": described(MANIFEST, subject)}  # fmt: skip
        found[kind] = document(value)
        registry.put_manifest("team/model", digest_of(found[kind]), found[kind], MANIFEST)
    entries = [described(MANIFEST, content, artifactType=kind) for kind, content in found.items()]
    if not api:
        index = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
        registry.put_manifest("team/model", fallback_tag(Digest.of(subject)), index, INDEX)
    reference = named(registry).pinned(Digest.of(subject))
    assert {entry.artifact_type for entry in clients().referrers(reference)} == set(found)
    (sbom,) = clients().referrers(reference, "application/sbom")
    assert sbom.descriptor.digest == Digest.of(found["application/sbom"])


def test_no_referrers(registry: FakeRegistry, clients: Clients) -> None:
    """Neither API nor tag: nothing refers to it. A page of another kind is no answer of the API."""
    registry.referrers_api = False
    reference = named(registry).pinned(Digest.of(b"x"))
    assert clients().referrers(reference) == ()
    registry.answers[f"/v2/team/model/referrers/{reference.digest}"] = text(json.dumps({}), Content_Type="text/html")
    assert clients().referrers(reference) == ()
