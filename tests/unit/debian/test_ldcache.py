import io
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from fakes.rootfs import materialise
from twinbuild.debian.ldcache import install_library_cache, soname
from twinbuild.debian.tree import Root
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Symlink

AMD64 = Platform.parse("linux/amd64")
ARM64 = Platform.parse("linux/arm64")


def library(name: str, *, machine: int = 62, kind: int = 3) -> bytes:
    """A shared object that has nothing but a soname (none if empty)."""
    strings = b"\0" + name.encode() + b"\0"
    tags = [(5, 64 + 112 + 64)] + ([(14, 1)] if name else []) + [(0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags).ljust(64, b"\0")
    size = 64 + 112 + 64 + len(strings)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    segments += struct.pack("<IIQQQQQQ", 2, 5, 176, 176, 176, 64, 64, 8)
    return header + segments + dynamic + strings


NAMES = ("liba.so.1", "liba.so.10", "liba.so.9", "libA.so.2", "libb-2.so.0", "libb.so.0", "ld-linux-x86-64.so.2")


def rooted() -> Root:
    """A tree with libraries, links and things that only look like it."""
    root = Root()
    root.link("lib", "usr/lib")
    root.write("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n")
    root.write("etc/ld.so.conf.d/x.conf", b"# first\n/usr/local/lib\n/lib/x86_64-linux-gnu # here\n/usr/nowhere\n")
    root.write("etc/ld.so.conf.d/x.bak", b"/usr/bin\n")
    for name in NAMES:
        root.write(f"usr/lib/x86_64-linux-gnu/{name}", library(name))
    directory = "usr/lib/x86_64-linux-gnu"
    root.write(f"{directory}/libreal.so.1.2.3", library("libreal.so.1"))
    root.link(f"{directory}/libreal.so", "libreal.so.1.2.3")
    root.write(f"{directory}/libmissing.so.4.0", library("libmissing.so.4"))
    root.write(f"{directory}/libplain.so", library(""))
    root.write(f"{directory}/libarm.so.1", library("libarm.so.1", machine=183))
    root.write(f"{directory}/libprogram.so", library("libprogram.so", kind=2))
    root.write(f"{directory}/libtext.so", b"/* GNU ld script */" * 10)
    root.write(f"{directory}/libshort.so", b"\x7fELF")
    root.write(f"{directory}/other.so.1", library("other.so.1"))
    root.write("usr/local/lib/liblocal.so.1", library("liblocal.so.1"))
    return root


@pytest.mark.skipif(shutil.which("ldconfig", path="/sbin:/usr/sbin") is None, reason="needs ldconfig")
def test_the_cache_lists_what_ldconfig_lists(tmp_path: Path) -> None:
    """Same libraries, same paths, same order, as glibc's own program makes and prints them."""
    ldconfig = shutil.which("ldconfig", path="/sbin:/usr/sbin") or ""
    root = rooted()
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for directory in (ours, theirs):
        directory.mkdir()
        materialise(root.entries(), directory)
    install_library_cache(root, AMD64)
    (ours / "etc/ld.so.cache").write_bytes(root.read("etc/ld.so.cache"))
    subprocess.run([ldconfig, "-r", theirs, "-C", "/etc/ld.so.cache"], check=True, capture_output=True)
    printed = [
        subprocess.run([ldconfig, "-p", "-C", directory / "etc/ld.so.cache"], check=True, capture_output=True)
        .stdout.decode()
        .splitlines()[1:]
        for directory in (ours, theirs)
    ]
    assert [line for line in printed[0] if "=>" in line] == [line for line in printed[1] if "=>" in line]
    assert any("liblocal.so.1" in line for line in printed[0])
    assert (theirs / "usr/lib/x86_64-linux-gnu/libmissing.so.4").is_symlink()


def test_links_by_soname_are_made_where_they_are_missing() -> None:
    """The loader asks for the soname, whatever the file is called."""
    root = rooted()
    install_library_cache(root, AMD64)
    path = "usr/lib/x86_64-linux-gnu/libmissing.so.4"
    assert root.get(path) == Symlink(path=path, target="libmissing.so.4.0")


def test_each_platform_sees_its_own_libraries() -> None:
    """A library for another processor is not listed."""
    root = rooted()
    install_library_cache(root, ARM64)
    cache = root.read("etc/ld.so.cache")
    assert b"libarm.so.1\0" in cache
    assert b"liba.so.1\0" not in cache


def test_sonames_of_damaged_files_are_none() -> None:
    """However a library is cut or changed, the answer is a name, an empty name or None, never an exception."""
    whole = library("libx.so.1")
    assert soname(io.BytesIO(whole), 62) == "libx.so.1"
    for end in range(len(whole)):
        soname(io.BytesIO(whole[:end]), 62)
    for place in range(len(whole)):
        soname(io.BytesIO(whole[:place] + b"\xff" + whole[place + 1 :]), 62)
