"""Who we are is said to the registry and its token service, and to nobody else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from fakes.registry import FakeRegistry
from fakes.web import Answer, Request, WebServer, Wire, redirect, text
from twinbuild.errors import FetchError, TwinbuildError
from unit.net.registry.conftest import Clients, named

SECRET = "hunter22-is-secret"


@pytest.fixture
def service() -> Iterator[WebServer]:
    """A token service."""
    with WebServer() as running:
        yield running


def auths(registry: FakeRegistry, **more: str) -> dict[str, dict[str, str]]:
    """A login at the registry."""
    entry = more or {"auth": base64.b64encode(f"me:{SECRET}".encode()).decode()}
    return {registry.authority: entry}


def tokens(registry: FakeRegistry, lifetime: object = 300, key: str = "token") -> Answer:
    """A token service that gives a new token each time, which the registry takes from then on alone."""

    def answer(request: Request, wire: Wire) -> None:
        token = f"token-{len(registry.tokens)}-{id(request)}"
        registry.tokens = {token}
        body = json.dumps({key: token, **({} if lifetime is None else {"expires_in": lifetime})}).encode()
        wire.head(200, {"Content-Length": len(body)})
        wire.send(body)

    return answer


def test_basic(registry: FakeRegistry, clients: Clients) -> None:
    """User and password are sent once they are asked for, and from then on at once."""
    registry.put_image("team/model", "1", [])
    registry.user, registry.password = "me", SECRET
    client = clients(auths=auths(registry))
    client.manifest(named(registry))
    client.manifest(named(registry))
    sent = ["authorization" in request.headers for request in registry.requests if "manifests" in request.target]
    assert sent == [False, True, True]


@pytest.mark.parametrize("entry", [{}, {"auth": base64.b64encode(b"me:wrong-" + SECRET.encode()).decode()}])
def test_basic_refused(registry: FakeRegistry, clients: Clients, entry: dict[str, str]) -> None:
    """RG-30: TB3204 without a login and with a wrong one, after one try each; the password is not in the message."""
    registry.user, registry.password = "me", SECRET
    client = clients(auths={registry.authority: entry} if entry else {})
    with pytest.raises(FetchError, match=r"TB3204.*docker login") as caught:
        client.manifest(named(registry))
    assert SECRET not in str(caught.value)
    assert registry.counts()["GET"] <= 3


@pytest.mark.parametrize("key", ["token", "access_token"])
def test_token(registry: FakeRegistry, service: WebServer, clients: Clients, key: str) -> None:
    """A token is asked for once for a repository, with its scope and the login, and used until it runs out."""
    registry.put_image("team/model", "1", [])
    registry.put_image("team/other", "1", [])
    registry.realm = service.url("/token")
    service.answers["/token"] = tokens(registry, 100, key)
    client = clients(auths=auths(registry))
    for _ in range(3):
        client.manifest(named(registry))
    assert len(service.requests) == 1
    query = parse_qs(urlsplit(service.requests[0].target).query)
    assert query == {"service": ["fake"], "scope": ["repository:team/model:pull", "repository:x/y:pull"]}
    assert service.requests[0].headers["authorization"].startswith("Basic ")
    client.manifest(named(registry, "team/other:1"))
    assert len(service.requests) == 2
    clients.now = 95.0
    client.manifest(named(registry, "team/other:1"))
    assert len(service.requests) == 3


def test_anonymous_token(registry: FakeRegistry, service: WebServer, clients: Clients) -> None:
    """Without a login a token is asked for by nobody, as public images on Docker Hub need it."""
    registry.put_image("team/model", "1", [])
    registry.realm = service.url("/token")
    service.answers["/token"] = tokens(registry, None)
    clients().manifest(named(registry))
    assert "authorization" not in service.requests[0].headers


def test_identity_token(registry: FakeRegistry, service: WebServer, clients: Clients) -> None:
    """An identity token is a refresh token of OAuth2, sent in a body and not in an address."""
    registry.put_image("team/model", "1", [])
    registry.realm = service.url("/token")
    service.answers["/token"] = tokens(registry)
    clients(auths=auths(registry, identitytoken=SECRET)).manifest(named(registry))
    (request,) = service.requests
    form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
    assert (request.method, request.target) == ("POST", "/token")
    assert (form["grant_type"], form["refresh_token"], form["service"]) == ("refresh_token", SECRET, "fake")


def test_registry_token(registry: FakeRegistry, clients: Clients) -> None:
    """A bearer token of the configuration is sent as it is."""
    registry.put_image("team/model", "1", [])
    registry.realm, registry.tokens = "https://nowhere.invalid/token", {SECRET}
    clients(auths=auths(registry, registrytoken=SECRET)).manifest(named(registry))


def test_token_that_ran_out(registry: FakeRegistry, service: WebServer, clients: Clients) -> None:
    """A registry that takes a token no longer gets a new one."""
    registry.put_image("team/model", "1", [])
    registry.realm = service.url("/token")
    service.answers["/token"] = tokens(registry)
    client = clients()
    client.manifest(named(registry))
    registry.tokens.clear()
    client.manifest(named(registry))
    assert len(service.requests) == 2


def test_token_that_never_works(registry: FakeRegistry, service: WebServer, clients: Clients) -> None:
    """RG-31: TB3204 after one fresh token, and no loop."""
    registry.realm = service.url("/token")
    service.answers["/token"] = text('{"token": "never-good"}')
    with pytest.raises(FetchError, match="TB3204") as caught:
        clients(auths=auths(registry)).manifest(named(registry))
    assert len(service.requests) == 1
    assert "never-good" not in str(caught.value)


@pytest.mark.parametrize(
    ("realm", "code"),
    [("", "TB3205"), ("ftp://x/token", "TB3205"), ("http://token.example/token", "TB3205"), ("/token", "TB3205"),
     (f"https://me:{SECRET}@token.example/token", "TB3205")],
)  # fmt: skip
def test_bad_realm(registry: FakeRegistry, clients: Clients, realm: str, code: str) -> None:
    """RG-32: no credentials to a token service that is no https address."""
    registry.answers["/v2/team/model/manifests/1"] = text(
        b"", status=401, WWW_Authenticate=f'Bearer realm="{realm}",service="s"'
    )
    with pytest.raises(FetchError, match=code) as caught:
        clients(auths=auths(registry)).manifest(named(registry))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (text("<html>"), "TB3205"),
        (text("{}"), "TB3205"),
        (text('{"token": "a\\r\\nx: y"}'), "TB3205"),
        (text("[" * 100_000), "TB3205"),
        (text("x" * (2 << 20)), "TB3205"),
        (text("", status=403), "TB3204"),
        (text("", status=404), "TB3015"),
        (text("", status=503), "TB3016"),
        (redirect("https://elsewhere.example/"), "TB3012"),
    ],
)
def test_bad_token_service(
    registry: FakeRegistry, service: WebServer, clients: Clients, answer: Answer, code: str
) -> None:
    """RG-33: a token service that gives no token, or leads elsewhere."""
    registry.realm = service.url("/token")
    service.answers["/token"] = answer
    with pytest.raises(TwinbuildError, match=code) as caught:
        clients(auths=auths(registry)).manifest(named(registry))
    assert SECRET not in str(caught.value)


def test_no_way_in(registry: FakeRegistry, clients: Clients) -> None:
    """RG-34: a challenge of another kind, and none."""
    for header in ("Negotiate", ""):
        registry.answers["/v2/team/model/manifests/1"] = text(b"", status=401, WWW_Authenticate=header)
        with pytest.raises(FetchError, match="TB3204"):
            clients(auths=auths(registry)).manifest(named(registry))


def test_forbidden(registry: FakeRegistry, clients: Clients) -> None:
    """RG-35: 403 is final."""
    registry.answers["/v2/team/model/manifests/1"] = text(b"", status=403)
    with pytest.raises(FetchError, match="TB3204"):
        clients().manifest(named(registry))
    assert registry.targets().count("/v2/team/model/manifests/1") == 1


def test_credentials_stay_with_their_origin(registry: FakeRegistry, service: WebServer, clients: Clients) -> None:
    """RG-36: a redirect to another host, as to a store of blobs, is followed without credentials."""
    content = b"a layer"
    digest = registry.put_blob("team/model", content)
    registry.user, registry.password = "me", SECRET
    registry.put_image("team/model", "1", [content])
    client = clients(auths=auths(registry))
    reference = named(registry)
    manifest = client.manifest(reference)
    registry.answers[f"/v2/team/model/blobs/{digest}"] = redirect(service.url("/signed?signature=x"), 307)
    service.answers["/signed"] = text(content)
    from twinbuild.model.digest import Digest
    from twinbuild.model.image import Descriptor
    from twinbuild.store.memory import MemoryStore

    client.fetch_blob(reference, Descriptor(media_type="x", digest=Digest.of(content), size=7), MemoryStore())
    assert manifest.digest
    assert [request.headers.get("authorization") for request in service.requests] == [None]


def test_no_credentials_in_the_clear(clients: Clients) -> None:
    """RG-37: a registry that is neither https nor this machine gets no password, whatever the settings say."""
    from fakes.web import Proxy

    with FakeRegistry(user="me", password=SECRET) as registry, Proxy(upstream=registry.port) as proxy:
        client = clients(
            auths={"registry.lan:5000": {"auth": base64.b64encode(f"me:{SECRET}".encode()).decode()}},
            plain_http=("registry.lan:5000",),
            proxies=(("http", proxy.url("")),),
        )
        from twinbuild.model.reference import ImageReference

        with pytest.raises(FetchError, match="TB3205"):
            client.manifest(ImageReference.parse("registry.lan:5000/team/model:1"))
        assert registry.requests
        assert not [request for request in registry.requests if "authorization" in request.headers]
