"""``oci.stack``: layers as one tree, whiteouts honoured, hostile ones refused."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from typing import BinaryIO

import pytest

from fakes.bases import layer_tar
from fakes.images import foreign_tar, member
from fakes.trees import packed
from twinbuild.codec.untar import Kind, Member
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.plan import BaseLayer
from twinbuild.oci.stack import Place, Stack, read_bodies, read_files, read_stack, read_whole

Files = dict[str, bytes | str | None]


def stacked(*tars: bytes) -> tuple[Stack, tuple[BaseLayer, ...], Callable[[Digest], BinaryIO]]:
    """The tree of tars, their layers (gzip), and where their blobs are."""
    layers, opened = packed(*tars, sized=True)
    stack, sizes = read_stack(layers, opened)
    assert sizes == tuple(len(tar) for tar in tars)
    return stack, layers, opened


def contents(*files: Files) -> dict[str, bytes]:
    """The regular files that layers of these trees give."""
    stack, layers, opened = stacked(*map(layer_tar, files))
    paths = [path for path in stack.places if stack.file(path) == path]
    return read_files(stack, layers, opened, paths, limit=100)


def test_the_uppermost_layer_counts() -> None:
    """A later layer's file replaces an earlier one's, and a whiteout hides lower files alone."""
    lower: Files = {"a/one": b"1", "a/two": b"2", "b/three": b"3"}
    assert contents(lower, {"a/one": b"11"}) == {"a/one": b"11", "a/two": b"2", "b/three": b"3"}
    assert contents(lower, {"a/.wh.one": b""}) == {"a/two": b"2", "b/three": b"3"}
    assert contents(lower, {".wh.a": b""}) == {"b/three": b"3"}
    assert contents(lower, {"a/new": b"n", "a/.wh..wh..opq": b""}) == {"a/new": b"n", "b/three": b"3"}
    assert contents(lower, {"a/.wh.one": b"", "a/one": b"again"})["a/one"] == b"again"


def test_another_kind_takes_the_place() -> None:
    """A file replaces a directory with all below it, and a directory replaces a link."""
    assert contents({"a/one": b"1", "c": "a"}, {"a": b"file", "c": None, "c/x": b"x"}) == {"a": b"file", "c/x": b"x"}


def test_hard_links() -> None:
    """A second name has the bytes of the first, even where an upper layer deletes that."""
    lower: Files = {"a": b"bytes", "b": "=a"}
    assert contents(lower) == {"a": b"bytes", "b": b"bytes"}
    assert contents(lower, {".wh.a": b""}) == {"b": b"bytes"}
    stack, layers, opened = stacked(layer_tar(lower))
    assert [names for names, _, _ in read_bodies(stack, layers, opened, ("a", "b"))] == [("a", "b")]


def test_links_are_followed_inside() -> None:
    """As a kernel whose root the tree is: absolute links start at it, and nothing leads out."""
    files: Files = {"usr/bin/sh": b"", "bin": "usr/bin", "x": "/bin/sh", "up": "../../../bin", "loop": "loop"}
    stack = stacked(layer_tar(files))[0]
    assert stack.file("bin/sh") == "usr/bin/sh" == stack.file("x") == stack.file("up/sh")
    assert stack.follow("loop") is None
    assert stack.file("usr/bin/sh/deeper") is None
    assert stack.file("usr") is None
    assert stack.follow("new/place") == "new/place"


@pytest.mark.parametrize(
    ("upper", "code"),
    [
        ({"lib/x": b""}, "TB2277"),
        ({"lib/.wh.x": b""}, "TB2277"),
        ({"file/x": b""}, "TB2277"),
        ({"lib/deep/er/x": b""}, "TB2277"),
        ({"../x": b""}, "TB4403"),
        ({"a/.wh..": b""}, "TB4306"),
        ({"a/.wh.x": b"not empty"}, "TB4306"),
        ({"a/.wh.x/y": b""}, "TB4306"),
    ],
)
def test_layers_with_two_meanings(upper: Files, code: str) -> None:
    """Members below a lower layer's link or file, ways out, and whiteouts that engines read differently."""
    with pytest.raises(IntegrityError) as caught:
        stacked(layer_tar({"usr/lib": None, "lib": "usr/lib", "file": b""}), layer_tar(upper))
    assert caught.value.findings[0].code == code


def test_devices_are_only_known_to_be_there() -> None:
    """A system ships them in /dev; they are no files, and what lies below one has two meanings."""
    made = foreign_tar(
        member("dev/null", type=tarfile.CHRTYPE),
        member("dev/sda", type=tarfile.BLKTYPE),
        member("run/p", type=tarfile.FIFOTYPE),
    )
    stack, _, _ = stacked(made, layer_tar({"dev/.wh.sda": b""}))
    assert sorted(stack.places) == ["dev", "dev/null", "run", "run/p"]
    assert stack.file("dev/null") is None
    with pytest.raises(IntegrityError):
        stacked(made, layer_tar({"dev/null/x": b""}))


def test_another_tar_than_the_configuration_says() -> None:
    """TB4336: the diff_id is what is read, not what is claimed."""
    tar = layer_tar({"a": b""})
    layer = BaseLayer(
        media_type="application/vnd.oci.image.layer.v1.tar",
        digest=Digest.of(tar),
        size=len(tar),
        diff_id=Digest.of(b"other"),
        uncompressed_size=len(tar),
    )
    with pytest.raises(IntegrityError) as caught:
        read_stack((layer,), lambda _: io.BytesIO(tar))
    assert caught.value.findings[0].code == "TB4336"


def test_large_files_are_not_read() -> None:
    """TB4404 above the limit, before a byte of it is read."""
    with pytest.raises(IntegrityError) as caught:
        contents({"large": bytes(101)})
    assert caught.value.findings[0].code == "TB4404"


def test_members_of_all_layers_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """TB4404: each layer is small, and all of them fill the memory."""
    monkeypatch.setattr("twinbuild.oci.stack._MOST", 5)
    assert len(contents({"a": b"", "b": b""}, {"c": b"", "d": b""})) == 4
    with pytest.raises(IntegrityError) as caught:
        contents({"a": b"", "b": b""}, {"c": b"", "d": b""}, {"e": b"", "f": b""})
    assert caught.value.findings[0].code == "TB4404"


def test_deep_paths_take_no_time() -> None:
    """What is above a member is looked up from below: once it is there, nothing is done for its thousand parents."""
    deep = "d/" * 1000
    looked: list[str] = []

    class Places(dict[str, Place]):
        def __contains__(self, key: object) -> bool:
            looked.append(str(key))
            return super().__contains__(key)

    stack = Stack()
    stack.places = Places()
    stack.add(0, [_file(f"{deep}{number}") for number in range(100)], subject="layer")
    assert len(stack.places) == 1100
    assert len(looked) < 1200


def _file(path: str) -> Member:
    return Member(path=path, kind=Kind.FILE, mode=0o644, uid=0, gid=0, user="", group="", mtime=0)


def test_a_path_that_is_too_long_leads_nowhere() -> None:
    """PATH of a configuration may have one of a million parts."""
    stack, _, _ = stacked(layer_tar({"a": b""}))
    assert stack.follow("/" + "b/" * 500) == "b/" * 499 + "b"
    assert stack.follow("/" + "b/" * 1_000_000) is None


def test_an_image_that_is_looked_at() -> None:
    """Every regular file with its bytes, whatever the layers' sizes; which are known then."""
    tars = [layer_tar(each) for each in ({"a": b"1", "b": "=a", "c": "a", "d": None}, {"e": b"22"})]
    stack, sized, bodies = read_whole(*packed(*tars))
    assert [layer.uncompressed_size for layer in sized] == [len(tar) for tar in tars]
    found: dict[str, bytes] = {}
    for paths, _, body in bodies:
        found |= dict.fromkeys(paths, body.read())
    assert found == {"a": b"1", "b": b"1", "e": b"22"}
    assert set(stack.places) == {"a", "b", "c", "d", "e"}
