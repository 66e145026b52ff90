"""Files that no package ships: each rule explains its own, and nothing that only looks like it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fakes.trees import deb_files, image_files
from twinbuild.debian import scripts
from twinbuild.debian.effects import AddUser, Alternative, Copy, Effect, Follower, Link, Perform, Step, Write
from twinbuild.debian.scripts import fingerprint
from twinbuild.debian.system import HOSTS
from twinbuild.model.platform import Platform
from twinbuild.verify.generated import Witness, generated
from twinbuild.verify.installed import dpkg_packages

_SCRIPT = b"#!/bin/sh\nmake --everything\n"
_PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


def rules(
    files: Mapping[str, bytes | str | None],
    *more: Mapping[str, bytes | str | None],
    titles: tuple[str, ...] = ("",),
    owners: tuple[str, ...] = (),
) -> dict[str, str]:
    """The rule that explains each path of an image."""
    image = image_files(files, *more)
    packages = tuple((each, f"deb/{each.name}") for each in dpkg_packages(image))
    owned = dict.fromkeys(owners, "wheel/x") | {path: name for each, name in packages for path in each.paths}
    platform = Platform.parse("linux/amd64")
    witness = Witness(files=image, owners=owned, packages=packages, titles=titles, platform=platform)
    there = set(image.paths)
    found: dict[str, str] = {}
    for made in generated(witness):
        if made.path in there:
            found.setdefault(made.path, made.rule)
    return found


def scripted(
    monkeypatch: pytest.MonkeyPatch, *effects: Effect, content: bytes = _SCRIPT, files: dict[str, bytes] | None = None
) -> dict[str, bytes]:
    """A package whose postinst is known to have these effects."""
    key = ("demo", "postinst", fingerprint(_SCRIPT.decode(), version="1").hex)
    monkeypatch.setitem(scripts.KNOWN, key, effects)
    return deb_files("demo", files or {"usr/bin/demo": b"d"}, scripts={"postinst": content})


def test_byte_code() -> None:
    """Of a source that belongs to somebody."""
    files = dict.fromkeys(("m/a.py", "m/__pycache__/a.cpython-311.pyc", "m/__pycache__/a.cpython-311.opt-1.pyc"), b"c")
    assert rules(files, owners=("m/a.py",)) == dict.fromkeys(list(files)[1:], "byte code of such files")
    assert rules(files) == {}


def test_documents_and_environment() -> None:
    """By name, and only in their own layer."""
    documents = {"etc/twinbuild/release.json": b"{}", "etc/twinbuild/other": b""}
    venv = {"opt/venv/bin/python3.11": "/usr/bin/python3.11", "opt/venv/pyvenv.cfg": b"", "opt/venv/bin/pip": b""}
    assert rules(documents, venv, titles=("release documents", "Python environment")) == {
        "etc/twinbuild/release.json": "documents of the release",
        "opt/venv/bin/python3.11": "the virtual environment",
        "opt/venv/pyvenv.cfg": "the virtual environment",
    }
    assert rules(documents, venv, titles=("application", "release documents")) == {}


def test_steps() -> None:
    """Whatever lies in the layer of a step."""
    assert rules({"a": b""}, {"b": b""}, titles=("", "step index")) == {"b": "outputs of build steps"}


def test_assembler() -> None:
    """Links of a merged /usr, and the hosts that every container gets."""
    files = {"bin": "usr/bin", "lib": "/tmp/lib", "etc/hosts": HOSTS}
    assert rules(files) == {"bin": "the assembler", "etc/hosts": "the assembler"}
    assert rules({"etc/hosts": HOSTS + b"6.6.6.6 example\n"}) == {}


def test_accounts() -> None:
    """Of the layer in which the service's user is enrolled; a later layer has none."""
    files = {"etc/passwd": b"", "etc/group": b""}
    assert set(rules(files, titles=("account",)).values()) == {"accounts"}
    assert rules(files, titles=("step x",)) == dict.fromkeys(files, "outputs of build steps")
    assert rules(files, titles=("application",)) == {}


def test_database() -> None:
    """Dpkg's own files where it has packages, and the triggers in which some package is interested."""
    trigger = {"var/lib/dpkg/triggers/mine": b"", "var/lib/dpkg/triggers/sub/evil": b"", "var/lib/dpkg/lock": b""}
    package = deb_files(
        "demo", {"usr/bin/demo": b"d"}, scripts={"triggers": b"interest-noawait mine\ninterest sub/evil\n"}
    )
    found = rules({**package, **trigger})
    assert {path for path in found if "triggers" in path} == {"var/lib/dpkg/triggers/mine"}
    assert found["var/lib/dpkg/status"] == found["var/lib/dpkg/lock"] == "database of packages"
    assert rules(trigger) == {}


def test_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a known script leaves, as it leaves it."""
    effects = (
        Write(path="/etc/demo.conf", content="for {triplet}\n"),
        Copy(source="/usr/bin/demo", path="/root/demo"),
        Link(path="/usr/lib/demo", target="../bin/demo"),
        AddUser(name="demo"),
        Perform(step=Step.SHELLS),
    )
    left: dict[str, bytes | str] = {
        "etc/demo.conf": b"for x86_64-linux-gnu\n",
        "root/demo": b"d",
        "usr/lib/demo": "../bin/demo",
        "etc/passwd": b"",
        "etc/shells": b"",
    }
    package = scripted(monkeypatch, *effects)
    assert {path: rule for path, rule in rules({**package, **left}).items() if "dpkg" not in path} == dict.fromkeys(
        left, "known maintainer scripts"
    )
    other = {"etc/demo.conf": b"evil", "root/demo": b"evil", "usr/lib/demo": "/evil"}
    assert not set(rules({**package, **other})) & set(other)


def test_a_script_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more byte, and it is another script: nothing that it may have done is explained."""
    package = scripted(monkeypatch, Write(path="/etc/demo.conf"), content=_SCRIPT + b"#")
    assert "etc/demo.conf" not in rules({**package, "etc/demo.conf": b""})


def test_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry, and links that end at a file of somebody."""
    follower = Follower(name="d.1", link="/usr/share/man/d.1", path="/usr/share/demo.1")
    effect = Alternative(name="d", link="/usr/bin/d", path="/usr/bin/demo", priority=1, followers=(follower,))
    package = scripted(monkeypatch, effect)
    links: dict[str, bytes | str] = {
        "etc/alternatives/d": "/usr/bin/demo",
        "usr/bin/d": "/etc/alternatives/d",
        "etc/alternatives/d.1": "/usr/share/demo.1",
        "usr/share/man/d.1": "/etc/alternatives/d.1",
        "usr/share/demo.1": b"nobody's",
        "var/lib/dpkg/alternatives/d": b"auto\n",
    }
    found = {path for path, rule in rules({**package, **links}).items() if rule == "known maintainer scripts"}
    assert found == {"etc/alternatives/d", "usr/bin/d", "var/lib/dpkg/alternatives/d"}


def test_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to certificates of packages, and a bundle of nothing else."""
    shipped = "usr/share/ca-certificates/mozilla/a.crt"
    package = scripted(monkeypatch, Perform(step=Step.CERTIFICATES), files={shipped: _PEM.format("AA").encode()})
    links: dict[str, bytes | str] = {
        "etc/ssl/certs/a.pem": f"/{shipped}",
        "etc/ssl/certs/00aa11bb.0": "a.pem",
        "etc/ssl/certs/ca-certificates.crt": _PEM.format("AA").encode(),
        "etc/ca-certificates.conf": b"# chosen\nmozilla/a.crt\n",
    }
    assert set(links) <= set(rules({**package, **links}))
    evil: dict[str, bytes | str] = {
        "etc/ssl/certs/b.pem": "/usr/local/b.crt",
        "etc/ssl/certs/c.pem": b"file",
        "usr/local/b.crt": b"",
        "etc/ssl/certs/ca-certificates.crt": (_PEM.format("AA") + _PEM.format("EE")).encode(),
        "etc/ca-certificates.conf": b"mozilla/e.crt\n",
    }
    assert not set(evil) & set(rules({**package, **links, **evil}))
