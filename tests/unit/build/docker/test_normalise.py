"""BuildKit's tree into the planned layers: every seeded change is refused by name, or changes the bytes."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from twinbuild.build.docker.exported import read_export
from twinbuild.build.docker.normalise import BaseEntry, partition
from twinbuild.build.docker.planned import Claims
from twinbuild.codec.untar import Kind
from twinbuild.errors import NotReproducible
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink
from unit.build.docker.making import export, layer, member

BASE = {
    "etc": BaseEntry(kind=Kind.DIRECTORY, mode=0o755, uid=0, gid=0),
    "etc/passwd": BaseEntry(kind=Kind.FILE, mode=0o644, uid=0, gid=0),
    "tmp": BaseEntry(kind=Kind.DIRECTORY, mode=0o1777, uid=0, gid=0),
}
SITE = Claims(
    files=frozenset({"venv/a.py", "venv/bin/tool"}),
    directories=frozenset({"venv", "venv/bin"}),
    compiled=frozenset({"venv/a.py"}),
)
APP = Claims(files=frozenset({"app/main.py"}), directories=frozenset({"app"}))
DOCUMENTS = Claims(files=frozenset({"etc/twinbuild/release.json"}), directories=frozenset({"etc", "etc/twinbuild"}))
VENV = (
    member("venv", None),
    member("venv/bin", None),
    member("venv/bin/tool", b"#!", mode=0o755),
    member("venv/a.py", b"a = 1\n"),
)
REST = (
    member("app", None),
    member("app/main.py", b"main\n"),
    member("etc", None),
    member("etc/twinbuild", None),
    member("etc/twinbuild/release.json", b"{}"),
)
CACHE = (member("venv/__pycache__", None), member("venv/__pycache__/a.cpython-311.pyc", b"code"))


def parted(root: Path, *layers: tuple[tuple[tarfile.TarInfo, bytes], ...]) -> tuple[tuple[Entry, ...], ...]:
    """The planned layers of an export with these layers above an empty base."""
    return parted_export(root, *(layer(*members) for members in layers))


def parted_export(root: Path, *layers: bytes) -> tuple[tuple[Entry, ...], ...]:
    """``parted`` of layers as tars."""
    return partition(read_export(export(root / "out", layer(), *layers), base=1), BASE, (SITE, APP, DOCUMENTS))


def refused(root: Path, *layers: tuple[tuple[tarfile.TarInfo, bytes], ...]) -> list[tuple[str, str]]:
    """Code and path of each finding."""
    return refused_export(root, *(layer(*members) for members in layers))


def refused_export(root: Path, *layers: bytes) -> list[tuple[str, str]]:
    """``refused`` of layers as tars."""
    with pytest.raises(NotReproducible) as caught:
        parted_export(root, *layers)
    assert caught.value.exit_code == 7
    return [(finding.code, finding.where.subject) for finding in caught.value.findings]


def read(entry: Entry) -> bytes:
    """The bytes of a file."""
    assert isinstance(entry, File)
    with entry.content.open() as stream:
        return stream.read()


def test_each_file_goes_to_its_layer(tmp_path: Path) -> None:
    """Files lie where the plan has them, directories of the base are repeated, byte code follows its source."""
    site, app, documents = parted(tmp_path, (*VENV, *CACHE), REST)
    assert [entry.path for entry in site] == [
        "venv",
        "venv/__pycache__",
        "venv/__pycache__/a.cpython-311.pyc",
        "venv/a.py",
        "venv/bin",
        "venv/bin/tool",
    ]
    assert [entry.path for entry in app] == ["app", "app/main.py"]
    assert [entry.path for entry in documents] == ["etc", "etc/twinbuild", "etc/twinbuild/release.json"]
    assert read(site[2]) == b"code"
    assert isinstance(site[0], Directory)


def test_bytes_modes_owners_and_links_are_the_exports(tmp_path: Path) -> None:
    """Nothing of a file comes from the plan: what BuildKit did to it is what is written."""
    changed = (
        member("venv", None, mode=0o700, uid=7),
        member("venv/bin", None),
        member("venv/bin/tool", b"", type=tarfile.SYMTYPE, linkname="other", uid=5),
        member("venv/a.py", b"b = 2\n", mode=0o4600, uid=1, gid=2),
    )
    site, _, _ = parted(tmp_path, changed, REST)
    directory, source, _, link = site
    assert (directory.mode, directory.uid) == (0o700, 7)  # type: ignore[union-attr]
    assert isinstance(source, File)
    assert (source.mode, source.uid, source.gid, read(source)) == (0o4600, 1, 2, b"b = 2\n")
    assert isinstance(link, Symlink)
    assert (link.target, link.uid) == ("other", 5)


def test_the_last_step_wins(tmp_path: Path) -> None:
    """Of two steps that write a file, the later one is what an image shows."""
    site, _, _ = parted(tmp_path, VENV, REST, (member("venv/a.py", b"late\n"),))
    assert [read(entry) for entry in site if entry.path == "venv/a.py"] == [b"late\n"]


def test_hard_links_stay_links(tmp_path: Path) -> None:
    """A hard link comes after the file that it names."""
    linked = (*VENV[:2], VENV[3], member("venv/bin/tool", b"", type=tarfile.LNKTYPE, linkname="venv/a.py"))
    site, _, _ = parted(tmp_path, linked, REST)
    assert isinstance(site[-1], Hardlink)
    assert site[-1].target == "venv/a.py"


def test_a_link_keeps_its_bytes_when_its_name_means_another_file(tmp_path: Path) -> None:
    """A later step replaces the file that a link named: the link is still what it was."""
    linked = (*VENV[:2], VENV[3], member("venv/bin/tool", b"", type=tarfile.LNKTYPE, linkname="venv/a.py"))
    site, _, _ = parted(tmp_path, linked, REST, (member("venv/a.py", b"late\n"),))
    assert {entry.path: read(entry) for entry in site if isinstance(entry, File)} == {
        "venv/a.py": b"late\n",
        "venv/bin/tool": b"a = 1\n",
    }


def test_a_path_of_two_layers_is_in_both(tmp_path: Path) -> None:
    """Wheels of two layers may bring the same file."""
    exported = read_export(export(tmp_path / "out", layer(), layer(member("a", None), member("a/x", b"1"))), base=1)
    claim = Claims(files=frozenset({"a/x"}), directories=frozenset({"a"}))
    one, other = partition(exported, {}, (claim, claim))
    assert [entry.path for entry in one] == [entry.path for entry in other] == ["a", "a/x"]


@pytest.mark.parametrize(
    ("extra", "code", "path"),
    [
        (member("root/.cache", b"x"), "TB5221", "/root/.cache"),
        (member("venv/__pycache__/b.cpython-311.pyc", b"x"), "TB5221", "/venv/__pycache__/b.cpython-311.pyc"),
        (member("app/__pycache__/main.cpython-311.pyc", b"x"), "TB5221", "/app/__pycache__/main.cpython-311.pyc"),
        (member("var/empty", None), "TB5221", "/var/empty"),
        (member("etc/passwd", b"root::0:0::/:/bin/sh\n"), "TB5224", "/etc/passwd"),
        (member("tmp", None, mode=0o777), "TB5224", "/tmp"),
        (member("etc/.wh.passwd", b""), "TB5223", "/etc/passwd"),
        (member("venv/.wh..wh..opq", b""), "TB5223", "/venv/.wh..opq"),
        (member(".wh.home", b""), "TB5223", "/home"),
        (
            member("app/main.py", b"main\n", pax_headers={"SCHILY.xattr.security.capability": "x"}),
            "TB5225",
            "/app/main.py",
        ),
    ],
)
def test_what_no_layer_plans_is_refused(
    tmp_path: Path, extra: tuple[tarfile.TarInfo, bytes], code: str, path: str
) -> None:
    """An extra file, a deletion, a change of the base and an attribute, each by name."""
    assert refused(tmp_path, VENV, REST, (extra,)) == [(code, path)]


def test_a_tree_of_a_step_beside_the_files_of_wheels(tmp_path: Path) -> None:
    """Below a step's directory lies what no other layer plans, empty directories included."""
    step = Claims(files=frozenset(), directories=frozenset({"venv"}), trees=("venv/",))
    made = (member("venv/new", None), member("venv/new/b.py", b"b"), member("venv/bare", None))
    exported = read_export(export(tmp_path / "out", layer(), layer(*VENV), layer(*CACHE), layer(*made)), base=1)
    site, ours = partition(exported, BASE, (SITE, step))
    assert [entry.path for entry in ours] == ["venv", "venv/bare", "venv/new", "venv/new/b.py"]
    assert "venv/__pycache__/a.cpython-311.pyc" in [entry.path for entry in site]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """A planned file and a planned directory that no step left."""
    assert refused(tmp_path, (VENV[0], VENV[3]), REST) == [("TB5222", "/venv/bin/tool"), ("TB5222", "/venv/bin")]


def test_everything_is_reported_at_once(tmp_path: Path) -> None:
    """One run names all of it."""
    found = refused(tmp_path, (*VENV[1:], member("x", b"")), REST, (member("etc/.wh.passwd", b""),))
    assert {code for code, _ in found} == {"TB5221", "TB5222", "TB5223"}


ODD = {
    "FIFO": (member("srv", b"", type=tarfile.FIFOTYPE),),
    "device": (member("srv", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3),),
    "block device": (member("srv", b"", type=tarfile.BLKTYPE, devmajor=7),),
    "name that is no UTF-8": (member("srv\udcff"),),
    "directory that is no UTF-8": (member("srv\udcff", None),),
    "control character": (member("srv\x1b[0m"),),
    "link target": (member("srv", b"", type=tarfile.SYMTYPE, linkname="a\udcff"),),
    "hard link to a FIFO": (
        member("srv", b"", type=tarfile.FIFOTYPE),
        member("srw", b"", type=tarfile.LNKTYPE, linkname="srv"),
    ),
    "hard link to a link": (
        member("app/x", b"", type=tarfile.SYMTYPE, linkname="main.py"),
        member("srv", b"", type=tarfile.LNKTYPE, linkname="app/x"),
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_no_layer_can_hold(tmp_path: Path, name: str) -> None:
    """TB5228 with the path, in characters that a terminal and JSON can show."""
    found = refused_export(tmp_path, layer(*VENV, *REST), layer(*ODD[name], form=tarfile.GNU_FORMAT))
    assert found[0][0] == "TB5228"
    assert found[0][1].startswith("/srv")
    assert found[0][1].encode()
    assert {code for code, _ in found} <= {"TB5228", "TB5221"}


def test_a_special_file_in_the_place_of_a_planned_one(tmp_path: Path) -> None:
    """It is named before the planned file is missed."""
    fifo = member("app/main.py", b"", type=tarfile.FIFOTYPE)
    rest = tuple(each for each in REST if each[0].name != "app/main.py")
    assert refused(tmp_path, VENV, (*rest, fifo)) == [("TB5228", "/app/main.py"), ("TB5222", "/app/main.py")]


@pytest.mark.parametrize(
    ("root", "base", "code"),
    [
        ({}, None, ""),
        ({"mode": 0o700}, None, "TB5224"),
        ({"uid": 5}, None, "TB5224"),
        ({"mode": 0o700}, 0o700, ""),
        ({}, 0o700, "TB5224"),
        ({"pax_headers": {"SCHILY.xattr.user.x": "y"}}, None, "TB5225"),
    ],
)
def test_the_root_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: dict[str, object], base: int | None, code: str
) -> None:
    """Where an engine states it, it is as the base has it; where the base does not say, as every engine makes it."""
    if base is not None:
        monkeypatch.setitem(BASE, "", BaseEntry(kind=Kind.DIRECTORY, mode=base, uid=0, gid=0))
    layers = VENV, (member("./", None, **root), *REST)
    if code:
        assert refused(tmp_path, *layers) == [(code, "/")]
    else:
        assert [entry.path for entry in parted(tmp_path, *layers)[1]] == ["app", "app/main.py"]


def test_the_root_s_last_word_counts(tmp_path: Path) -> None:
    """What a step did and a later one took back is no change."""
    parted(tmp_path, (member("./", None, mode=0o700), *VENV), (member("./", None), *REST))
