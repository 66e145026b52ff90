"""What unknown scripts are called with, and what becomes of their changes."""

from __future__ import annotations

import io

import pytest

from fakes.debs import deb
from twinbuild.debian.archive import Deb, read_deb
from twinbuild.debian.hermetic import (
    Delta,
    configure,
    diversions,
    overrides,
    preinstall,
    require_programs,
    triggered,
)
from twinbuild.debian.scripts import scripts_of
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.tree import BytesContent, Directory, File, Symlink


def package(name: str = "demo", **control: str) -> Deb:
    """A package with control members."""
    content = deb(name, control={key: value.encode() for key, value in control.items()})
    return read_deb(io.BytesIO(content))


def file(path: str, content: bytes = b"", mode: int = 0o644, uid: int = 0, gid: int = 0) -> File:
    """A file."""
    return File(path=path, content=BytesContent(content), mode=mode, uid=uid, gid=gid)


def root(*entries: File | Directory | Symlink) -> Root:
    """A tree."""
    made = Root()
    for entry in entries:
        made.put(entry)
    return made


def test_owners_stay_unless_they_were_set() -> None:
    """The sandbox shows everything as root's: what packages gave to others is still theirs."""
    tree = root(file("etc/shadow", b"a", gid=42), file("a", uid=5))
    delta = Delta(entries=(file("etc/shadow", b"b"), file("a", b"n"), file("b")), removed=(), owned=(("a", 7, 8),))
    delta.apply(tree)
    found = {path: tree.get(path) for path in ("etc/shadow", "a", "b")}
    assert [(entry.uid, entry.gid) for entry in found.values() if isinstance(entry, File)] == [(0, 42), (7, 8), (0, 0)]


def test_a_directory_becomes_something_else() -> None:
    """What was in it is gone first."""
    tree = root(file("d/e/f"))
    Delta(entries=(Symlink(path="d", target="x"),), removed=("d/e", "d/e/f")).apply(tree)
    assert tree.get("d") == Symlink(path="d", target="x")


def test_what_came_later_wins_over_a_preinst() -> None:
    """A file that the script did not see is the package's; one that it saw and changed is its own."""
    tree = root(file("seen", b"old"), file("later", b"package's"))
    delta = Delta(entries=(file("seen", b"new"), file("later", b"script's"), file("made")), removed=("later2",))
    delta.apply(tree, seen=frozenset({"seen"}))
    assert (tree.read("seen"), tree.read("later"), tree.read("made")) == (b"new", b"package's", b"")


@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_set_id_programs_need_an_override(mode: int) -> None:
    """TB4219 without dpkg-statoverride; what was set-id before may stay so."""
    delta = Delta(entries=(file("usr/bin/x", mode=mode),), removed=())
    with pytest.raises(BuildError, match="TB4219"):
        delta.apply(root(file("usr/bin/x", mode=0o755)))
    delta.apply(root(file("usr/bin/x", mode=mode)))
    delta.apply(root(file("var/lib/dpkg/statoverride", f"root root {mode:o} /usr/bin/x\n".encode())))


def test_normalised() -> None:
    """The documented list, and nothing near it."""
    dropped = (
        "var/log/dpkg.log",
        "var/log/apt/term.log",
        "var/cache/ldconfig/aux-cache",
        "etc/passwd-",
        "etc/.pwd.lock",
        "etc/machine-id",
        "usr/lib/python3/__pycache__/a.pyc",
        "var/lib/dpkg/status-old",
        "run/x",
        "tmp/x",
    )
    kept = ("var/log/demo.log", "var/log/demo/dpkg.log", "etc/passwd", "var/lib/dpkg/status", "usr/run/x", "etc/a-old")
    delta = Delta(entries=tuple(file(path) for path in (*dropped, *kept)), removed=(*dropped, *kept)).normalised()
    assert tuple(entry.path for entry in delta.entries) == kept
    assert delta.removed == kept


def test_calls() -> None:
    """As dpkg makes them (deb-preinst(5), deb-postinst(5))."""
    one = package(preinst="#!/bin/sh\n", postinst="#!/bin/sh\n", templates="x")
    tree = Root()
    before = preinstall(tree, one, "1.21.22")
    assert (before.path, before.arguments) == ("/var/lib/dpkg/tmp.ci/preinst", ("install",))
    assert tree.read("var/lib/dpkg/tmp.ci/templates") == b"x"
    after = configure(one, "1.21.22")
    assert (after.path, after.arguments) == ("/var/lib/dpkg/info/demo.postinst", ("configure", ""))
    variables = dict(after.environment)
    assert variables["DPKG_MAINTSCRIPT_PACKAGE"] == "demo"
    assert variables["DPKG_MAINTSCRIPT_NAME"] == "postinst"
    assert variables["DPKG_RUNNING_VERSION"] == "1.21.22"


def test_triggers_of_names_and_paths() -> None:
    """A package is called once with what it waits for; the note is cleared; nobody else is called."""
    tree = root(file("var/lib/dpkg/triggers/Unincorp", b"wanted -\n/usr/share/x/y demo\nother -\n"))
    debs = (package("one", triggers="interest wanted\ninterest-noawait /usr/share/x\n"), package("two"))
    calls = triggered(tree, debs, "")
    assert [call.arguments for call in calls] == [("triggered", "wanted /usr/share/x/y")]
    assert triggered(tree, debs, "") == ()
    assert triggered(Root(), debs, "") == ()


def test_databases_of_dpkg() -> None:
    """Diversions and overrides of a text; lines that are none are left away."""
    (one,) = diversions("/a\n/a.real\ndemo\n/half\n")
    assert (one.path, one.to, one.package) == ("/a", "/a.real", "demo")
    (two,) = overrides("root adm 2750 /var/log/x y\nnonsense\n")
    assert (two.path, two.mode, two.group, two.recorded) == ("/var/log/x y", 0o2750, "adm", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#!/usr/bin/perl -w\n", "needs /usr/bin/perl, "),
        ("#! /usr/bin/env python3\n", "needs /usr/bin/env, /usr/bin/python3, "),
        ("#!/bin/sh\n . /usr/share/debconf/confmodule\n", "needs /usr/share/debconf/confmodule, /usr/bin/perl, "),
        ("echo\n", "names no interpreter"),
    ],
)
def test_programs_that_a_script_needs(text: str, said: str) -> None:
    """TB4217 names what is not there."""
    with pytest.raises(BuildError) as caught:
        require_programs(root(file("bin/sh")), scripts_of(package(postinst=text)))
    assert caught.value.findings[0].code == "TB4217"
    assert said in caught.value.findings[0].message


def test_names_that_are_not_utf_8_are_the_same_twice() -> None:
    """What a script leaves in the database is compared with what the base had there."""
    content = b"/bin/caf\xe9\n/bin/b\nzlib\n"
    delta = Delta(entries=(file("var/lib/dpkg/diversions", content),), removed=())
    assert delta.read("diversions").encode("utf-8", "surrogateescape") == content
