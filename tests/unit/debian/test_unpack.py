import io
import tarfile

import pytest

from fakes.debs import deb, given, tar
from twinbuild.debian.archive import read_deb
from twinbuild.debian.unpack import Diverted, Merged, Unpacked, merge, spool_deb, unpack_order
from twinbuild.errors import IntegrityError
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Directory, File, Hardlink, Symlink

AMD64 = Platform.parse("linux/amd64")
ARM64 = Platform.parse("linux/arm64")


def unpacked(*contents: bytes) -> tuple[Unpacked, ...]:
    """Packages in one spool."""
    spool = io.BytesIO()
    files = [io.BytesIO(content) for content in contents]
    return tuple(spool_deb(file, read_deb(file), spool) for file in files)


def merged(*contents: bytes, platform: Platform = AMD64, diverted: tuple[Diverted, ...] = ()) -> Merged:
    """Packages merged in the order given."""
    return merge(unpacked(*contents), platform, diverted)


def codes(*contents: bytes) -> list[str]:
    """Codes of the findings with which a merge is refused."""
    with pytest.raises(IntegrityError) as caught:
        merged(*contents)
    return [finding.code for finding in caught.value.findings]


def text(result: Merged, path: str) -> bytes:
    """The content of a file of the tree."""
    return result.root.read(path)


def test_order_follows_dependencies_then_names() -> None:
    """What a package needs goes first; base-files leads; equal packages go by name, whatever the input's order."""
    debs = (given("c", depends=("a",)), given("a", depends=("z",)), given("z"), given("b"), given("base-files"))
    assert unpack_order(debs) == unpack_order(debs[::-1]) == ("base-files", "b", "z", "a", "c")


def test_in_a_cycle_pre_depends_decide() -> None:
    """Of packages that need each other, the one whose Pre-Depends are there goes first."""
    debs = (given("a", pre_depends=("b",)), given("b", depends=("a",)))
    assert unpack_order(debs) == ("b", "a")
    assert unpack_order((given("x", pre_depends=("y",)), given("y", pre_depends=("x",)))) == ("x", "y")


def test_paths_go_through_the_merged_usr() -> None:
    """/bin, /lib and /sbin are links into /usr from the first entry on; lists keep the paths as shipped."""
    result = merged(deb(files={"bin/demo": b"x", "lib/libdemo.so": b"y", "usr/bin/other": b"z"}))
    assert result.root.get("bin") == Symlink(path="bin", target="usr/bin")
    assert result.root.get("lib64") == Symlink(path="lib64", target="usr/lib64")
    file = result.root.get("usr/bin/demo")
    assert isinstance(file, File)
    assert file.mode == 0o755
    assert text(result, "/lib/libdemo.so") == text(result, "usr/lib/libdemo.so") == b"y"
    assert result.lists == (
        ("/.", "/bin", "/bin/demo", "/lib", "/lib/libdemo.so", "/usr", "/usr/bin", "/usr/bin/other"),
    )


def test_lib64_is_made_where_the_platform_has_its_loader() -> None:
    """Only amd64 has its loader in /lib64."""
    assert merged(deb(), platform=ARM64).root.get("lib64") is None


def test_a_package_may_ship_the_merged_usr_links_itself() -> None:
    """Base-files of Debian 13 does; the link is the same."""
    result = merged(deb(files={"bin": "usr/bin", "usr/bin/x": b""}))
    assert result.root.get("bin") == Symlink(path="bin", target="usr/bin")


def test_content_can_be_read_more_than_once_and_in_part() -> None:
    """Entries refer to slices of the spool; two streams at once do not disturb each other."""
    result = merged(deb("one", files={"a": b"0123456789" * 20_000}), deb("two", files={"b": b"other"}))
    one, two = result.root.get("a"), result.root.get("b")
    assert isinstance(one, File)
    assert isinstance(two, File)
    with one.content.open() as first, two.content.open() as second, one.content.open() as third:
        assert first.read(5) == b"01234"
        assert second.read() == b"other"
        assert first.read(5) == b"56789"
        third.seek(-3, io.SEEK_END)
        assert third.read() == b"789"
        assert third.read() == b""
        assert len(first.read()) == 199_990


def test_two_owners_of_one_file_are_refused() -> None:
    """Without Replaces the order would decide; every clash is a finding, also through the merged /usr."""
    assert codes(
        deb("one", files={"bin/a": b"1", "etc/b": b"1"}), deb("two", files={"usr/bin/a": b"1", "etc/b": b"1"})
    ) == ["TB4205", "TB4205"]


@pytest.mark.parametrize("swapped", [False, True])
def test_replaces_decides_whatever_the_order(*, swapped: bool) -> None:
    """The replacing package's file stays, and the other's list loses the path."""
    pair = [
        deb("one", files={"etc/a": b"old"}),
        deb("two", files={"etc/a": b"new"}, fields="Replaces: zero, one (<< 2)\n"),
    ]
    result = merged(*(pair[::-1] if swapped else pair))
    lists = {package.name: names for package, names in zip(result.order, result.lists, strict=True)}
    assert text(result, "etc/a") == b"new"
    assert lists == {"one": ("/.", "/etc"), "two": ("/.", "/etc", "/etc/a")}


def test_replaces_of_another_version_does_not_count() -> None:
    """A versioned Replaces that the other package does not meet allows nothing."""
    assert codes(deb("one", files={"a": b""}), deb("two", files={"a": b""}, fields="Replaces: one (<< 1.0-1)\n")) == [
        "TB4205"
    ]


CLASHES = {
    "file and directory": ({"a": b""}, {"a/b": b""}),
    "directory and file": ({"a/b": b""}, {"a": b""}),
    "directory and link": ({"a/b": b""}, {"a": "c"}),
    "below a link": ({"a": "/etc", "etc/x": b""}, {"a/b": b""}),
    "over a merged link": ({}, {"bin": "/evil"}),
    "file for a merged link": ({}, {"lib": b""}),
}


@pytest.mark.parametrize("name", CLASHES)
def test_a_path_of_two_kinds_is_refused(name: str) -> None:
    """No package can put files through another's link, or replace a directory."""
    one, two = CLASHES[name]
    assert set(codes(deb("one", files=one), deb("two", files=two))) == {"TB4207"}  # type: ignore[arg-type]


def test_the_first_package_decides_about_a_directory() -> None:
    """Mode and owner of a directory that several ship are those of the first, as with dpkg."""
    first = tar([("./d/", b"", {"type": tarfile.DIRTYPE, "mode": 0o1777, "gid": 50})])
    second = tar([("./d/", b"", {"type": tarfile.DIRTYPE, "mode": 0o755})])
    result = merged(deb("one", payload=first), deb("two", payload=second))
    assert result.root.get("d") == Directory(path="d", mode=0o1777, gid=50)


def test_set_uid_bits_owners_and_hard_links_are_kept() -> None:
    """Debian's modes and static owners are those of the image."""
    payload = tar(
        [
            ("./usr/", b"", {"type": tarfile.DIRTYPE}),
            ("./usr/su", b"x", {"mode": 0o4755, "gid": 42}),
            ("./usr/hard", b"", {"type": tarfile.LNKTYPE, "linkname": "./usr/su"}),
        ]
    )
    root = merged(deb(payload=payload)).root
    file = root.get("usr/su")
    assert isinstance(file, File)
    assert (file.mode, file.gid) == (0o4755, 42)
    hard, link = [entry for entry in root.entries() if entry.path in ("usr/hard", "usr/su")]
    assert isinstance(hard, File)
    assert link == Hardlink(path="usr/su", target="usr/hard")


@pytest.mark.parametrize("field", [{"uid": 1000}, {"gid": 100}])
def test_owners_that_are_not_static_are_refused(field: dict[str, object]) -> None:
    """An id from 100 on means another account on every system."""
    with pytest.raises(IntegrityError) as caught:
        unpacked(deb(payload=tar([("./a", b"", field)])))
    assert caught.value.findings[0].code == "TB4206"


def test_diversions_move_the_files_of_others() -> None:
    """Who diverts keeps the path; the other's file goes aside, and its list keeps the name."""
    diversion = Diverted(package="two", path="/bin/sh", to="/bin/sh.distrib")
    pair = (deb("one", files={"bin/sh": b"one"}), deb("two", files={"bin/sh": b"two"}))
    result = merged(*pair, diverted=(diversion,))
    assert (text(result, "bin/sh"), text(result, "usr/bin/sh.distrib")) == (b"two", b"one")
    assert result.lists[0] == ("/.", "/bin", "/bin/sh")
