from dataclasses import replace

import pytest

from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.tree import BytesContent, Directory, File, Hardlink, Symlink


def rooted() -> Root:
    """A small tree with a merged /usr."""
    root = Root()
    root.put(Directory(path="usr/bin"))
    root.link("bin", "usr/bin")
    root.write("usr/bin/sh", b"shell", mode=0o755)
    return root


def test_missing_parents_are_made() -> None:
    """Putting a file makes root's directories above it."""
    assert rooted().get("usr") == Directory(path="usr")


def test_links_are_followed_inside_of_the_root() -> None:
    """Relative and absolute links and ".." lead nowhere outside."""
    root = rooted()
    root.link("etc/shell", "/bin/sh")
    root.link("etc/up", "../../../bin/sh")
    assert root.read("etc/shell") == root.read("etc/up") == root.read("bin/../bin/./sh") == b"shell"
    assert root.place("bin/new") == "usr/bin/new"
    assert root.follow("nowhere/at/all") == "nowhere/at/all"
    assert not root.exists("nowhere")
    assert root.exists("/")


def test_loops_and_ways_through_files_lead_nowhere() -> None:
    """A loop of links and a file in the place of a directory are dead ends, not errors of Python."""
    root = rooted()
    root.link("a", "b")
    root.link("b", "a")
    assert root.follow("a") is None
    assert root.follow("bin/sh/x") is None
    assert root.names("a") == ()
    with pytest.raises(BuildError, match="TB4212"):
        root.write("bin/sh/x", b"")
    with pytest.raises(BuildError, match="TB4211"):
        root.read("a")


def test_directories_with_content_stay() -> None:
    """Neither another kind of entry nor a removal takes away what lies below."""
    root = rooted()
    with pytest.raises(BuildError, match="TB4212"):
        root.link("usr/bin", "/evil")
    with pytest.raises(BuildError, match="TB4212"):
        root.remove("usr/bin")


def test_removal_of_what_is_not_there_is_nothing() -> None:
    """Removing twice is removing once."""
    root = rooted()
    root.remove("bin/sh")
    root.remove("bin/sh")
    assert root.names("bin") == ()


def test_entries_are_sorted_with_files_before_their_links() -> None:
    """Parents precede children, and of the names of one file the first is the file."""
    root = rooted()
    root.put(Hardlink(path="usr/bin/bash", target="usr/bin/sh"))
    root.put(Hardlink(path="usr/bin/zsh", target="usr/bin/sh"))
    content = BytesContent(b"shell")
    assert root.read("usr/bin/bash") == b"shell"
    assert list(root.entries()) == [
        Symlink(path="bin", target="usr/bin"),
        Directory(path="usr"),
        Directory(path="usr/bin"),
        File(path="usr/bin/bash", content=content, mode=0o755),
        Hardlink(path="usr/bin/sh", target="usr/bin/bash"),
        Hardlink(path="usr/bin/zsh", target="usr/bin/bash"),
    ]


def test_other_names_of_what_is_replaced_or_removed() -> None:
    """They keep what it was, as in a file system; a new mode is every name's."""
    root = Root()
    root.write("a", b"old")
    for name in ("c", "b"):
        root.put(Hardlink(path=name, target="a"))
    root.put(Hardlink(path="d", target="c"))
    before = root.copy()
    file = root.file("a")
    assert file is not None
    root.put(replace(file, mode=0o600))
    assert [entry.path for entry in root.entries() if isinstance(entry, Hardlink)] == ["b", "c", "d"]
    root.write("a", b"new")
    assert [root.read(name) for name in "abcd"] == [b"new", b"old", b"old", b"old"]
    assert {entry.path: getattr(entry, "target", "") for entry in root.entries()} == {
        "a": "",
        "b": "",
        "c": "b",
        "d": "c",
    }
    root.remove("c")
    root.remove("b")
    assert root.read("d") == b"old"
    assert getattr(root.get("d"), "mode", 0) == 0o600
    assert [before.read(name) for name in "abcd"] == [b"old"] * 4
    root.put(Hardlink(path="d", target="d"))
    assert root.read("d") == b"old"


def test_a_path_that_is_too_long_leads_nowhere() -> None:
    """A base's texts may have one of millions of parts."""
    root = Root()
    assert root.follow("a/" * 2000) == "a/" * 1999 + "a"
    assert root.follow("a/" * 5_000_000) is None
    assert not root.exists("./" * 2048)
