from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from tests.unit.codec.test_dynamic import GOOD, elf

from fakes.images import EPOCH
from twinbuild.codec.dynamic import Dynamic, read_dynamic
from twinbuild.codec.untar import Body, Member, untar
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink
from twinbuild.oci.libraries import LayerLibraries, decode_libraries, encode_libraries, layer_libraries
from twinbuild.oci.tar import canonical_order, write_archive

SITE = "opt/venv/lib/python3.11/site-packages"


def members(*entries: Entry) -> Iterator[tuple[Member, Body]]:
    """The members of a real archive."""
    folders = {entry.path[:at] for entry in entries for at, letter in enumerate(entry.path) if letter == "/"}
    everything = canonical_order((*(Directory(path=path) for path in folders), *entries))
    return untar(io.BytesIO(b"".join(write_archive(everything, mtime=EPOCH))), subject="layer")


def file(path: str, content: bytes) -> File:
    """A file of a layer."""
    return File(path=path, content=BytesContent(content))


def read(*entries: Entry) -> LayerLibraries:
    """What is found in a layer of these."""
    return layer_libraries(members(*entries), spool=io.BytesIO)


def good() -> Dynamic:
    """What the good file says."""
    found = read_dynamic(io.BytesIO(GOOD))
    assert found is not None
    return found


LAYER: tuple[Entry, ...] = (
    file(f"{SITE}/a/_core.abi3.so", GOOD),
    file(f"{SITE}/A_pkg.libs/liba.so.1", GOOD),
    file(
        f"{SITE}/A_Pkg-1.0.dist-info/RECORD",
        b"a/_core.abi3.so,sha256=x,5\r\nA_pkg.libs/liba.so.1,,\r\n../../../bin/tool,,\r\n",
    ),
    file("opt/venv/bin/tool", GOOD),
    file("opt/venv/bin/script", b"#!/bin/sh\n" + bytes(100)),
    file("usr/lib/other.so", GOOD),
    file("usr/lib/damaged.so", GOOD[:100]),
    Symlink(path="lib", target="usr/lib"),
    Symlink(path="usr/share/doc/x", target="y"),
    Hardlink(path="usr/lib/twin.so", target="usr/lib/other.so"),
    file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n"),
    file("etc/ld.so.conf.d/cuda.conf", b"/usr/local/cuda/lib64\n"),
    file("srv/.wh.gone", b""),
    file("var/.wh..wh..opq", b""),
)


def test_a_layer() -> None:
    """ELF files with their owners, links, configuration and whiteouts; nothing else."""
    found = read(*LAYER)
    assert dict(found.objects) == dict.fromkeys(
        (f"{SITE}/a/_core.abi3.so", f"{SITE}/A_pkg.libs/liba.so.1", "opt/venv/bin/tool", "usr/lib/other.so"), good()
    )
    assert dict(found.owners) == dict.fromkeys(
        (f"{SITE}/a/_core.abi3.so", f"{SITE}/A_pkg.libs/liba.so.1", "opt/venv/bin/tool"), "a-pkg"
    )
    assert dict(found.links) == {"lib": "usr/lib", "usr/lib/twin.so": "/usr/lib/other.so"}
    assert set(dict(found.configuration)) == {"etc/ld.so.conf", "etc/ld.so.conf.d/cuda.conf"}
    assert set(found.removed) == {"srv/gone", "var/"}


def test_a_record_of_the_store() -> None:
    """What is written is read back; anything else is no record."""
    found = read(*LAYER)
    assert decode_libraries(encode_libraries(found)) == found
    for content in (b"", b"[]", b"{}", b'{"format":0}', encode_libraries(found)[:-1], b'{"format":1,"objects":[[1]]}'):
        assert decode_libraries(content) is None


def test_one_file_at_a_time() -> None:
    """Each ELF file is spooled alone, and what it was spooled to is closed."""
    made: list[io.BytesIO] = []

    def spool() -> BinaryIO:
        assert all(each.closed for each in made)
        made.append(io.BytesIO())
        return made[-1]

    layer_libraries(members(*LAYER), spool=spool)
    assert len(made) == 5  # the damaged one, too


def test_large_names_of_a_record() -> None:
    """A RECORD that is no CSV, or names absolute paths, owns nothing."""
    for text in (b'"', b"/usr/lib/other.so,,\n", b"\x00\n", b"\xff\n"):
        found = read(file(f"{SITE}/x-1.dist-info/RECORD", text), file("usr/lib/other.so", elf()))
        assert found.owners == ()
