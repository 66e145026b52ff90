"""``describe.site.images``: the matrix and the layers."""

from __future__ import annotations

from fakes.published import example
from twinbuild.describe.site.images import images, matrix


def test_matrix() -> None:
    """A row for each image, with the sum of its layers."""
    (row,) = matrix(example().document).rows
    assert [cell.text for cell in row][:7] == ["cpu", "linux/amd64", "none", "3.11.2", "4", "59.6 MB", "untested"]


def test_layers() -> None:
    """Each leaf of the treemap names the row of its layer."""
    (one,) = images(example().document)
    assert one.whole == "59.6 MB compressed, 196.6 MB unpacked"
    assert [(leaf.title, leaf.row, leaf.kind) for leaf in one.leaves] == [
        ("Debian packages", "image-0-layers-1", "system"),
        ("numpy 2.4.6", "image-0-layers-2", "python"),
        ("artifact classifier", "image-0-layers-3", "model"),
        ("application", "image-0-layers-4", "application"),
    ]
    assert len(one.layers.rows) == 4
