"""The closure of packages is apt's, deterministic, and says why where there is none."""

from __future__ import annotations

import io
import itertools

import pytest

from twinbuild.debian import closure as module
from twinbuild.debian.closure import closure
from twinbuild.debian.packages import Package, read_packages
from twinbuild.debian.pool import Pool
from twinbuild.errors import LockError
from twinbuild.model.lock import LockedDeb


def packages(text: str, suite: str = "bookworm") -> tuple[Package, ...]:
    """Packages from lines of ``name version; Field: value; …``."""
    stanzas = []
    for line in filter(None, map(str.strip, text.splitlines())):
        head, *fields = [part.strip() for part in line.split(";")]
        name, version = head.split()
        path = f"pool/{name}/{name}_{version.rpartition(':')[2]}.deb"
        stanza = [f"Package: {name}", f"Version: {version}", f"Filename: {path}", "Size: 1", f"SHA256: {'0' * 64}"]
        if not any(field.startswith("Architecture:") for field in fields):
            stanza.append("Architecture: amd64")
        stanzas.append("\n".join(stanza + fields) + "\n")
    stream = io.BytesIO("\n".join(stanzas).encode())
    return tuple(read_packages(stream, archive="debian", suite=suite, component="main"))


def pool(text: str) -> Pool:
    """A pool of one suite."""
    return Pool(packages(text), architecture="amd64")


def names(locked: tuple[LockedDeb, ...]) -> str:
    """The names of a closure."""
    return " ".join(deb.name for deb in locked)


def refused(error: LockError) -> list[tuple[str, str]]:
    """Code and message of every finding."""
    return [(finding.code, finding.message) for finding in error.findings]


def test_essential_packages_requests_and_what_they_need() -> None:
    """The closure has these and nothing else: Priority alone and Recommends bring nothing in."""
    suite = pool(
        """
        base 1; Essential: yes; Pre-Depends: libc
        libc 1
        tool 1; Depends: lib (>= 2), libc; Recommends: extra
        lib 2; Architecture: all
        extra 1; Priority: required
        """
    )
    locked = {deb.name: deb for deb in closure(("tool",), suite)}
    assert sorted(locked) == ["base", "lib", "libc", "tool"]
    assert (locked["base"].pre_depends, locked["base"].depends) == (("libc",), ("libc",))
    assert (locked["tool"].pre_depends, locked["tool"].depends) == ((), ("lib", "libc"))
    assert [name for name, deb in locked.items() if deb.requested] == ["base", "tool"]
    assert [name for name, deb in locked.items() if deb.essential] == ["base"]
    assert names(closure(("tool",), suite, base=False)) == "lib libc tool"


def test_order_of_requests_and_packages_changes_nothing() -> None:
    """Every order of the requests and of the index gives the same closure."""
    lines = [
        "a 1; Depends: x | y",
        "b 1; Depends: y | x",
        "x 1",
        "y 1; Provides: z",
        "w 1; Provides: z",
        "c 1; Depends: z",
    ]
    results = {
        closure(asked, pool("\n".join(lines[shift:] + lines[:shift])))
        for asked in itertools.permutations(("a", "b", "c"))
        for shift in range(len(lines))
    }
    assert len(results) == 1


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("a", "a first"),  # the first alternative, as written
        ("a second", "a second"),  # one that is chosen already
        ("v", "prio v"),  # a provider: by Priority
        ("e", "e real"),  # the real package before its providers
        ("gone", "gone second"),  # an alternative that does not exist is passed over
        ("deep", "deep second"),  # so is one whose own dependencies cannot be met
        ("against", "against second"),  # or one that conflicts with what is chosen
        ("old", "old second"),  # or one that is too old
        ("loop", "loop pool-b"),  # a circle is no reason to stop
        ("arm", "arm"),  # what is for another architecture does not count
        ("merged", "merged usr-is-merged"),  # the preferred alternative
    ],
)
def test_choice_of_alternatives(asked: str, expected: str) -> None:
    """Alternatives and providers are chosen as apt does."""
    suite = pool(
        """
        a 1; Depends: first | second
        first 1
        second 1
        v 1; Depends: virtual
        aaa 1; Provides: virtual; Priority: optional
        prio 1; Provides: virtual; Priority: important
        e 1; Depends: real
        aab 1; Provides: real; Priority: required
        real 1
        gone 1; Depends: missing | second
        deep 1; Depends: broken | second
        broken 1; Depends: first, missing
        against 1; Depends: first | second; Conflicts: first
        old 1; Depends: first (>= 2) | second
        loop 1; Depends: pool-b
        pool-b 1; Depends: loop
        arm 1; Depends: first [arm64], missing [!amd64]
        merged 1; Depends: usrmerge | usr-is-merged
        usrmerge 1
        usr-is-merged 1
        """
    )
    assert names(closure(tuple(asked.split()), suite)) == expected


def test_versioned_provides_and_qualifiers() -> None:
    """Only a versioned Provides meets a version; ``:any`` needs Multi-Arch: allowed; ``:amd64`` is native."""
    suite = pool(
        """
        a 1; Depends: lib (>= 2)
        plain 1; Provides: lib
        versioned 1; Provides: lib (= 2)
        b 1; Depends: python:any
        python 1; Multi-Arch: allowed
        c 1; Depends: plain:any | python:amd64
        d 1; Depends: plain:i386
        """
    )
    assert names(closure(("a", "b"), suite)) == "a b python versioned"
    assert names(closure(("c",), suite)) == "c python"
    with pytest.raises(LockError, match="TB2131"):
        closure(("d",), suite)


def test_newest_version_and_reluctant_suites() -> None:
    """The newest version wins over the order of suites, a suite that isn't automatic only where needed or named."""
    both = Pool(
        packages("tool 1; Depends: lib\nlib 1\nnew 1; Depends: lib (>= 3)")
        + packages("lib 1.5\ntool 1", "bookworm-security")
        + packages("lib 3", "bookworm-backports"),
        architecture="amd64",
        reluctant=frozenset({"bookworm-backports"}),
    )
    chosen = {deb.name: (deb.version, deb.suite) for deb in closure(("tool",), both)}
    assert chosen == {"lib": ("1.5", "bookworm-security"), "tool": ("1", "bookworm")}
    assert {deb.name: deb.version for deb in closure(("new",), both)} == {"lib": "3", "new": "1"}
    assert [deb.version for deb in closure(("lib/bookworm-backports",), both)] == ["3"]
    assert [deb.version for deb in closure(("lib=1",), both)] == ["1"]


def test_a_failed_attempt_leaves_no_trace() -> None:
    """What an abandoned alternative brought in is gone, with what it provided and excluded."""
    suite = pool(
        """
        a 1; Depends: one | two
        one 1; Depends: extra, missing
        extra 1; Provides: virtual; Conflicts: two
        two 1; Depends: virtual | last
        last 1
        """
    )
    assert names(closure(("a",), suite)) == "a last two"


def test_package_that_conflicts_with_what_it_provides() -> None:
    """It excludes the others that provide it, never itself (Policy, 7.6.2)."""
    suite = pool("a 1; Provides: mta; Conflicts: mta; Replaces: mta\nb 1; Provides: mta; Conflicts: mta")
    assert names(closure(("a",), suite)) == "a"
    with pytest.raises(LockError, match="TB2132"):
        closure(("a", "b"), suite)


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ("top", "TB2131", "top → middle needs missing (>= 2): no suite has such a package"),
        ("late", "TB2131", "late needs middle (>= 9): there is middle=1"),
        ("fight", "TB2132", "fight needs enemy: fight=1 conflicts with or breaks enemy (<< 2), and enemy=1"),
        ("either", "TB2131", "no suite has such a package; or "),
        ("nothing", "TB2130", "there is no package nothing"),
        ("midle", "TB2130", "alike are middle"),
        ("virtual", "TB2130", "virtual package, provided by enemy"),
        ("middle=7", "TB2130", "middle has 1 (bookworm)"),
        ("middle/sid", "TB2130", "middle has 1 (bookworm)"),
        ("Middle", "TB2136", "not the name of a package"),
        ("a; rm -rf /", "TB2136", "not the name of a package"),
    ],
)
def test_why_there_is_no_closure(asked: str, code: str, said: str) -> None:
    """The message names the chain, what is missing and what there is instead."""
    suite = pool(
        """
        top 1; Depends: middle
        middle 1; Depends: missing (>= 2)
        late 1; Depends: middle (>= 9)
        fight 1; Depends: enemy; Breaks: enemy (<< 2)
        enemy 1; Provides: virtual
        either 1; Depends: middle | top
        """
    )
    with pytest.raises(LockError) as caught:
        closure((asked,), suite)
    ((found, message),) = refused(caught.value)
    assert found == code
    assert said in message


def test_all_requests_are_judged_at_once() -> None:
    """Three mistakes give three findings."""
    with pytest.raises(LockError) as caught:
        closure(("nope", "Bad", "a"), pool("a 1; Depends: missing"))
    assert sorted(code for code, _ in refused(caught.value)) == ["TB2130", "TB2131", "TB2136"]


def test_two_versions_of_one_package() -> None:
    """Asked for by name, they exclude each other."""
    with pytest.raises(LockError, match=r"TB2132.*already chosen"):
        closure(("a=1", "a=2"), pool("a 1\na 2"))


def test_search_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thicket of alternatives ends in TB2133, not in hours."""
    monkeypatch.setattr(module, "_STEPS", 500)
    thicket = "\n".join(
        f"p{i} 1; Depends: p{i + 1} | q{i + 1}\nq{i} 1; Depends: p{i + 1} | q{i + 1}" for i in range(30)
    )
    with pytest.raises(LockError, match="TB2133"):
        closure(("p0",), pool(thicket))


def test_long_chains_need_no_recursion() -> None:
    """Ten thousand packages in a row are no problem."""
    chain = "\n".join(f"p{i} 1; Depends: p{i + 1}" for i in range(10_000)) + "\np10000 1"
    assert len(closure(("p0",), pool(chain))) == 10_001


BASE = "libc 2; Multi-Arch: same\n shell 1; Provides: sh\n old 1\n strict 1; Conflicts: rival"


def test_what_is_installed_is_taken_as_it_is() -> None:
    """It satisfies, in whatever version it is, brings nothing in, and is no part of the answer."""
    suite = pool("libc 3; Depends: news\n tool 1; Depends: libc (>= 2), sh, lib\n lib 1; Depends: old\n old 2\n news 1")
    found = closure(("tool", "old"), suite, base=False, installed=packages(BASE))
    assert names(found) == "lib tool"
    assert found[1].depends == ("lib",)
    assert closure(("libc", "libc=2"), suite, base=False, installed=packages(BASE)) == ()


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        ("newer", "TB2137", "libc=3 is needed, but the base has libc=2"),
        ("libc=3", "TB2137", "libc=3 is needed, but the base has libc=2"),
        ("rival", "TB2132", "strict=1 conflicts with or breaks rival, and rival=1 is chosen too"),
    ],
)
def test_what_is_installed_is_never_replaced(wanted: str, code: str, message: str) -> None:
    """Neither by another version, nor by what it excludes."""
    suite = pool("libc 3\n newer 1; Depends: libc (>= 3)\n rival 1")
    with pytest.raises(LockError) as caught:
        closure((wanted,), suite, base=False, installed=packages(BASE))
    ((found, text),) = refused(caught.value)
    assert found == code
    assert message in text


def test_what_is_installed_and_asked_for_by_suite() -> None:
    """A suite that has the same version is no contradiction, another version is."""
    suite = pool("libc 2; Multi-Arch: same")
    assert closure(("libc/bookworm",), suite, base=False, installed=packages(BASE)) == ()
    with pytest.raises(LockError, match=r"TB2137.*libc=3 is needed, but the base has libc=2"):
        closure(("libc/bookworm",), pool("libc 3"), base=False, installed=packages(BASE))


def test_what_is_installed_of_another_architecture() -> None:
    """It satisfies nothing. Of a name both may be there in one version, if the package says so, as dpkg has it."""
    there = packages(
        "lib 1; Architecture: i386; Multi-Arch: same\n tool 1; Architecture: i386\n sh 1; Architecture: i386"
    )
    suite = pool("lib 1; Multi-Arch: same\n tool 1\n user 1; Depends: lib, sh | dash\n dash 1\n sh 1")
    assert names(closure(("user",), suite, base=False, installed=there)) == "dash lib user"
    for wanted, text in (("tool", "tool=1 is needed, but the base has tool=1 of i386"), ("lib", "lib=2 is needed")):
        with pytest.raises(LockError, match=f"TB2137.*{text}"):
            closure((wanted,), pool("lib 2; Multi-Arch: same\n tool 1"), base=False, installed=there)
