"""Two images as trees: every kind of difference, and nothing that is none."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from fakes.trees import packed
from twinbuild.verify.trees import ImageTree, TreeDifference, differences, read_tree

CONFIG = {"os": "linux", "config": {"Env": ["A=1"]}, "history": [1], "rootfs": {}}


def layer(*members: tuple[str, bytes | None, Mapping[str, object]]) -> bytes:
    """A tar of files, and of directories where the content is None."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content, fields in members:
            info = tarfile.TarInfo(path)
            info.type, info.mode = (tarfile.DIRTYPE, 0o755) if content is None else (tarfile.REGTYPE, 0o644)
            info.size = len(content or b"")
            for name, value in fields.items():
                setattr(info, name, value)
            archive.addfile(info, io.BytesIO(content or b""))
    return out.getvalue()


def tree(*layers: bytes, config: Mapping[str, object] | None = None) -> ImageTree:
    """An image of these tars, gzipped."""
    return read_tree(config or CONFIG, *packed(*layers))


def shown(first: ImageTree, second: ImageTree) -> list[tuple[str, str, str]]:
    """Path and both sides of each difference."""
    return [(each.path, each.first, each.second) for each in differences(first, second)]


FILES = (("a", None, {}), ("a/x", b"one\n", {}), ("a/y", b"two\n", {"mtime": 5}))


def test_layers_and_times_are_no_difference() -> None:
    """One layer or two, whiteouts and all: what a container sees is what counts."""
    one = tree(layer(*FILES))
    cut = tree(
        layer(("a", None, {"mtime": 9}), ("a/x", b"old\n", {}), ("a/z", b"", {})),
        layer(("a", None, {}), ("a/x", b"one\n", {}), ("a/y", b"two\n", {}), ("a/.wh.z", b"", {})),
        config={**CONFIG, "history": [1, 2]},
    )
    assert shown(one, cut) == []


def test_each_difference() -> None:
    """Content with its place, mode, owner, kind, link, attributes, and fields of the configuration."""
    one = tree(
        layer(
            *FILES,
            ("b", None, {}),
            ("b/1", b"", {}),
            ("b/2", b"", {}),
            ("link", b"", {"type": tarfile.SYMTYPE, "linkname": "a/x"}),
            ("kind", b"", {}),
            ("cap", b"", {"pax_headers": {"SCHILY.xattr.security.capability": "x"}}),
            ("cap2", b"", {"pax_headers": {"SCHILY.xattr.security.capability": "x"}}),
            ("dev", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
            ("dev2", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
        )
    )
    other = tree(
        layer(
            ("a", None, {"mode": 0o700}),
            ("a/x", b"once\n", {}),
            ("a/y", b"two\n", {"uid": 7, "gid": 8}),
            ("link", b"", {"type": tarfile.SYMTYPE, "linkname": "a/y"}),
            ("kind", None, {}),
            ("cap", b"", {}),
            ("cap2", b"", {"pax_headers": {"SCHILY.xattr.security.capability": "y"}}),
            ("dev", b"", {"type": tarfile.BLKTYPE, "devmajor": 1, "devminor": 3}),
            ("dev2", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}),
            ("new", b"", {}),
        ),
        config={"os": "linux", "config": {"Env": ["A=2"], "User": "1"}},
    )
    assert shown(one, other) == [
        ("/a", "mode 0755", "mode 0700"),
        ("/a/x", "byte 2: b'one\\n'", "byte 2: b'once\\n'"),
        ("/a/y", "owner 0:0", "owner 7:8"),
        ("/b", "a directory with 2 entries below it", "absent"),
        ("/cap", "security.capability=78", "no attributes"),
        ("/cap2", "security.capability=78", "security.capability=79"),
        ("/dev", "a character device 1:3, mode 0644", "a block device 1:3, mode 0644"),
        ("/dev2", "a character device 1:3, mode 0644", "a character device 1:5, mode 0644"),
        ("/kind", "a file", "a directory"),
        ("/link", "link to a/x", "link to a/y"),
        ("/new", "absent", "a file"),
        ("config.Env", '["A=1"]', '["A=2"]'),
        ("config.User", "absent", '"1"'),
    ]


def test_hard_links_are_files() -> None:
    """Which of two names is the link is no difference; what it says is."""
    link = {"type": tarfile.LNKTYPE}
    one = tree(layer(("p", b"1", {}), ("q", b"", {**link, "linkname": "p"})))
    assert shown(one, tree(layer(("q", b"1", {}), ("p", b"", {**link, "linkname": "q"})))) == []
    assert shown(one, tree(layer(("p", b"1", {}), ("q", b"2", {})))) == [("/q", "byte 0: b'1'", "byte 0: b'2'")]


def test_large_files_are_named_by_digest() -> None:
    """Above 16 MiB only size and digest are shown."""
    large = b"\0" * ((16 << 20) + 1)
    ((path, first, second),) = shown(tree(layer(("w", large, {}))), tree(layer(("w", large[1:] + b"\1", {}))))
    assert path == "/w"
    assert first.startswith(f"{len(large)} bytes, sha256:")
    assert first != second


def test_a_value() -> None:
    """Differences can be compared."""
    assert TreeDifference(path="/a", first="x", second="y") == TreeDifference(path="/a", first="x", second="y")
