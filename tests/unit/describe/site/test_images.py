"""``describe.site.images``: the matrix and the layers."""

from __future__ import annotations

from fakes.published import example
from twinbuild.describe.site.images import images, matrix


def test_matrix() -> None:
    """A row for each image, with the sum of its layers."""
    (row,) = matrix(example().document).rows
    assert [cell.text for cell in row][:7] == ["cpu", "linux/amd64", "none", "3.11.2", "4", "59.6 MB", "untested"]


def test_layers() -> None:
    """Each layer leads to its picture where its contents are known, else to its row; every number is in a table."""
    one = example()
    (made,) = images(one.document, one.contents, {("deb", "coreutils"): "components-7"})
    assert made.whole == "59.6 MB compressed, 196.6 MB unpacked"
    first, system, *_ = made.pictures
    assert [(box.name, box.href, box.kind) for box in first.boxes] == [
        ("Debian packages", "image-0-map-1", "system"),
        ("numpy 2.4.6", "image-0-map-2", "python"),
    ]
    assert [(box.name, box.href, box.kind) for box in first.small] == [
        ("artifact classifier", "image-0-layers-3", "model"),
        ("application", "image-0-layers-4", "application"),
    ]
    found = [(box.name, box.href) for box in system.boxes]
    assert found == [("41 others", ""), ("coreutils", "components-7"), ("libc6", "")]
    assert len(made.layers.rows) == 4
    assert made.weights is not None
    (bare,) = images(one.document)
    assert bare.weights is None
    assert [box.href for box in bare.pictures[0].boxes][:2] == ["image-0-layers-1", "image-0-layers-2"]
