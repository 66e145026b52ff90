"""Evaluation of ranges against an implementation of its own, written from the text of OSV's schema."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from twinbuild.govern.vulnerabilities.versions import Undecided, fixed_versions, is_affected
from twinbuild.model.vulnerability import AdvisoryPackage, Event, Range

Compare = Callable[[str, str], int]
Events = list[tuple[str, str]]


def package(ecosystem: str, *ranges: Events, versions: tuple[str, ...] = ()) -> AdvisoryPackage:
    """An affected package."""
    return AdvisoryPackage(
        ecosystem=ecosystem,
        name="a",
        ranges=tuple(
            Range(type="ECOSYSTEM", events=tuple(Event(kind=kind, version=version) for kind, version in events))
            for events in ranges
        ),
        versions=versions,
        vectors=(),
        level="unknown",
    )


def by_pep440(one: str, other: str) -> int:
    """-1, 0 or 1."""
    a, b = Version(one), Version(other)
    return (a > b) - (a < b)


def by_dpkg(one: str, other: str) -> int:
    """deb-version(7), sign by sign, as verrevcmp of dpkg goes."""

    def parts(text: str) -> tuple[int, str, str]:
        epoch, _, rest = text.rpartition(":")
        upstream, dash, revision = rest.rpartition("-")
        return int(epoch or 0), upstream if dash else rest, revision if dash else "0"

    def weight(sign: str) -> int:
        return (
            -1 if sign == "~" else 0 if not sign or sign.isdigit() else ord(sign) if sign.isalpha() else ord(sign) + 256
        )

    def compare(a: str, b: str) -> int:
        while a or b:
            while (a and not a[0].isdigit()) or (b and not b[0].isdigit()):
                x, y = weight(a[:1]), weight(b[:1])
                if x != y:
                    return -1 if x < y else 1
                a, b = (a[1:] if a and not a[0].isdigit() else a), (b[1:] if b and not b[0].isdigit() else b)
            m, n = re.match(r"\d*", a), re.match(r"\d*", b)
            assert m is not None
            assert n is not None
            if int(m[0] or 0) != int(n[0] or 0):
                return -1 if int(m[0] or 0) < int(n[0] or 0) else 1
            a, b = a[m.end() :], b[n.end() :]
        return 0

    (e, u, r), (f, v, s) = parts(one), parts(other)
    return (e > f) - (e < f) or compare(u, v) or compare(r, s)


def by_the_schema(version: str, events: Events, compare: Compare) -> bool:
    """IncludedInRanges of the schema's evaluation algorithm, for one range without limits."""

    def order(one: tuple[str, str], other: tuple[str, str]) -> int:
        if "0" in (one[1], other[1]):
            return (one[1] != "0") - (other[1] != "0")
        return compare(one[1], other[1])

    vulnerable = False
    for kind, at in sorted(events, key=functools.cmp_to_key(order)):
        if kind == "introduced" and (at == "0" or compare(version, at) >= 0):
            vulnerable = True
        elif (kind == "fixed" and compare(version, at) >= 0) or (kind == "last_affected" and compare(version, at) > 0):
            vulnerable = False
    return vulnerable


_pypi = st.builds(
    lambda parts, end: ".".join(map(str, parts)) + end,
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.sampled_from(["", "a1", "rc1", ".post1", ".dev0"]),
).filter(lambda text: text != "0")
_debian = st.builds(
    lambda epoch, upstream, revision: f"{epoch}{upstream}{revision}",
    st.sampled_from(["", "1:"]),
    st.sampled_from(["1.2", "1.2~rc1", "1.10", "1.2+dfsg", "2", "1.2a"]),
    st.sampled_from(["", "-1", "-1+deb12u1", "-1+deb12u2", "-1~bpo1", "-10"]),
)


def _ranges(versions: st.SearchStrategy[str]) -> st.SearchStrategy[Events]:
    kinds = st.sampled_from(["introduced", "fixed", "last_affected"])
    later = st.lists(st.tuples(kinds, versions), max_size=4, unique_by=lambda event: event[1])
    return st.tuples(st.sampled_from([[("introduced", "0")], []]), later).map(lambda each: [*each[0], *each[1]])


@settings(max_examples=400, deadline=None)
@given(_pypi, _ranges(_pypi))
def test_pypi_as_the_schema_says(version: str, events: Events) -> None:
    """Where no two events are of one version, of which the schema says nothing."""
    if len({Version(at) for _, at in events if at != "0"}) == sum(at != "0" for _, at in events):
        assert is_affected(version, package("PyPI", events)) == by_the_schema(version, events, by_pep440)


@settings(max_examples=400, deadline=None)
@given(_debian, _ranges(_debian))
def test_debian_as_the_schema_says(version: str, events: Events) -> None:
    """By dpkg's order."""
    assert is_affected(version, package("Debian:12", events)) == by_the_schema(version, events, by_dpkg)


@pytest.mark.parametrize(
    ("ecosystem", "version", "events", "expected"),
    [
        ("PyPI", "2.13.0+cpu", [("introduced", "0"), ("last_affected", "2.13.0")], True),
        ("PyPI", "2.13.0+cpu", [("introduced", "0"), ("fixed", "2.13.0")], False),
        ("PyPI", "1.5", [("introduced", "1.5"), ("last_affected", "1.5")], True),
        ("PyPI", "1.6", [("introduced", "1.5"), ("last_affected", "1.5")], False),
        ("PyPI", "2.0", [("introduced", "1"), ("fixed", "2"), ("introduced", "2"), ("fixed", "3")], True),
        ("PyPI", "2.0", [("introduced", "0"), ("limit", "2")], False),
        ("PyPI", "1.9", [("introduced", "0"), ("limit", "2")], True),
        ("PyPI", "1.9", [("introduced", "0"), ("limit", "*")], True),
        ("Debian:12", "1:1.2.13.dfsg-1", [("introduced", "0"), ("fixed", "1:1.2.13.dfsg-1+deb12u1")], True),
        ("Debian:12", "2.36-9+deb12u10", [("introduced", "0"), ("fixed", "2.36-9+deb12u7")], False),
        ("crates.io", "1.0.0-rc.2", [("introduced", "1.0.0-rc.1"), ("fixed", "1.0.0")], True),
        ("crates.io", "1.0.0-rc.10", [("introduced", "0"), ("fixed", "1.0.0-rc.9")], False),
        ("npm", "1.10.0", [("introduced", "1.9.0")], True),
    ],
)
def test_cases(ecosystem: str, version: str, events: Events, expected: bool) -> None:
    """Local versions, single versions, adjoining ranges, limits, epochs, pre-releases."""
    assert is_affected(version, package(ecosystem, events)) is expected


def test_listed_versions() -> None:
    """A version that is listed, whatever its spelling and whatever the ranges say; others by range."""
    stated = package("PyPI", [("introduced", "3")], versions=("1.0", "not a version"))
    assert is_affected("1.0.0", stated)
    assert is_affected("not a version", stated)
    assert not is_affected("2", stated)
    assert not is_affected("odd", package("PyPI", versions=("1.0",)))


@pytest.mark.parametrize(
    ("ecosystem", "version", "event"),
    [("PyPI", "odd", "1"), ("PyPI", "1", "odd"), ("Debian:12", "_", "1"), ("crates.io", "1.0", "1.0.0")],
)
def test_undecided(ecosystem: str, version: str, event: str) -> None:
    """What cannot be compared is said, not guessed."""
    with pytest.raises(Undecided):
        is_affected(version, package(ecosystem, [("introduced", event)]))


def test_fixed() -> None:
    """In the advisory's order."""
    assert fixed_versions(package("PyPI", [("introduced", "0"), ("fixed", "2")], [("fixed", "1.9.1")])) == (
        "2",
        "1.9.1",
    )
