"""The HTTP client against a server that misbehaves in every way we could think of."""

from __future__ import annotations

import base64
import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.certificates import authority
from fakes.web import Answer, Proxy, Request, WebServer, Wire, file, redirect, script, text
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.net.http import HttpClient

CONTENT = bytes(range(256)) * 4096  # 1 MiB
DIGEST = Digest.of(CONTENT)
IMPATIENT = 0.4  # seconds: for servers that never answer; any other could be late on a busy machine
ENDLESS, DROP = 30.0, 0.05  # seconds that such a server holds out, and between two bytes of one that drips


class Sink:
    """What arrives."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Keep it."""
        self.content += chunk
        return len(chunk)


class Pauses(list[float]):
    """Waits that take no time, but are remembered."""

    def __call__(self, seconds: float) -> None:
        """Remember it."""
        self.append(seconds)


@pytest.fixture
def server() -> Iterator[WebServer]:
    """A server on the loopback."""
    with WebServer() as running:
        yield running


def client(pauses: Callable[[float], object] | None = None, **settings: object) -> HttpClient:
    """A client that waits no time between tries, and for an answer as long as a busy machine may need."""
    fields: dict[str, object] = {"store": "/nowhere", "timeout": 20.0, "retries": 2, **settings}
    return HttpClient(Settings(**fields), pause=Pauses() if pauses is None else pauses)  # type: ignore[arg-type]


def code_of(error: TwinbuildError) -> str:
    """The first finding's code."""
    return error.findings[0].code


# -- documents -----------------------------------------------------------------------------------------------------


def test_document(server: WebServer) -> None:
    """A document comes with its header, its media type and the address it came from."""
    server.answers["/page"] = text("hello", Content_Type="text/html; charset=utf-8")
    response = client().get(server.url("/page"), limit=100, accept="text/html")
    assert (response.body, response.content_type, response.url) == (b"hello", "text/html", server.url("/page"))
    assert server.requests[0].headers["accept"] == "text/html"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_document_in_gzip(server: WebServer, encoding: str) -> None:
    """A page may come in gzip; the limit is for what it unpacks to."""
    server.answers["/page"] = text(gzip.compress(b"x" * 1000), Content_Encoding=encoding)
    assert client().get(server.url("/page"), limit=1000).body == b"x" * 1000
    with pytest.raises(FetchError) as caught:
        client().get(server.url("/page"), limit=999)
    assert code_of(caught.value) == "TB3026"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(gzip.compress(b"x")), "gzip, gzip"),
        (b"x", "br"),
        (b"no gzip", "gzip"),
        (gzip.compress(b"x" * 100)[:-9], "gzip"),
        (gzip.compress(b"x") + b"more", "gzip"),
    ],
    ids=["twice", "br", "not", "cut", "more"],
)
def test_bad_encoding_of_document(server: WebServer, body: bytes, encoding: str) -> None:
    """A page that is encoded twice, otherwise or wrongly is refused."""
    server.answers["/page"] = text(body, Content_Encoding=encoding)
    with pytest.raises(FetchError) as caught:
        client().get(server.url("/page"), limit=1000)
    assert code_of(caught.value) == "TB3027"


def test_gzip_bomb_is_cut_off(server: WebServer) -> None:
    """A page of a gigabyte in gzip costs no more than its limit."""
    server.answers["/page"] = text(gzip.compress(bytes(64 << 20)), Content_Encoding="gzip")
    with pytest.raises(FetchError) as caught:
        client().get(server.url("/page"), limit=1 << 20)
    assert code_of(caught.value) == "TB3026"


def test_endless_document(server: WebServer) -> None:
    """A body without end stops at the limit."""

    def endless(request: Request, wire: Wire) -> None:
        wire.head(200, {})
        while True:
            wire.send(b"x" * 65536)

    server.answers["/page"] = endless
    with pytest.raises(FetchError) as caught:
        client().get(server.url("/page"), limit=1 << 20)
    assert code_of(caught.value) == "TB3026"


@pytest.mark.parametrize(
    ("status", "code", "tries"), [(404, "TB3015", 1), (410, "TB3015", 1), (401, "TB3024", 1), (403, "TB3024", 1),
                                  (418, "TB3023", 1), (304, "TB3012", 1), (500, "TB3016", 3), (503, "TB3016", 3)],
)  # fmt: skip
def test_refusals(server: WebServer, status: int, code: str, tries: int) -> None:
    """Each status has its code; only what may pass by itself is tried again."""
    server.answers["/page"] = text("sorry", status=status)
    with pytest.raises(FetchError) as caught:
        client().get(server.url("/page"), limit=100)
    assert code_of(caught.value) == code
    assert len(server.requests) == tries


def test_second_try_succeeds(server: WebServer) -> None:
    """A server that recovers is forgiven, after pauses that grow."""
    pauses = Pauses()
    server.answers["/page"] = script(text("", status=502), text("", status=503), text("well"))
    assert client(pauses).get(server.url("/page"), limit=100).body == b"well"
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_bounded(server: WebServer, status: int) -> None:
    """A wait of seconds is kept, one of years is refused at once (NW-05)."""
    pauses = Pauses()
    server.answers["/soon"] = script(text("", status=status, Retry_After="7"), text("well"))
    server.answers["/late"] = text("", status=status, Retry_After="1000000000")
    date = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Retry_After": "Sun, 06 Nov 1994 08:49:40 GMT"}
    server.answers["/date"] = script(text("", status=status, **date), text("well"))
    assert client(pauses).get(server.url("/soon"), limit=100).body == b"well"
    assert client(pauses).get(server.url("/date"), limit=100).body == b"well"
    with pytest.raises(FetchError, match="asks to wait 1e\\+09 s, the limit is 120 s") as caught:
        client(pauses).get(server.url("/late"), limit=100)
    assert code_of(caught.value) == "TB3016"
    assert pauses == [7.0, 3.0]


# -- no connection, slow connections -------------------------------------------------------------------------------


def test_refused_connection_is_tried_a_few_times() -> None:
    """A port where nobody listens ends after bounded tries; the host then gets one try a request (NW-01)."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    pauses = Pauses()
    asking = client(pauses)
    for _ in range(2):
        with pytest.raises(FetchError, match="refused") as caught:
            asking.get(f"http://127.0.0.1:{port}/x", limit=10)
        assert code_of(caught.value) == "TB3020"
    assert len(pauses) == 2


def test_unknown_host() -> None:
    """A name that does not resolve is named as that (NW-01)."""
    with pytest.raises(FetchError, match="cannot be resolved") as caught:
        client(retries=0).get("https://nowhere.invalid/x", limit=10)
    assert code_of(caught.value) == "TB3020"


def stalls(request: Request, wire: Wire) -> None:
    """Begin a body, then say nothing."""
    wire.head(200, {"Content-Length": 1000})
    wire.send(b"some")
    wire.wait(ENDLESS)


def says_nothing(request: Request, wire: Wire) -> None:
    """Take the request and say nothing."""
    wire.wait(ENDLESS)


def drips_body(request: Request, wire: Wire) -> None:
    """Send a byte of the body now and then."""
    wire.head(200, {"Content-Length": 1000})
    for _ in range(int(ENDLESS / DROP)):
        wire.send(b"x")
        wire.wait(DROP)


def drips_header(request: Request, wire: Wire) -> None:
    """Send a byte of the header now and then."""
    wire.send(b"HTTP/1.1 200 OK\r\n")
    for _ in range(int(ENDLESS / DROP)):
        wire.send(b"X")
        wire.wait(DROP)


@pytest.mark.parametrize("answer", [stalls, says_nothing, drips_body, drips_header])
def test_slow_servers_time_out(server: WebServer, answer: Answer) -> None:
    """A server that stalls or sends a byte now and then is left, within a small multiple of the time-out (NW-02)."""
    server.answers["/page"] = answer
    started = time.monotonic()
    with pytest.raises(FetchError) as caught:
        client(retries=0, timeout=IMPATIENT).get(server.url("/page"), limit=2000)
    assert code_of(caught.value) == "TB3021"
    assert time.monotonic() - started < ENDLESS / 2


def endless_header(request: Request, wire: Wire) -> None:
    """Send header fields for ever."""
    wire.send(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        wire.send(f"X-{number}: {'y' * 4000}\r\n".encode())


def endless_line(request: Request, wire: Wire) -> None:
    """Send one header field that never ends."""
    wire.send(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        wire.send(b"y" * 65536)


def endless_continue(request: Request, wire: Wire) -> None:
    """Ask to continue for ever."""
    while True:
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def many_headers(request: Request, wire: Wire) -> None:
    """Send five hundred header fields."""
    wire.head(200, {f"X-{number}": number for number in range(500)})


def endless_trailer(request: Request, wire: Wire) -> None:
    """Send trailer fields for ever."""
    wire.head(200, {"Transfer-Encoding": "chunked"})
    wire.send(b"1\r\nx\r\n0\r\n")
    while True:
        wire.send(b"X: y\r\n" * 1000)


def endless_chunk_size(request: Request, wire: Wire) -> None:
    """Send a chunk's size that never ends."""
    wire.head(200, {"Transfer-Encoding": "chunked"})
    while True:
        wire.send(b"0" * 65536)


def gibberish(request: Request, wire: Wire) -> None:
    """Speak another protocol."""
    wire.send(b"SSH-2.0-OpenSSH_9.2\r\n")


def several_lengths(request: Request, wire: Wire) -> None:
    """State two lengths."""
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")


@pytest.mark.parametrize(
    "answer",
    [endless_header, endless_line, endless_continue, many_headers, endless_trailer, endless_chunk_size, gibberish,
     several_lengths],
)  # fmt: skip
def test_malformed_answers(server: WebServer, answer: Answer) -> None:
    """What is not sound HTTP, or has framing without end, is refused without being kept in memory (NW-02)."""
    server.answers["/page"] = answer
    with pytest.raises(FetchError) as caught:
        client(retries=0, timeout=5.0).get(server.url("/page"), limit=2000)
    assert code_of(caught.value) in ("TB3025", "TB3020")
    assert code_of(caught.value) == "TB3025" or answer is endless_chunk_size


# -- downloads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
def test_download(server: WebServer, chunked: bool) -> None:
    """A file arrives whole, with its digest and every byte announced."""
    server.answers["/file"] = file(CONTENT, chunked=chunked)
    sink, steps = Sink(), Pauses()
    found = client().download(server.url("/file"), sink, size=len(CONTENT), digest=DIGEST, advance=steps)
    assert found == (DIGEST, len(CONTENT))
    assert sink.content == CONTENT
    assert sum(steps) == len(CONTENT)
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("size", [len(CONTENT), None])
@pytest.mark.parametrize("etag", ['"one"', "", 'W/"weak"'])
@pytest.mark.parametrize("ranges", [True, False])
def test_download_survives_a_reset_at_each_tenth(server: WebServer, size: int | None, etag: str, ranges: bool) -> None:
    """Nine resets in one body end in the right bytes, whether the server knows ranges or not (NW-01)."""
    breaks = tuple(len(CONTENT) * tenth // 10 for tenth in range(1, 10))
    if not ranges:
        breaks = breaks[3:5]  # each try starts at the front
    server.answers["/file"] = file(CONTENT, etag=etag, ranges=ranges, breaks=breaks)
    sink = Sink()
    assert client().download(server.url("/file"), sink, size=size) == (DIGEST, len(CONTENT))
    assert sink.content == CONTENT
    asked = [request.headers.get("range") for request in server.requests]
    assert asked[0] is None
    assert all(asked[1:])
    assert server.requests[1].headers.get("if-range", "") == (etag if etag == '"one"' else "")


@pytest.mark.parametrize("tenth", range(1, 10))
def test_download_gives_up_after_bounded_tries(server: WebServer, tenth: int) -> None:
    """A server that always breaks at the same place is left after as many tries as the settings allow (NW-01)."""
    content = CONTENT[: 40 << 10]

    def breaks(request: Request, wire: Wire) -> None:
        wire.head(200, {"Content-Length": len(content)})
        wire.send(content[: len(content) * tenth // 10])
        wire.wait(0.01)
        wire.reset()

    server.answers["/file"] = breaks
    with pytest.raises(FetchError) as caught:
        client().download(server.url("/file"), Sink(), size=len(content))
    assert code_of(caught.value) == "TB3020"
    assert len(server.requests) == 3


def test_changed_file_is_no_continuation(server: WebServer) -> None:
    """Where the second try gets another file, nothing is patched together (LK-19)."""
    other = b"!" + CONTENT[1:]
    server.answers["/file"] = script(file(CONTENT, breaks=(500_000,)), file(other, etag='"two"'))
    with pytest.raises(IntegrityError) as caught:
        client().download(server.url("/file"), Sink(), size=len(CONTENT))
    assert code_of(caught.value) == "TB3032"


def test_wrong_range_falls_back_to_the_whole(server: WebServer) -> None:
    """A server that sends another range than asked is not asked for ranges again."""

    def wrong(request: Request, wire: Wire) -> None:
        wire.head(206, {"Content-Range": f"bytes 5-9/{len(CONTENT)}", "Content-Length": 5})
        wire.send(b"xxxxx")

    server.answers["/file"] = script(file(CONTENT, breaks=(500_000,)), wrong, file(CONTENT))
    sink = Sink()
    assert client().download(server.url("/file"), sink) == (DIGEST, len(CONTENT))
    assert sink.content == CONTENT
    assert "range" not in server.requests[2].headers


@pytest.mark.parametrize("length", [len(CONTENT) - 1, len(CONTENT) + 1, 0])
def test_stated_length_differs(server: WebServer, length: int) -> None:
    """A length other than the lock's is an integrity error at once, without reading on (NW-03)."""
    server.answers["/file"] = text(b"x" * length)
    with pytest.raises(IntegrityError, match=f"got {length} bytes, expected {len(CONTENT)}") as caught:
        client().download(server.url("/file"), Sink(), size=len(CONTENT))
    assert code_of(caught.value) == "TB3030"
    assert len(server.requests) == 1


@pytest.mark.parametrize("more", [-5, 5])
def test_unstated_length_differs(server: WebServer, more: int) -> None:
    """A body without a length that ends early, or goes on, is an integrity error too (NW-03)."""

    def unstated(request: Request, wire: Wire) -> None:
        wire.head(200, {})
        wire.send(b"x" * (100 + more))

    server.answers["/file"] = unstated
    with pytest.raises(IntegrityError) as caught:
        client().download(server.url("/file"), Sink(), size=100)
    assert code_of(caught.value) == "TB3030"


def test_wrong_bytes(server: WebServer) -> None:
    """Bytes of the right length but another digest are refused, with both digests named; never tried again."""
    server.answers["/file"] = text(b"evil")
    with pytest.raises(IntegrityError, match=str(Digest.of(b"evil"))) as caught:
        client().download(server.url("/file"), Sink(), size=4, digest=Digest.of(b"good"))
    assert code_of(caught.value) == "TB3031"
    assert len(server.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br"])
def test_encoded_file(server: WebServer, encoding: str) -> None:
    """A file is never decoded: an encoding is refused (NW-03)."""
    server.answers["/file"] = text(gzip.compress(CONTENT), Content_Encoding=encoding)
    with pytest.raises(IntegrityError) as caught:
        client().download(server.url("/file"), Sink(), size=len(CONTENT))
    assert code_of(caught.value) == "TB3027"


def test_file_above_its_limit(server: WebServer) -> None:
    """A file of unknown size has a limit."""
    server.answers["/file"] = file(CONTENT, chunked=True)
    with pytest.raises(FetchError) as caught:
        client().download(server.url("/file"), Sink(), limit=1000)
    assert code_of(caught.value) == "TB3026"


# -- redirects -----------------------------------------------------------------------------------------------------


def test_redirects_are_followed(server: WebServer) -> None:
    """Ten redirects, absolute and relative, lead to the document."""
    server.answers |= {f"/{n}": redirect(f"/{n + 1}" if n % 2 else server.url(f"/{n + 1}")) for n in range(10)}
    server.answers["/10"] = text("there")
    response = client().get(server.url("/0"), limit=100)
    assert (response.body, response.url) == (b"there", server.url("/10"))


@pytest.mark.parametrize(
    "location",
    [
        "/a",
        "/again",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "gopher://127.0.0.1:70/x",
        "http://example.org/plain",
        "//",
        "",
        "/x%0d%0aSet-Cookie:%20a=b",
        "/x%0aDeb822:%20y",
        "http://user name@host/",
        "http://[::1",
        "/x\\y",
        "http://h:99999/",
    ],
)
def test_refused_redirects(server: WebServer, location: str) -> None:
    """Loops, other schemes, plain http elsewhere and newlines are refused, the way is shown (NW-04, DB-12)."""
    server.answers["/a"] = redirect("/b")
    server.answers["/b"] = redirect(location)
    server.answers["/again"] = redirect("/a")
    with pytest.raises(FetchError) as caught:
        client().get(server.url("/a"), limit=100)
    assert code_of(caught.value) == "TB3012"
    assert "/a → " in caught.value.findings[0].message


def test_endless_redirects(server: WebServer) -> None:
    """After ten redirects it ends."""
    server.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(30)}
    with pytest.raises(FetchError) as caught:
        client().get(server.url("/0"), limit=100)
    assert code_of(caught.value) == "TB3012"
    assert len(server.requests) == 11


NEAR = ("http://127.0.0.1/", "http://169.254.169.254/latest", "http://localhost/", "http://[::1]/", "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/")  # fmt: skip


@pytest.mark.parametrize("location", NEAR)
def test_redirect_from_afar_to_this_machine(location: str) -> None:
    """A host far away cannot send us to this machine or its link (NW-04)."""
    with WebServer() as server, Proxy(upstream=server.port) as proxy:
        server.answers["/a"] = redirect(location)
        asking = client(proxies=(("http", proxy.url("/")),))
        with pytest.raises(FetchError, match="this machine or its link") as caught:
            asking.get("http://far.example/a", limit=100, allow_http=True)
        assert code_of(caught.value) == "TB3012"
        assert server.targets() == ["/a"]


def test_redirect_to_a_name_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A far name that resolves to the loopback is found out when its peer is seen, before a request is sent (NW-04)."""
    with WebServer() as secret, WebServer() as server, Proxy(upstream=server.port) as proxy:
        real = socket.getaddrinfo

        def lies(host: object, *rest: object, **named: object) -> object:
            return real("127.0.0.1" if host == "rebound.example" else host, *rest, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", lies)
        server.answers["/a"] = redirect(f"http://rebound.example:{secret.port}/keys")
        asking = client(proxies=(("http", proxy.url("/")),), no_proxy=("rebound.example",))
        with pytest.raises(FetchError, match="this machine or its link"):
            asking.get("http://far.example/a", limit=100, allow_http=True)
        assert secret.requests == []


def test_plain_http_needs_leave() -> None:
    """Plain http to another host is refused unless the caller vouches for the bytes."""
    with pytest.raises(FetchError) as caught:
        client().get("http://far.example/a", limit=100)
    assert code_of(caught.value) == "TB3011"


# -- credentials, proxies, TLS -------------------------------------------------------------------------------------


def basic(user: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_credentials_of_an_address_stay_with_their_origin(server: WebServer) -> None:
    """User and password go to their own origin, and with no redirect to another."""
    with WebServer() as other:
        other.answers["/there"] = text("done")
        server.answers["/near"] = redirect("/far")
        server.answers["/far"] = redirect(other.url("/there"))
        address = server.url("/near", host="ada:p%40ss@127.0.0.1")
        assert client().get(address, limit=10).body == b"done"
        assert [request.headers.get("authorization") for request in server.requests] == [basic("ada", "p@ss")] * 2
        assert "authorization" not in other.requests[0].headers


def test_credentials_of_settings(server: WebServer, tmp_path: Path) -> None:
    """An index's credentials serve all addresses of its origin; a netrc file serves by host."""
    server.answers["/file"] = text("x")
    with_user = server.url("/simple", host="ada:secret@127.0.0.1")
    client(indexes=(("default", with_user),)).get(server.url("/file"), limit=10)
    netrc = tmp_path / "netrc"
    netrc.write_text("# mine\nmachine other.example login a password b\nmachine 127.0.0.1\n login eve password s\n")
    client(netrc=str(netrc)).get(server.url("/file"), limit=10)
    assert [request.headers["authorization"] for request in server.requests] == [
        basic("ada", "secret"),
        basic("eve", "s"),
    ]
    netrc.write_text("nonsense")
    with pytest.raises(UsageError) as caught:
        client(netrc=str(netrc)).get(server.url("/file"), limit=10)
    assert code_of(caught.value) == "TB3013"


@pytest.mark.parametrize(
    "answer",
    [text("", status=403), text("", status=404), text("", status=500), redirect("ftp://ada:hunter2@x/"), says_nothing,
     gibberish, text(b"x" * 100), text("", Content_Encoding="br")],
)  # fmt: skip
def test_no_message_shows_a_password(server: WebServer, answer: Answer) -> None:
    """Whatever goes wrong, neither password nor signed query is in the error."""
    server.answers["/page"] = answer
    address = server.url("/page?token=hunter2", host="ada:hunter2@127.0.0.1")
    patience = {"timeout": IMPATIENT} if answer is says_nothing else {}
    with pytest.raises(TwinbuildError) as caught:
        client(retries=0, **patience).get(address, limit=10)
    with pytest.raises(TwinbuildError) as second:
        client(retries=0, **patience).download(address, Sink(), size=3)
    for error in (caught.value, second.value):
        assert "hunter2" not in str(error)
        assert "hunter2" not in repr(error.__cause__)
        assert str(error.findings[0].where)


def test_proxy_for_plain_http() -> None:
    """Plain http goes through the proxy with the proxy's own credentials; the origin never sees them."""
    with WebServer() as server, Proxy(upstream=server.port, authorization=basic("p", "q")) as proxy:
        server.answers["/a"] = text("through")
        asking = client(proxies=(("http", proxy.url("/", host="p:q@127.0.0.1")),))
        assert asking.get("http://far.example/a", limit=10, allow_http=True).body == b"through"
        assert proxy.targets() == ["http://far.example/a"]
        with pytest.raises(FetchError) as caught:
            client(proxies=(("http", proxy.url("/")),)).get("http://far.example/a", limit=10, allow_http=True)
        assert code_of(caught.value) == "TB3024"


def test_a_proxy_that_is_not_there_is_named() -> None:
    """The message says that a proxy stands in between, and which, without its credentials."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError) as caught:
        client(proxies=(("http", f"http://p:hunter2@127.0.0.1:{port}"),), retries=0).get(
            "http://far.example/a", limit=10, allow_http=True
        )
    assert f"the connection was refused (by way of the proxy 127.0.0.1:{port})" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, WebServer]]:
    """A server with TLS, and the bundle that vouches for it."""
    bundle, context = authority(tmp_path_factory.mktemp("tls"), "127.0.0.1", "far.example")
    with WebServer(tls=context) as server:
        server.answers["/a"] = file(CONTENT)
        server.answers["/down"] = redirect("http://127.0.0.1:1/a")
        yield bundle, server


def test_tls(trusted: tuple[Path, WebServer]) -> None:
    """With the right bundle a file comes over TLS; without it the certificate is refused at once."""
    bundle, server = trusted
    sink = Sink()
    client(certificates=str(bundle)).download(server.url("/a"), sink, size=len(CONTENT), digest=DIGEST)
    assert sink.content == CONTENT
    pauses = Pauses()
    with pytest.raises(FetchError, match="certificate was refused") as caught:
        client(pauses).get(server.url("/a"), limit=10)
    assert code_of(caught.value) == "TB3022"
    assert pauses == []


def test_tls_wrong_host(trusted: tuple[Path, WebServer]) -> None:
    """A certificate for another host is refused."""
    bundle, server = trusted
    with pytest.raises(FetchError) as caught:
        client(certificates=str(bundle)).get(server.url("/a", host="localhost"), limit=10)
    assert code_of(caught.value) == "TB3022"


def test_tls_never_steps_down(trusted: tuple[Path, WebServer]) -> None:
    """No redirect leads from https to http, not even on the loopback (NW-04)."""
    bundle, server = trusted
    with pytest.raises(FetchError, match="from https to") as caught:
        client(certificates=str(bundle)).get(server.url("/down"), limit=10, allow_http=True)
    assert code_of(caught.value) == "TB3012"


def test_tls_through_a_proxy(trusted: tuple[Path, WebServer]) -> None:
    """TLS goes through a tunnel, with the host's own certificate checked at its end."""
    bundle, server = trusted
    with Proxy(upstream=server.port, authorization=basic("p", "q")) as proxy:
        asking = client(certificates=str(bundle), proxies=(("https", proxy.url("/", host="p:q@127.0.0.1")),))
        sink = Sink()
        asking.download("https://far.example/a", sink, size=len(CONTENT), digest=DIGEST)
        assert sink.content == CONTENT
        assert (proxy.requests[0].method, proxy.targets()) == ("CONNECT", ["far.example:443"])
        refused = client(certificates=str(bundle), proxies=(("https", proxy.url("/")),))
        with pytest.raises(FetchError, match="refused the tunnel with status 407") as caught:
            refused.get("https://far.example/a", limit=10)
        assert code_of(caught.value) == "TB3024"


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_unusable_bundle(tmp_path: Path, content: bytes | None) -> None:
    """A bundle that is missing or holds no certificate is named."""
    if content is not None:
        (tmp_path / "bundle").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        client(certificates=str(tmp_path / "bundle")).get("https://127.0.0.1:1/", limit=1)
    assert code_of(caught.value) == "TB3014"


# -- ends ----------------------------------------------------------------------------------------------------------


def test_stop_frees_a_waiting_thread(server: WebServer) -> None:
    """``stop`` ends a read that waits for a silent server at once."""
    server.answers["/page"] = stalls
    asking = client(timeout=30.0)
    caught: list[TwinbuildError] = []

    def ask() -> None:
        try:
            asking.get(server.url("/page"), limit=2000)
        except TwinbuildError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not server.requests:
        time.sleep(0.01)
    time.sleep(0.1)
    started = time.monotonic()
    asking.stop()
    thread.join(10)
    assert time.monotonic() - started < 2
    assert [code_of(error) for error in caught] == ["TB3029"]


def test_offline_asks_nobody(server: WebServer) -> None:
    """Offline, no connection is made."""
    with pytest.raises(FetchError) as caught:
        client(offline=True).get(server.url("/page"), limit=10)
    assert code_of(caught.value) == "TB3028"
    assert server.requests == []
