"""``resolve.base_statements``: what a base's own files say of its packages, within bounds, and read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from tests.unit.resolve.test_base import AMD64, NAME

from fakes.bases import BaseImage, files_of_a_base, layer_tar, source_of
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import InstalledStatement
from twinbuild.model.lock import LockedBase
from twinbuild.resolve import base_statements as module
from twinbuild.resolve.base import resolve_base
from twinbuild.resolve.base_statements import base_statements
from twinbuild.store.memory import MemoryStore

_DOC = "usr/share/doc"
_TEXT = b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: GPL-2+\n"
Tree = dict[str, bytes | str | None]


def _status(*packages: str, maintainers: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """The status of dpkg with ``NAME:ARCHITECTURE``, with the maintainers of some of them."""
    text = ""
    for each in packages:
        name, _, architecture = each.partition(":")
        text += f"Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\nVersion: 1\n"
        text += f"Maintainer: {maintainers[each]}\n\n" if each in maintainers else "\n"
    return text.encode()


def _base(files: Tree, *upper: Tree) -> tuple[LockedBase, MemoryStore]:
    store = MemoryStore()
    tars = [layer_tar(files_of_a_base() | files), *map(layer_tar, upper)]
    return resolve_base(NAME, AMD64, python="3.12", source=source_of(BaseImage(tars=tars)), store=store).locked, store


def _said(files: Tree, *upper: Tree) -> dict[str, InstalledStatement]:
    return {f"{each.name}:{each.architecture}": each for each in base_statements(*_base(files, *upper))}


def test_maintainer_and_licence() -> None:
    """Of every architecture; links lead to another package's file; of what says nothing there is no statement."""
    maintainers = {"one:amd64": "Ann Example <ann@example.org>", "two:all": "Bob"}
    status = _status("one:amd64", "one:i386", "two:all", "three:amd64", "mute:amd64", maintainers=maintainers)
    found = _said(
        {
            "var/lib/dpkg/status": status,
            f"{_DOC}/one/copyright": _TEXT,
            f"{_DOC}/two": "one",
            f"{_DOC}/three/copyright": "../four/copyright",
            f"{_DOC}/four/copyright": b"In prose.",
        }
    )
    assert list(found) == ["one:amd64", "one:i386", "three:amd64", "two:all"]
    one, other = found["one:amd64"], found["one:i386"]
    assert (one.contact, one.licensing.authors, one.licensing.expressions) == (
        "ann@example.org",
        ("Ann Example",),
        ("GPL-2.0-or-later",),
    )
    assert (one.licensing.files, one.licensing.notice) == ((f"{_DOC}/one/copyright",), Digest.of(_TEXT))
    assert (other.contact, other.licensing.authors, other.licensing.notice) == ("", (), Digest.of(_TEXT))
    two, three = found["two:all"].licensing, found["three:amd64"].licensing
    assert (two.authors, two.files, two.notice) == (("Bob",), one.licensing.files, one.licensing.notice)
    assert (three.files, three.expressions) == ((f"{_DOC}/four/copyright",), ())
    assert three.notice == Digest.of(b"In prose.")


def test_the_uppermost_layer_counts() -> None:
    """What a later layer replaced or removed is not what the image says."""
    status: Tree = {"var/lib/dpkg/status": _status("one:amd64", "two:amd64")}
    lower: Tree = {f"{_DOC}/one/copyright": _TEXT, f"{_DOC}/two/copyright": _TEXT}
    found = _said(status | lower, {f"{_DOC}/one/copyright": b"Mine.", f"{_DOC}/two/.wh.copyright": b""})
    assert {name: each.licensing.notice for name, each in found.items()} == {"one:amd64": Digest.of(b"Mine.")}


@pytest.mark.parametrize(
    "files",
    [
        {f"{_DOC}/one/copyright": "../../../../etc/passwd"},
        {f"{_DOC}/one/copyright": "copyright"},
        {f"{_DOC}/one/copyright": None},
        {f"{_DOC}/one": "/etc", "etc/copyright": _TEXT},
        {f"{_DOC}/one/copyright": "../../doc/one/real", f"{_DOC}/one/real": _TEXT},
        {f"{_DOC}/one/copyright": b"x" * ((8 << 20) + 1)},
    ],
)
def test_what_is_no_copyright_file(files: Tree) -> None:
    """A link out of the documentation, a loop, a directory, what is too large: nothing is claimed, nothing fails."""
    assert _said({"var/lib/dpkg/status": _status("one:amd64"), **files}) == {}


def test_a_status_that_is_a_copyright_file() -> None:
    """A link may make one file both: it is read as both."""
    files: Tree = {
        "var/lib/dpkg/status": f"../../../{_DOC}/one/copyright",
        f"{_DOC}/one/copyright": _status("one:amd64"),
    }
    assert _said(files)["one:amd64"].licensing.notice == Digest.of(_status("one:amd64"))


def test_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files beyond the bound are not read, in the order of names; one that several share counts once."""
    monkeypatch.setattr(module, "_ALL", 2 * len(_TEXT))
    files: Tree = {f"{_DOC}/{name}/copyright": _TEXT for name in ("a1", "c1", "d1")}
    names = [f"{name}:amd64" for name in ("a1", "b1", "c1", "d1")]
    found = _said({"var/lib/dpkg/status": _status(*names), f"{_DOC}/b1": "a1", **files})
    assert list(found) == ["a1:amd64", "b1:amd64", "c1:amd64"]


def test_a_file_that_names_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a text to see, as one in prose is."""
    text = _TEXT + b"\nFiles: x\nLicense: other\n"
    files: Tree = {f"{_DOC}/libc6/copyright": text}
    monkeypatch.setattr(module, "_LICENCES", 2)
    assert _said(files)["libc6:amd64"].licensing.names == ("other",)
    monkeypatch.setattr(module, "_LICENCES", 1)
    said = _said(files)["libc6:amd64"].licensing
    assert (said.expressions, said.names, said.notice) == ((), (), Digest.of(text))


def test_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record says the very same; other rules, and a damaged record, read the layers again."""
    base, store = _base({f"{_DOC}/libc6/copyright": _TEXT})
    first = base_statements(base, store)
    assert [each.name for each in first] == ["libc6"]
    monkeypatch.setattr(module, "_read", lambda base, store: ())
    assert base_statements(base, store) == first
    monkeypatch.setattr(module, "_RULES", -1)
    assert base_statements(base, store) == ()
    for record in (b"{", b"1", b"[1]", b"[{}]", b'[{"name": "a", "sha256": 1}]'):
        monkeypatch.setattr(store, "record", lambda kind, key, record=record: record)
        assert base_statements(base, store) == ()


def test_whatever_name_it_has() -> None:
    """The statement is about the image: another tag of the same manifest says the same."""
    base, store = _base({f"{_DOC}/libc6/copyright": _TEXT})
    assert base_statements(replace(base, tag="other"), store) == base_statements(base, store)
