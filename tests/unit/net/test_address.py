"""Addresses, their redaction, and which of them a proxy stands before."""

from __future__ import annotations

import pytest

from twinbuild.errors import FetchError
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, join, redact
from twinbuild.net.neighbourhood import is_loopback, is_near
from twinbuild.net.proxy import proxy_of


def test_parts() -> None:
    """Host in lower case, the scheme's own port, credentials decoded and left out of text and repr."""
    address = Address.parse("HTTPS://ada:p%40ss@Index.Example/a%20b?c=d#e")
    assert str(address) == "https://index.example/a%20b?c=d"
    assert (address.port, address.user, address.password) == (443, "ada", "p@ss")
    assert "p@ss" not in repr(address)
    assert str(Address.parse("http://[::1]:8080")) == "http://[::1]:8080/"


@pytest.mark.parametrize(
    "text",
    ["", "x", "ftp://h/", "file:///x", "https://", "https:///x", "http://a b/", "http://h/\r\nX: y", "http://h\\@e/",
     "http://h:x/", "http://h:70000/", "http://ä.example/", "http://[::1/", "http://-x/", "http://h/" + "a" * 9000],
)  # fmt: skip
def test_refused(text: str) -> None:
    """What two parsers could read in two ways is no address."""
    with pytest.raises(FetchError) as caught:
        Address.parse(text)
    assert caught.value.findings[0].code == "TB3010"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("https://u:p@h/x?token=s#f", "https://***@h/x?***"), ("https://u@h/", "https://***@h/"),
     ("https://h/a@b", "https://h/a@b"), ("//u:p@h/x", "//***@h/x"), ("http://h/\r\n", "http://h/\\x0d\\x0a")],
)  # fmt: skip
def test_redaction(text: str, shown: str) -> None:
    """Neither credentials nor queries are shown, nor control characters printed."""
    assert redact(text) == shown


def test_join() -> None:
    """A path is encoded for the web and for file addresses, and left as it is below a plain directory."""
    assert join("https://m.example/debian/", "pool/a b%+~.deb") == "https://m.example/debian/pool/a%20b%25+~.deb"
    assert join("file:///srv/x", "a b") == "file:///srv/x/a%20b"
    assert join("/srv/x y", "a b") == "/srv/x y/a b"


def test_neighbours() -> None:
    """Loopback and link-local are near in every spelling; private networks and names are not."""
    assert all(map(is_loopback, ("localhost", "a.localhost", "127.9.9.9", "::1", "::ffff:127.0.0.1")))
    assert all(map(is_near, ("169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1")))
    assert not any(map(is_near, ("10.0.0.1", "192.168.1.1", "index.example", "8.8.8.8", "localhost.example")))


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [("b.example", True), (".b.example", True), ("a.b.example", True), ("example", True), ("*", True),
     ("*.b.example", True), ("a.b.example:443", True), ("a.b.example:80", False), ("x.b.example", False),
     ("ab.example", False), ("", False), ("10.0.0.0/8", False)],
)  # fmt: skip
def test_no_proxy(no_proxy: str, direct: bool) -> None:
    """Entries of no_proxy exempt a host and what lies below it, ports and ranges."""
    settings = Settings(store="/s", proxies=(("https", "http://p.example"),), no_proxy=(no_proxy,))
    assert (proxy_of(Address.parse("https://a.b.example/x"), settings) == "") is direct


def test_proxy_choice() -> None:
    """A proxy is chosen by scheme, else for all; this machine is reached directly, ranges too."""
    settings = Settings(store="/s", proxies=(("all", "http://a.example"), ("http", "http://h.example")),
                        no_proxy=("10.0.0.0/8", "fd00::/8"))  # fmt: skip
    asked = ("http://x.example/", "https://x.example/", "https://127.0.0.1/", "https://10.1.2.3/", "https://[fd00::1]/")
    assert [proxy_of(Address.parse(url), settings) for url in asked] == [
        "http://h.example",
        "http://a.example",
        "",
        "",
        "",
    ]
