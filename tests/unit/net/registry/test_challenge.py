"""WWW-Authenticate."""

from __future__ import annotations

import pytest

from twinbuild.net.registry.challenge import Challenge, parse_challenges


def test_bearer() -> None:
    """What Docker Hub says."""
    header = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"'
    (challenge,) = parse_challenges(header)
    assert challenge.scheme == "bearer"
    assert challenge.parameter("realm") == "https://auth.docker.io/token"
    assert challenge.parameter("scope") == "repository:a/b:pull"
    assert not challenge.parameter("nothing")


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        ("", []),
        ("Basic", ["basic"]),
        ('Basic realm="x, Bearer y"', ["basic"]),
        ('Basic realm="x", Bearer realm="y"', ["basic", "bearer"]),
        ("Negotiate, Basic realm=x , Bearer realm=y", ["negotiate", "basic", "bearer"]),
        ('bearer Realm="a\\"b"', ["bearer"]),
        ('Bearer realm="unclosed', ["bearer"]),
        ("=,=", []),
        ("Bearer " + "a=b," * 9000, []),
    ],
)
def test_lists(header: str, schemes: list[str]) -> None:
    """Several challenges in one header, quoted commas, and noise that ends in nothing."""
    assert [challenge.scheme for challenge in parse_challenges(header)] == schemes


def test_quoted_pairs() -> None:
    """A backslash quotes one character, and the first of two equal parameters counts."""
    found = parse_challenges(r'Bearer realm="a\"b",realm="second"')
    assert found == (Challenge(scheme="bearer", parameters=(("realm", 'a"b'),)),)
