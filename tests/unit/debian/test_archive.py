import io

import pytest

from fakes.debs import ar, compressed, deb, given, tar, tree
from twinbuild.debian.archive import open_payload, read_deb
from twinbuild.errors import IntegrityError

CONTROL = tar([("./control", b"Package: demo\nVersion: 1.0-1\nArchitecture: all\n", {})])
DATA = tree({"usr/share/demo": b"x"})
BINARY = ("debian-binary", b"2.0\n")


def drain(file: io.BytesIO) -> None:
    """Read a package to its end."""
    stream = open_payload(file, read_deb(file, where="demo.deb"))
    while stream.read(1 << 16):
        pass


def refused(content: bytes) -> str:
    """The code with which a package is refused, whole files included."""
    with pytest.raises(IntegrityError) as caught:
        drain(io.BytesIO(content))
    return caught.value.findings[0].code


@pytest.mark.parametrize("kind", ["", "gz", "xz", "zst"])
def test_all_compressions_give_the_same_value_and_files(kind: str) -> None:
    """Control fields come as spelled and in order, members sorted, and data.tar byte for byte, also to the copy."""
    content = deb(
        files={"usr/bin/demo": b"#!/bin/sh\n" * 100_000},
        fields="X-Odd: value \nMulti-Arch: same\n",
        control={"postinst": b"exit 0\n", "conffiles": b"/etc/demo\nremove-on-upgrade /etc/old\n"},
        kind=kind,
    )
    file = io.BytesIO(content)
    package = read_deb(file, expected=given("demo"))
    assert [name for name, _ in package.fields] == [
        "Package",
        "Version",
        "Architecture",
        "X-Odd",
        "Multi-Arch",
        "Description",
    ]
    assert package.field("description") == "demo\n Longer."
    assert package.field("x-odd") == "value "
    assert (package.multi_arch, package.conffiles) == ("same", ("/etc/demo",))
    assert (package.member("postinst"), package.member("preinst")) == (b"exit 0\n", None)
    copy = io.BytesIO()
    stream = open_payload(file, package, copy=copy)
    read = b"".join(iter(lambda: stream.read(77_777), b""))
    assert read == copy.getvalue() == tree({"usr/bin/demo": b"#!/bin/sh\n" * 100_000})


ARCHIVES = {
    "empty": b"",
    "not ar": b"PK\x03\x04",
    "two data members": ar([BINARY, ("control.tar", CONTROL), ("data.tar", DATA), ("data.tar.xz", DATA)]),
    "data before control": ar([BINARY, ("data.tar", DATA), ("control.tar", CONTROL)]),
    "no data": ar([BINARY, ("control.tar", CONTROL)]),
    "no binary": ar([("control.tar", CONTROL), ("data.tar", DATA)]),
    "other format": ar([("debian-binary", b"3.0\n"), ("control.tar", CONTROL), ("data.tar", DATA)]),
    "traversal": ar([("../binary", b"2.0\n"), ("control.tar", CONTROL), ("data.tar", DATA)]),
    "bzip2": ar([BINARY, ("control.tar", CONTROL), ("data.tar.bz2", DATA)]),
    "lzma": ar([BINARY, ("control.tar.lzma", CONTROL), ("data.tar", DATA)]),
    "member behind": ar([BINARY, ("control.tar", CONTROL), ("data.tar", DATA), ("_gpgorigin", b"x")]),
    "cut off": deb()[:-100],
    "glued": deb() + b"more",
    "negative size": deb().replace(b"4         `", b"-4        `"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_another_form_than_three_members_is_refused(name: str) -> None:
    """Members that are missing, doubled, cut off, in another order or compression are TB4201."""
    assert refused(ARCHIVES[name]) == "TB4201"


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
@pytest.mark.parametrize("damage", ["cut", "glued", "flipped", "twice"])
def test_damaged_streams_are_refused(kind: str, damage: str) -> None:
    """A compressed stream that is cut off, damaged or followed by anything is TB4204."""
    whole = compressed(DATA * 20, kind)
    broken = {
        "cut": whole[:-9],
        "glued": whole + b"\0" * 8,
        "flipped": whole[:40] + bytes([whole[40] ^ 0xFF]) + whole[41:],
        "twice": whole + whole,
    }[damage]
    content = ar([BINARY, ("control.tar", CONTROL), (f"data.tar.{kind}", broken)])
    assert refused(content) == "TB4204"


CONTROLS = {
    "no control": tar([("./postinst", b"", {})]),
    "directory": tar([("./control", b"Package: demo\n", {}), ("./sub", b"", {"type": b"5"})]),
    "link": tar([("./control", b"Package: demo\n", {}), ("./postinst", b"", {"type": b"2", "linkname": "/bin/sh"})]),
    "not UTF-8": tar([("./control", b"Package: \xff\n", {})]),
    "name": tar([("./control", b"Package: ../demo\nVersion: 1\nArchitecture: all\n", {})]),
    "architecture": tar([("./control", b"Package: demo\nVersion: 1\nArchitecture: a/b\n", {})]),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_malformed_control_parts_are_refused(name: str) -> None:
    """A control archive that is not flat, or a control file that names no package, is TB4202."""
    assert refused(ar([BINARY, ("control.tar", CONTROLS[name]), ("data.tar", DATA)])) == "TB4202"


def test_a_version_that_is_none_is_refused() -> None:
    """The version must be one that dpkg can order."""
    control = tar([("./control", b"Package: demo\nVersion: one\nArchitecture: all\n", {})])
    assert refused(ar([BINARY, ("control.tar", control), ("data.tar", DATA)])) == "TB2102"


def test_stanzas_with_two_equal_fields_are_refused() -> None:
    """Which of two Package fields counts would be anybody's guess."""
    assert refused(deb(fields="Package: other\n")) == "TB2101"


@pytest.mark.parametrize(
    ("name", "version", "architecture"),
    [("other", "1.0-1", "all"), ("demo", "2.0-1", "all"), ("demo", "1.0-1", "amd64")],
)
def test_another_package_than_expected_is_refused(name: str, version: str, architecture: str) -> None:
    """Name, version and architecture are those of the lock, whatever the index said."""
    with pytest.raises(IntegrityError) as caught:
        read_deb(io.BytesIO(deb(name, version=version, architecture=architecture)), expected=given("demo"))
    assert caught.value.findings[0].code == "TB4203"
