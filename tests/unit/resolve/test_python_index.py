"""Addresses of indexes: which are safe, and that none is shown."""

from __future__ import annotations

import pytest

from twinbuild.errors import Location, SpecError, UsageError
from twinbuild.resolve.python_index import PythonIndex, address_findings, index_address, refuse_spec_address, scrub


def at(address: str, *projects: str) -> PythonIndex:
    """An index called ``internal``."""
    return PythonIndex(name="internal", address=address, projects=projects)


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("https://index.example/simple", "https://index.example/simple"),
        ("https://me:pw@index.example:8443/simple/", "https://me:pw@index.example:8443/simple/"),
        ("http://127.0.0.1:8080/simple", "http://127.0.0.1:8080/simple"),
        ("http://[::1]:8080/simple", "http://[::1]:8080/simple"),
        ("file:///srv/index", "file:///srv/index"),
        ("/srv/my index", "file:///srv/my%20index"),
    ],
)
def test_safe(address: str, seen: str) -> None:
    """https, loopback and directories are."""
    assert index_address(at(address)) == seen


@pytest.mark.parametrize(
    "address",
    [
        "http://index.example/simple",
        "http://localhost.index.example/simple",
        "ftp://index.example/simple",
        "file://host.example/share",
        "https://",
        "index.example/simple",
        "https://index.example:99999999/simple",
        "https://index.example/simple --extra-index-url https://b.example",
        "https://index.example/\n",
    ],
)
def test_unsafe(address: str) -> None:
    """Everything else is refused, by the settings' code and without repeating the address."""
    with pytest.raises(UsageError) as caught:
        index_address(at(address))
    assert [each.code for each in caught.value.findings] == ["TB2036"]
    assert "index.example" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "address"),
    [
        ("TB2037", "https://me:pw@index.example/simple"),
        ("TB2037", "https://token@index.example/simple"),
        ("TB2037", "https://${TOKEN}@index.example/simple"),
        ("TB2037", "https://index.example/${TOKEN}/simple"),
        ("TB2036", "http://index.example/simple"),
    ],
)
def test_in_a_spec(code: str, address: str) -> None:
    """A spec states no credentials, and no address that anybody could answer."""
    with pytest.raises(SpecError) as caught:
        refuse_spec_address(address, where=Location(pointer="/dependencies/indexes/0/url"))
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.pointer) == (code, "/dependencies/indexes/0/url")
    assert "pw" not in repr(finding)


def test_a_plain_address_in_a_spec() -> None:
    """An own index by https is fine."""
    assert address_findings("https://index.example/simple", where=Location()) == ()


def test_binding() -> None:
    """Patterns match whole normalised names."""
    index = at("", "acme-*", "scorer")
    assert [index.binds(name) for name in ("acme-core", "acme", "scorer", "my-scorer")] == [True, False, True, False]


def test_scrub() -> None:
    """Known addresses become names, unknown ones disappear, credentials with them."""
    text = "GET https://me:pw@index.example/simple/lib/ then https://files.example/x?token=1 failed"
    clean = scrub(text, (at("https://me:pw@index.example/simple/"),))
    assert clean == "GET <index internal>/lib/ then <address> failed"
