"""Unknown maintainer scripts in the sandbox: what they see, what is kept, what is refused."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.debs import deb, given
from fakes.tools import tools
from twinbuild.build.scripts import ScriptRunner
from twinbuild.debian.archive import read_deb
from twinbuild.debian.system import assemble
from twinbuild.debian.unpack import spool_deb
from twinbuild.errors import BuildError, EnvironmentFault, PolicyRefused, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import User
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Directory, Entry, File, Symlink
from twinbuild.process.runner import SubprocessRunner

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="programs of this machine are run"),
]
AMD64 = Platform.parse("linux/amd64")
APP = User(name="app", uid=10001, gid=10001, home="/home/app")
ACCOUNTS = {
    "etc/passwd": b"root:*:0:0:root:/root:/bin/sh\ndemo:*:101:102::/:/bin/sh\n",
    "etc/group": b"root:*:0:\ndemo:*:102:\n",
    "root": None,
}
Tree = dict[str, Entry]
Build = Callable[..., Tree]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Assemble a system of the tools and a package ``demo`` with scripts; entries by path, their bytes readable."""
    with (tmp_path / "spool").open("w+b") as spool:

        def made(
            postinst: str = "",
            *,
            preinst: str = "",
            files: dict[str, bytes | str | None] | None = None,
            triggers: str = "",
            limit: float = 60.0,
        ) -> Tree:
            scripts = {"postinst": postinst, "preinst": preinst}
            control = {name: f"#!/bin/sh\nset -e\n{text}\n".encode() for name, text in scripts.items() if text}
            if triggers:
                control["triggers"] = triggers.encode()
            contents = (
                deb("tools", files={**tools(), **ACCOUNTS}, kind=""),
                deb("demo", files=files or {}, control=control),
            )
            packages = [spool_deb(io.BytesIO(one), read_deb(io.BytesIO(one)), io.BytesIO()) for one in contents]
            entries = assemble(
                packages,
                (given("tools"), given("demo", depends=("tools",))),
                platform=AMD64,
                user=APP,
                handled=frozenset(Digest.of(control[name]) for name in scripts if name in control),
                perform=ScriptRunner(SubprocessRunner(), tmp_path, spool, epoch=1_700_000_000, limit=limit),
            )
            return {entry.path: entry for entry in entries}

        yield made
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []  # no root is left behind


def text(tree: Tree, path: str) -> str:
    """The content of a file."""
    entry = tree[path]
    assert isinstance(entry, File)
    with entry.content.open() as stream:
        return stream.read().decode()


def test_changes_become_part_of_the_layer(build: Build) -> None:
    """New, changed and removed files, links, modes; what was not touched is as it was."""
    tree = build(
        "mkdir -m 750 /var/lib/demo; echo made > /var/lib/demo/a; ln -s a /var/lib/demo/b; ln /var/lib/demo/a /etc/c;"
        "rm /etc/old; rm -r /opt/gone; echo more >> /etc/kept; rm /etc/link; mkdir /etc/link",
        files={"etc/old": b"x", "etc/kept": b"kept\n", "etc/same": b"s", "opt/gone/x": b"", "etc/link": "kept"},
    )
    assert text(tree, "etc/c") == "made\n"
    assert isinstance(tree["var/lib/demo"], Directory)
    assert tree["var/lib/demo"].mode == 0o750
    assert tree["var/lib/demo/b"] == Symlink(path="var/lib/demo/b", target="a")
    assert text(tree, "etc/kept") == "kept\nmore\n"
    assert isinstance(tree["etc/link"], Directory)
    assert {"etc/old", "opt/gone", "opt/gone/x"}.isdisjoint(tree)
    assert text(tree, "etc/same") == "s"
    assert text(tree, "etc/passwd").endswith("app:*:10001:10001::/home/app:/usr/sbin/nologin\n")


def test_a_script_sees_what_dpkg_shows_it(build: Build) -> None:
    """Arguments, variables, user and host name; no variable of ours."""
    tree = build('echo "$0 $1 [$2] $DPKG_MAINTSCRIPT_PACKAGE $DPKG_MAINTSCRIPT_NAME $DEBIAN_FRONTEND" > /etc/said')
    assert text(tree, "etc/said") == ("/var/lib/dpkg/info/demo.postinst configure [] demo postinst noninteractive\n")


def test_the_clock_stands_still(build: Build) -> None:
    """At the release's date, also for a program that is started without variables; and nothing of it stays."""
    tree = build(
        "date +%s > /etc/now; sleep 0.1; date +%s%N >> /etc/now; unset PATH LC_ALL; /usr/bin/date +%s >> /etc/now",
        files={"etc/x": b""},
    )
    assert text(tree, "etc/now") == "1700000000\n1700000000000000000\n1700000000\n"
    assert {"etc/ld.so.preload", "usr/lib/twinbuild-clock"}.isdisjoint(tree)


def test_owners_are_noted(build: Build) -> None:
    """Chown by name and number, of files, directories, links and trees; owners that packages gave stay."""
    tree = build(
        "mkdir /srv/d; touch /srv/d/f /srv/g; ln -s f /srv/d/l; chown -R demo:demo /srv/d; chown -h 7 /srv/d/l;"
        "chown :demo /srv/g; touch /srv/tmp; chown demo /srv/tmp; rm /srv/tmp; touch /srv/new; echo x >> /etc/passwd-x",
        files={"srv": None},
    )
    owners = {path: (getattr(tree[path], "uid"), getattr(tree[path], "gid")) for path in tree if path[:4] == "srv/"}  # noqa: B009
    assert owners == {
        "srv/d": (101, 102),
        "srv/d/f": (101, 102),
        "srv/d/l": (7, 102),
        "srv/g": (0, 102),
        "srv/new": (0, 0),
    }


def test_what_no_image_keeps_is_left_away(build: Build) -> None:
    """Logs, caches, locks, backups, the machine's identity, byte code, and what lies in memory."""
    tree = build(
        "mkdir -p /var/log/apt /var/cache/ldconfig /usr/lib/x/__pycache__ /var/log/demo; for f in /var/log/dpkg.log "
        "/var/log/apt/term.log /var/cache/ldconfig/aux-cache /etc/machine-id /etc/passwd- /etc/.pwd.lock /run/x /tmp/x "
        "/usr/lib/x/__pycache__/a.pyc /var/lib/dpkg/diversions-old /usr/sbin/policy-rc.d.x; do echo $$ > $f; done"
    )
    assert [path for path in tree if path.endswith((".log", "-", ".lock", "/x", ".pyc", "-old", "machine-id"))] == [
        "usr/lib/x"
    ]
    assert "usr/sbin/policy-rc.d" not in tree
    assert "var/log/demo" in tree


def test_a_preinst_runs_before_its_package_is_there(build: Build) -> None:
    """It sees the packages before it; what it made stays unless its own package ships it; its diversions hold."""
    tree = build(
        preinst=(
            "[ ! -e /etc/shipped ]; [ -e /usr/bin/cat ]; echo mine > /etc/shipped; echo mine > /etc/made;"
            "printf '/etc/aside\\n/etc/aside.real\\n:\\n' >> /var/lib/dpkg/diversions"
        ),
        files={"etc/shipped": b"theirs", "etc/aside": b"aside"},
    )
    assert text(tree, "etc/shipped") == "theirs"
    assert text(tree, "etc/made") == "mine\n"
    assert text(tree, "etc/aside.real") == "aside"
    assert text(tree, "var/lib/dpkg/diversions") == "/etc/aside\n/etc/aside.real\n:\n"
    assert not any(path.startswith("var/lib/dpkg/tmp.ci") for path in tree)


def test_triggers_reach_who_waits_for_them(build: Build) -> None:
    """What dpkg-trigger would note is answered once, and nothing stays noted."""
    tree = build(
        'if [ "$1" = configure ]; then echo "wanted demo" > /var/lib/dpkg/triggers/Unincorp;'
        ' else echo "$1 $2" > /etc/said; fi',
        triggers="interest-noawait wanted\n",
    )
    assert text(tree, "etc/said") == "triggered wanted\n"
    assert text(tree, "var/lib/dpkg/triggers/Unincorp") == ""


def test_the_same_bytes_twice(build: Build) -> None:
    """Two runs in other directories give the same tree."""
    script = "mkdir -p /srv/x; echo $SOURCE_DATE_EPOCH $$ > /srv/x/a; ls / > /srv/x/b; chown demo /srv/x/a"
    first, second = build(script), build(script)
    assert first.keys() == second.keys()
    assert [text(first, path) for path in ("srv/x/a", "srv/x/b")] == [
        text(second, path) for path in ("srv/x/a", "srv/x/b")
    ]


HOSTILE: dict[str, tuple[str, str]] = {
    "fails": ("echo this is why; exit 3", "TB4218"),
    "dies": ("kill -9 $$", "TB4218"),
    "device": ("mknod /srv-null c 1 3", "TB4218"),
    "fifo": ("mkfifo /fifo", "TB5921"),
    "set-user-id": ("chmod 4755 /usr/bin/cat", "TB4219"),
    "set-group-id": ("touch /usr/bin/new; chmod 2755 /usr/bin/new", "TB4219"),
    "big file": ("dd if=/dev/zero of=/big bs=1M count=3000 seek=2000 2>/dev/null", "TB4218"),
    "accounts outside": (
        "rm /etc/passwd /etc/group; ln -s ../../../../../../etc/shadow /etc/passwd",
        "TB4213",
    ),
    "no end": ("while :; do :; done", "TB5902"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_scripts_are_answered(build: Build, name: str) -> None:
    """Each is stopped or refused with a code of its own, and nothing is left behind."""
    script, code = HOSTILE[name]
    with pytest.raises(TwinbuildError) as caught:
        build(script, limit=3.0 if name == "no end" else 60.0)
    assert caught.value.findings[0].code == code


def test_the_message_of_a_failure_names_package_script_status_and_output(build: Build) -> None:
    """A person can see what to do from it."""
    with pytest.raises(BuildError, match=r"demo's postinst ended with status 3: one; this is why"):
        build("echo one; echo this is why >&2; exit 3")


def test_a_full_disk_is_the_scripts_fault(build: Build, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Many files below each limit are stopped together."""
    monkeypatch.setattr("twinbuild.build.scripts.CONFINEMENT", small_confinement())
    with pytest.raises(BuildError, match="TB5914"):
        build("mkdir /d; i=0; while :; do i=$((i+1)); dd if=/dev/zero of=/d/$i bs=1M count=4 2>/dev/null; done")


def small_confinement() -> object:
    """The confinement of scripts with 16 MiB of space."""
    from dataclasses import replace

    from twinbuild.build.scripts import CONFINEMENT

    return replace(CONFINEMENT, space=16 << 20)


def test_nothing_outlives_a_script_and_nothing_is_written_outside(build: Build, tmp_path: Path) -> None:
    """A process in the background dies with its script; the host's directories are not there to be written."""
    (tmp_path / "outside").write_bytes(b"safe")
    tree = build(
        f"(sleep 2; echo late > /etc/late) & ls {tmp_path} > /etc/seen 2>&1 || true;"
        f"echo x > {tmp_path}/outside 2> /dev/null || true; (cat /proc/net/route; ls /sys) > /etc/net 2>&1 || true"
    )
    assert "etc/late" not in tree
    assert "outside" not in text(tree, "etc/seen")
    assert (tmp_path / "outside").read_bytes() == b"safe"
    assert len(text(tree, "etc/net").splitlines()) == 2  # the head of an empty table, and no /sys


def test_a_script_without_its_interpreter_is_named(build: Build, tmp_path: Path) -> None:
    """Perl and debconf are asked for by name before anything runs."""
    contents = (
        deb("tools", files={**tools(), **ACCOUNTS}, kind=""),
        deb("one", control={"postinst": b"#!/usr/bin/perl\n1;\n"}),
        deb("two", control={"postinst": b"#!/bin/sh\n. /usr/share/debconf/confmodule\n"}),
    )
    packages = [spool_deb(io.BytesIO(one), read_deb(io.BytesIO(one)), io.BytesIO()) for one in contents]
    handled = frozenset(Digest.of(package.deb.member("postinst") or b"") for package in packages)

    def never(*_: object) -> object:
        raise AssertionError

    debs = (given("tools"), given("one"), given("two"))
    with pytest.raises(BuildError) as caught:
        assemble(packages, debs, platform=AMD64, handled=handled, perform=never)  # type: ignore[arg-type]
    said = [finding.message for finding in caught.value.findings]
    assert said == [
        "one's postinst needs /usr/bin/perl, which no package brings",
        "two's postinst needs /usr/share/debconf/confmodule, /usr/bin/perl, which no package brings",
    ]


def test_where_no_sandbox_is_possible(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build says so, with the machine's reason."""
    monkeypatch.setattr("twinbuild.build.seccomp.program", lambda _: b"\xff" * 8)
    with pytest.raises(EnvironmentFault, match="TB5910"):
        build("true")


def test_a_script_that_the_plan_does_not_name_never_runs(tmp_path: Path) -> None:
    """It is refused by name."""
    one = deb("one", control={"postinst": b"#!/bin/sh\nmagic\n"})
    package = spool_deb(io.BytesIO(one), read_deb(io.BytesIO(one)), io.BytesIO())
    with (tmp_path / "spool").open("w+b") as spool, pytest.raises(PolicyRefused, match="one's postinst"):
        assemble(
            [package],
            (given("one"),),
            platform=AMD64,
            handled=frozenset({Digest.of(b"another")}),
            perform=ScriptRunner(SubprocessRunner(), tmp_path, spool, epoch=0),
        )
