"""Requests to registries: schemes, redirects, retries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.certificates import authority
from fakes.registry import MANIFEST, FakeRegistry
from fakes.web import Answer, Proxy, WebServer, redirect, script, text
from twinbuild.errors import FetchError, TwinbuildError
from twinbuild.model.reference import ImageReference
from unit.net.registry.conftest import Clients, named

PATH = "/v2/team/model/manifests/1"


@pytest.fixture
def other() -> Iterator[WebServer]:
    """Another host."""
    with WebServer() as running:
        yield running


def test_plain_http_on_the_loopback(registry: FakeRegistry, clients: Clients) -> None:
    """A registry of this machine that speaks no TLS is found out by one request."""
    registry.put_image("team/model", "1", [])
    client = clients()
    client.manifest(named(registry))
    client.manifest(named(registry))
    assert registry.targets() == ["/v2/", PATH, PATH]


def test_tls_on_the_loopback(clients: Clients, tmp_path: Path) -> None:
    """One that does is spoken to over TLS, and its certificate is checked."""
    bundle, context = authority(tmp_path, "127.0.0.1")
    with FakeRegistry(tls=context) as registry:
        registry.put_image("team/model", "1", [])
        assert clients(certificates=str(bundle)).manifest(named(registry)).media_type == MANIFEST
        with pytest.raises(FetchError, match="TB3022"):
            clients(retries=0).manifest(named(registry))


def test_a_registry_far_away_is_https(registry: FakeRegistry, clients: Clients) -> None:
    """RG-21: plain http to another machine is spoken only if the settings ask for that host."""
    registry.put_image("team/model", "1", [])
    reference = ImageReference.parse("registry.lan:5000/team/model:1")
    with Proxy(upstream=registry.port) as proxy:
        proxies = (("all", proxy.url("")),)
        with pytest.raises(TwinbuildError):
            clients(proxies=proxies, retries=0, timeout=0.5).manifest(reference)
        assert registry.requests == []
        client = clients(proxies=proxies, plain_http=("registry.lan:5000",))
        assert client.manifest(reference).media_type == MANIFEST
        with pytest.raises(TwinbuildError):
            clients(proxies=proxies, retries=0, timeout=0.5, plain_http=("registry.lan",)).manifest(reference)


def test_offline(registry: FakeRegistry, clients: Clients) -> None:
    """RG-22: no request at all, not even to find out the scheme."""
    with pytest.raises(FetchError, match="TB3028"):
        clients(offline=True).manifest(named(registry))
    assert registry.requests == []


def test_nobody_listens(clients: Clients) -> None:
    """RG-23: TB3020."""
    with FakeRegistry() as gone:
        reference = named(gone)
    with pytest.raises(FetchError, match="TB3020"):
        clients().manifest(reference)


def test_retry_after(registry: FakeRegistry, clients: Clients) -> None:
    """RG-24: 429 is waited out as long as the registry asks for; 5xx with growing pauses."""
    content = registry.put_image("team/model", "1", [])
    good = text(content, Content_Type=MANIFEST)
    registry.answers[PATH] = script(text("", status=429, Retry_After=7), text("", status=503), good)
    clients().manifest(named(registry))
    assert clients.pauses == [7.0, 1.0]
    registry.answers[PATH] = script(text("", status=500), text("", status=502), text("", status=500), good)
    with pytest.raises(FetchError, match=r"TB3016.*3 tries"):
        clients().manifest(named(registry))
    registry.answers[PATH] = text("", status=429, Retry_After=100_000)
    with pytest.raises(FetchError, match=r"TB3016.*asks to wait"):
        clients().manifest(named(registry))


@pytest.mark.parametrize(
    ("location", "code"),
    [("/v2/team/model/manifests/1", "TB3012"), ("ftp://x/", "TB3012"), ("http://far.example/", "TB3012"),
     ("", "TB3012"), ("/x%0d%0ay", "TB3012")],
)  # fmt: skip
def test_redirects_that_are_refused(registry: FakeRegistry, clients: Clients, location: str, code: str) -> None:
    """RG-25: circles, other schemes, control characters."""
    registry.answers[PATH] = redirect(location)
    with pytest.raises(FetchError, match=code):
        clients().manifest(named(registry))


def test_endless_redirects(registry: FakeRegistry, clients: Clients) -> None:
    """RG-25: at most ten."""
    registry.answers[PATH] = redirect("/0")
    for number in range(12):
        registry.answers[f"/{number}"] = redirect(f"/{number + 1}")
    with pytest.raises(FetchError, match=r"TB3012.*at most 10"):
        clients().manifest(named(registry))


@pytest.mark.parametrize("answer", [text("", status=401), text("", status=403), text("", status=404)])
def test_refusals_of_another_host(registry: FakeRegistry, other: WebServer, clients: Clients, answer: Answer) -> None:
    """A host behind a redirect that wants credentials gets none."""
    registry.answers[PATH] = redirect(other.url("/x"))
    other.answers["/x"] = answer
    with pytest.raises(FetchError):
        clients().manifest(named(registry))
    assert len(other.requests) == 1
