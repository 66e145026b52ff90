from __future__ import annotations

import random
from pathlib import Path

from fakes.faults import _base, _Build, _File, _layout
from twinbuild.pipeline.explain.layerdiff import ImageDiff, image_diff
from twinbuild.pipeline.explain.layers import images_of
from twinbuild.pipeline.reading.layouts import LayoutBlobs


def diff(directory: Path, first: list[_Build], second: list[_Build]) -> ImageDiff:
    """Two layouts, compared."""
    for name, layers in (("a", first), ("b", second)):
        _layout(directory / name, layers, "gzip")
    blobs = LayoutBlobs(directory / "a"), LayoutBlobs(directory / "b")
    return image_diff((images_of(blobs[0])[0], images_of(blobs[1])[0]), blobs)


def test_files(tmp_path: Path) -> None:
    """Shared layers with their bytes; of others the files that were added, removed and changed, the largest first."""
    base, one, other = _base(random.Random(1)), _Build(files={}), _Build(files={})
    one.files = {"same": _File(content=b"s"), "gone": _File(content=b"g" * 9), "other": _File(content=b"1" * 5)}
    other.files = {"same": _File(content=b"s", mtime=1), "new": _File(content=b"n" * 99), "other": _File(content=b"2")}
    found = diff(tmp_path, [base, one], [base, other])
    assert [each.shared for each in found.layers] == [True, False]
    changed = found.layers[1]
    assert (changed.added, changed.removed, changed.changed) == (1, 1, 1)
    assert [(each.path, each.before, each.after) for each in changed.files] == [
        ("/new", -1, 99),
        ("/gone", 9, -1),
        ("/other", 5, 1),
    ]
    assert found.shared == found.layers[0].sizes[1]
    assert found.pulled == changed.sizes[1]


def test_a_layer_more(tmp_path: Path) -> None:
    """It has no place in the first, and the others keep theirs."""
    one, two, three = (_base(random.Random(number)) for number in range(3))
    found = diff(tmp_path, [one, three], [one, two, three])
    assert [(each.numbers, each.shared) for each in found.layers] == [((1, 1), True), ((0, 2), False), ((2, 3), True)]
