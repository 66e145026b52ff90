"""Trees on disk: faithful where they are good, and never outside of their root where they are not."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from twinbuild.build.rootfs import Tree, discard, located, make_mount_point, materialise, remove_mount_points
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink


def file(path: str, content: bytes = b"x", mode: int = 0o644) -> File:
    """A small file."""
    return File(path=path, content=BytesContent(content), mode=mode)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """An empty root beside a canary, which must be untouched afterwards."""
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "file").write_bytes(b"canary")
    before = _fingerprint(canary)
    (tmp_path / "root").mkdir()
    yield tmp_path / "root"
    assert _fingerprint(canary) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["canary", "root"]


def _fingerprint(directory: Path) -> list[object]:
    return [
        (str(path), path.lstat().st_mode, path.lstat().st_nlink, path.lstat().st_mtime_ns, path.read_bytes())
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    ]


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.lstat().st_mode)


def test_each_kind(root: Path) -> None:
    """Files, directories, symbolic links as they are, and hard links come out as told."""
    materialise(
        [
            Directory(path="usr", mode=0o755),
            Directory(path="usr/bin", mode=0o711),
            file("usr/bin/tool", b"tool", 0o755),
            Hardlink(path="usr/bin/other", target="usr/bin/tool"),
            Symlink(path="bin", target="usr/bin"),
            Symlink(path="outside", target="/etc/passwd"),
            Symlink(path="nowhere", target="../../../nowhere"),
        ],
        root,
    )
    assert (root / "usr/bin/tool").read_bytes() == b"tool"
    assert (root / "usr/bin/tool").samefile(root / "usr/bin/other")
    assert [mode(root / name) for name in ("usr", "usr/bin", "usr/bin/tool")] == [0o755, 0o711, 0o755]
    assert [os.readlink(root / name) for name in ("bin", "outside", "nowhere")] == [  # noqa: PTH115
        "usr/bin", "/etc/passwd", "../../../nowhere",
    ]  # fmt: skip


def test_missing_parents_are_made(root: Path) -> None:
    """A file may come before its directories; a umask has no say in their modes."""
    before = os.umask(0o027)
    try:
        materialise([file("a/b/c"), Directory(path="a", mode=0o700)], root)
    finally:
        os.umask(before)
    assert (mode(root / "a"), mode(root / "a/b")) == (0o700, 0o755)


def test_umask_has_no_say(root: Path) -> None:
    """Modes are those of the entries under any umask."""
    before = os.umask(0o077)
    try:
        materialise([Directory(path="d", mode=0o775), file("d/f", mode=0o666)], root)
    finally:
        os.umask(before)
    assert (mode(root / "d"), mode(root / "d/f")) == (0o775, 0o666)


def test_modes_that_would_be_dangerous_or_in_the_way(root: Path) -> None:
    """Set-id bits are left away and the owner may always read; what differs is noted."""
    noted = materialise(
        [
            file("su", mode=0o4755),
            Hardlink(path="su2", target="su"),
            file("secret", mode=0),
            Directory(path="closed", mode=0),
            file("closed/inside"),
            Directory(path="staff", mode=0o2775),
            Directory(path="tmp", mode=0o1777),
        ],
        root,
    )
    assert [mode(root / name) for name in ("su", "secret", "closed", "staff", "tmp")] == [
        0o755, 0o400, 0o700, 0o775, 0o1777,
    ]  # fmt: skip
    assert noted.modes == (("closed", 0), ("secret", 0), ("staff", 0o2775), ("su", 0o4755), ("su2", 0o4755))


def test_later_entries_replace_earlier_ones(root: Path) -> None:
    """As layers do: a file over a file or link, a link over a file, a directory over a file; the last mode counts."""
    materialise(
        [
            file("a", b"one"), Hardlink(path="b", target="a"), file("a", b"two"),
            Symlink(path="c", target="a"), file("c", b"three"),
            file("d"), Symlink(path="d", target="a"),
            file("e"), Directory(path="e"), file("e/inside"),
            Directory(path="f", mode=0o700), Directory(path="f", mode=0o755),
            Directory(path="g"), file("g", b"four"),
            Symlink(path="h", target="f"), Directory(path="h"), file("h/inside"),
        ],
        root,
    )  # fmt: skip
    assert [(root / name).read_bytes() for name in "abcg"] == [b"two", b"one", b"three", b"four"]
    assert (root / "d").is_symlink()
    assert (root / "e/inside").exists()
    assert mode(root / "f") == 0o755
    assert not (root / "h").is_symlink()
    assert list((root / "f").iterdir()) == []


HOSTILE: dict[str, list[Entry]] = {
    "file below a link out": [Symlink(path="a", target="../canary"), file("a/file")],
    "file below an absolute link": [Symlink(path="a", target="/tmp"), file("a/evil")],
    "file below a link to a link": [
        Symlink(path="a", target=".."), Symlink(path="b", target="a/canary"), file("b/file"),
    ],
    "file below a link inside": [Directory(path="d"), Symlink(path="a", target="d"), file("a/file")],
    "directory below a link": [Symlink(path="a", target="../canary"), Directory(path="a/new")],
    "link below a link": [Symlink(path="a", target="../canary"), Symlink(path="a/new", target="x")],
    "directory swapped for a link": [Directory(path="a"), file("a/x"), Symlink(path="a", target="../canary")],
    "empty directory swapped for a link": [
        Directory(path="a"), Symlink(path="a", target="../canary"), file("a/file"),
    ],
    "hard link through a link": [Symlink(path="a", target="../canary"), Hardlink(path="b", target="a/file")],
    "hard link to a link": [Symlink(path="a", target="../canary/file"), Hardlink(path="b", target="a")],
    "hard link to nothing": [Hardlink(path="b", target="absent")],
    "hard link to a directory": [Directory(path="a"), Hardlink(path="b", target="a")],
    "hard link to itself": [file("a"), Hardlink(path="a", target="a")],
    "hard link below a link": [file("x"), Symlink(path="a", target="../canary"), Hardlink(path="a/y", target="x")],
    "file below a file": [file("a"), file("a/b")],
    "file over a full directory": [file("a/b"), file("a")],
    "long chain of links": [
        *[Symlink(path=f"{'d' * 200}{number}", target=f"{'d' * 200}{number + 1}") for number in range(20)],
        Symlink(path=f"{'d' * 200}20", target="../canary"),
        file(f"{'d' * 200}0/file"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("entries", HOSTILE.values(), ids=HOSTILE)
def test_hostile_trees(root: Path, entries: list[Entry]) -> None:
    """A tree that reaches through links or files is refused, and nothing outside of the root changes."""
    with pytest.raises(BuildError) as caught:
        materialise(entries, root)
    assert caught.value.findings[0].code == "TB5920"
    assert caught.value.findings[0].where.subject


@pytest.mark.parametrize("last", [file("a", b"new"), Symlink(path="a", target="x"), Directory(path="a")])
def test_replacing_a_link_leaves_its_target_alone(root: Path, last: Entry) -> None:
    """What replaces a symbolic or hard link doesn't write through it."""
    materialise([Symlink(path="a", target="../canary/file"), last], root)
    (root / "b").hardlink_to(root.parent / "canary/file")
    materialise([file("b", b"evil")], root)
    (root / "b").unlink()


def test_writing_over_a_hard_link_leaves_the_other_name_alone(root: Path) -> None:
    """A file over one name of a hard-linked file leaves the other name's content."""
    materialise([file("a", b"old"), Hardlink(path="b", target="a"), file("b", b"new")], root)
    assert ((root / "a").read_bytes(), (root / "b").read_bytes()) == (b"old", b"new")


class _Liar:
    """Content that is not of the size it says."""

    size = 10

    def open(self) -> BinaryIO:
        """Fewer bytes."""
        return io.BytesIO(b"short")


def test_content_of_another_size(root: Path) -> None:
    """Content that ends early is refused, not padded."""
    with pytest.raises(BuildError, match="5 bytes, expected 10"):
        materialise([File(path="a", content=_Liar())], root)


def test_root_that_is_not_a_directory(tmp_path: Path) -> None:
    """The root must be a directory, and not a link to one."""
    (tmp_path / "link").symlink_to(tmp_path)
    for path in (tmp_path / "absent", tmp_path / "link"):
        with pytest.raises(BuildError):
            materialise([], path)


def test_deep_and_wide_tree_opens_few_files(root: Path) -> None:
    """Descriptors are given back: thousands of directories in any order."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    materialise([file(f"{number % 7}/{number % 11}/{number % 13}/{number}") for number in range(3000)], root)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert sum(len(files) for _, _, files in os.walk(root)) == 3000


def test_discard_what_is_deep(root: Path) -> None:
    """A program may leave directories deeper than a path is long, than files may be open, and than a call may call."""
    (root / "tree").mkdir()
    here = os.open(root / "tree", os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(3000):
        os.mkdir("0", dir_fd=here)
        os.close(os.open("1", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=here))
        inner = os.open("0", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.fchmod(here, 0o500)
        os.close(here)
        here = inner
    os.close(here)
    discard(root / "tree")
    assert not (root / "tree").exists()


def test_discard(root: Path) -> None:
    """A tree goes whatever its modes, links in it are not followed, and one that is gone is fine."""
    materialise([file("tree/a/b/c"), Symlink(path="tree/a/out", target="../../../canary")], root)
    (root / "tree/a/b").chmod(0)
    (root / "tree/a").chmod(0)
    discard(root / "tree")
    assert list(root.iterdir()) == []
    discard(root / "tree")
    discard(root / "absent/tree")


def test_mount_points_come_and_go(root: Path) -> None:
    """What is made to mount on is taken away again if it is still empty; what was there stays."""
    materialise([Directory(path="there")], root)
    made = [
        make_mount_point(root, "there/a/b", directory=True),
        make_mount_point(root, "there", directory=True),
        make_mount_point(root, "there/file", directory=False),
        make_mount_point(root, "used", directory=True),
    ]
    assert made == [("there/a", "there/a/b"), (), ("there/file",), ("used",)]
    assert (root / "there/file").is_file()
    (root / "used/x").write_bytes(b"")
    remove_mount_points(root, tuple(path for paths in made for path in paths))
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["there", "used", "used/x"]


def test_mount_point_through_a_link(root: Path) -> None:
    """A mount point behind a symbolic link is refused, and nothing is made there."""
    materialise([Symlink(path="proc", target="../canary")], root)
    with pytest.raises(BuildError):
        make_mount_point(root, "proc/x", directory=True)


def test_directory_descriptors_follow_replacement(root: Path) -> None:
    """After a directory is replaced, its old descriptor isn't used for what comes below."""
    with Tree(root) as tree:
        tree.add(Directory(path="a"))
        tree.directory("a")
        tree.add(Symlink(path="a", target="../canary"))
        with pytest.raises(BuildError):
            tree.add(file("a/file"))


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("lib64/ld.so", "usr/lib/x/ld.so"),  # absolute, over a link to a directory
        ("usr/lib64/ld.so", "usr/lib/x/ld.so"),
        ("up", "usr/lib/x/ld.so"),  # no way out over ..
        ("usr/lib/x/ld.so", "usr/lib/x/ld.so"),
        ("nothing/here", "nothing/here"),
        ("dangling", "etc/nothing"),
    ],
)
def test_located_inside(root: Path, path: str, leads_to: str) -> None:
    """Links lead where they would for a process whose root it is, absolute ones too."""
    links = {
        "lib64": "usr/lib64",
        "usr/lib64/ld.so": "/lib/x/ld.so",
        "lib": "/usr/lib",
        "up": "../../../../usr/./lib/x/ld.so",
        "dangling": "/etc/nothing",
    }
    entries: list[Entry] = [Directory(path=name) for name in ("usr", "usr/lib", "usr/lib/x", "usr/lib64")]
    entries += [file("usr/lib/x/ld.so"), *(Symlink(path=name, target=target) for name, target in links.items())]
    materialise(entries, root)
    assert located(root, path) == root / leads_to


def test_located_in_a_loop(root: Path) -> None:
    """A loop is an error, not an endless search."""
    materialise([Symlink(path="a", target="b"), Symlink(path="b", target="/a")], root)
    with pytest.raises(BuildError) as caught:
        located(root, "a")
    assert caught.value.findings[0].code == "TB5920"


def test_a_full_disk_is_no_fault_of_the_tree(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB8002, exit 4, with a remedy that helps; nothing says that the archive is bad."""

    def full(_tree: Tree, _entry: Entry) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Tree, "add", full)
    with pytest.raises(EnvironmentFault) as caught:
        materialise([file("a")], root)
    assert (caught.value.exit_code, caught.value.findings[0].code) == (4, "TB8002")
    assert "TMPDIR" in caught.value.findings[0].hint
