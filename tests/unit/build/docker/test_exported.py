from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from twinbuild.build.docker.exported import Slice, read_export
from twinbuild.errors import IntegrityError
from unit.build.docker.making import export, layer, member

BASE = layer(member("etc", None), member("etc/os-release", b"ID=debian\n"))


def refused(root: Path, base: int = 1) -> str:
    """The code of the refusal."""
    with pytest.raises(IntegrityError) as caught:
        read_export(root, base=base)
    return caught.value.findings[0].code


def test_members_and_their_bytes(tmp_path: Path) -> None:
    """The base is named, not read; what lies above is there with the place of its bytes."""
    above = layer(member("app", None), member("app/a.py", b"a = 1\n"), member("app/b.py", b"b = 2\n"))
    exported = read_export(export(tmp_path / "out", BASE, above), base=1)
    assert len(exported.base_layers) == len(exported.base_diff_ids) == 1
    assert str(exported.base_layers[0].digest) == exported.base_diff_ids[0]
    ((directory, first, second),) = exported.layers
    assert [item.member.path for item in (directory, first, second)] == ["app", "app/a.py", "app/b.py"]
    content = Slice(second.layer, second.member.offset, second.member.size)
    for _ in range(2):
        with content.open() as stream:
            assert stream.read() == b"b = 2\n"


def test_other_bytes_than_the_digest(tmp_path: Path) -> None:
    """A blob that was changed after it was named is refused."""
    root = export(tmp_path / "out", BASE, layer(member("x", b"1")))
    digest = json.loads((root / "index.json").read_text())["manifests"][0]["digest"]
    manifest = json.loads((root / "blobs/sha256" / digest[7:]).read_text())
    path = root / "blobs/sha256" / manifest["layers"][1]["digest"][7:]
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    assert refused(root) == "TB5220"


@pytest.mark.parametrize("which", ["config", "manifest"])
def test_other_documents_than_their_digests(tmp_path: Path, which: str) -> None:
    """The documents, too."""
    root = export(tmp_path / "out", BASE)
    digest = json.loads((root / "index.json").read_text())["manifests"][0]["digest"]
    manifest = json.loads((root / "blobs/sha256" / digest[7:]).read_text())
    changed = digest if which == "manifest" else manifest["config"]["digest"]
    path = root / "blobs/sha256" / changed[7:]
    path.write_bytes(path.read_bytes() + b" ")
    assert refused(root) == "TB5220"


def test_fewer_layers_than_the_base(tmp_path: Path) -> None:
    """An export that lacks even the base's layers is none."""
    assert refused(export(tmp_path / "out", BASE), base=2) == "TB5220"


def test_diff_ids_that_do_not_match(tmp_path: Path) -> None:
    """Number and value of diff_ids are those of the plain layers."""
    above = layer(member("x", b"1"))
    assert refused(export(tmp_path / "one", BASE, above, diff_ids=["sha256:" + "0" * 64])) == "TB5220"
    assert refused(export(tmp_path / "two", BASE, above, diff_ids=["sha256:" + "0" * 64] * 2)) == "TB5220"


def test_compressed_layers(tmp_path: Path) -> None:
    """Layers above the base are asked for as plain tars, and nothing else is read."""
    kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    assert refused(export(tmp_path / "out", BASE, layer(member("x", b"1")), media_type=kind)) == "TB5220"


def test_nothing_there(tmp_path: Path) -> None:
    """A builder that exported nothing is caught."""
    (tmp_path / "out").mkdir()
    assert refused(tmp_path / "out") == "TB5220"


def test_escapes(tmp_path: Path) -> None:
    """What could escape is refused by the tar reader, also where its name is no text."""
    for number, path in enumerate(("../x", "a/../\udcff", "/\x1b")):
        above = layer(member(path, b"1"), form=tarfile.GNU_FORMAT)
        assert refused(export(tmp_path / str(number), BASE, above)) == "TB4403"


def test_whatever_a_file_system_holds(tmp_path: Path) -> None:
    """It is there for the normaliser to refuse, with its path; so is the root directory."""
    odd = (
        member("./", None, mode=0o700),
        member("dev", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("a\udcff", b"1"),
        member("link", b"", type=tarfile.SYMTYPE, linkname="\x1b"),
    )
    exported = read_export(export(tmp_path / "out", BASE, layer(*odd, form=tarfile.GNU_FORMAT)), base=1)
    members = [item.member for item in exported.layers[0]]
    assert [(each.path, each.mode, each.target) for each in members] == [
        ("", 0o700, ""),
        ("dev", 0o644, "a character device 1:3"),
        ("a\udcff", 0o644, ""),
        ("link", 0o644, "\x1b"),
    ]
