from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.faults import _base, _layout
from twinbuild.errors import UsageError
from twinbuild.pipeline.explain.layers import images_of, layout_in, open_layer
from twinbuild.pipeline.reading.layouts import LayoutBlobs


def test_images_with_their_steps(tmp_path: Path) -> None:
    """Each layer with what its configuration's history says of it, and its tar as a stream."""
    _layout(tmp_path / "l", [_base(random.Random(1)), _base(random.Random(2))], "gzip")
    blobs = LayoutBlobs(tmp_path / "l")
    (image,) = images_of(blobs)
    assert [layer.step for layer in image.layers] == ["layer 1 'step 0'", "layer 2 'step 1'"]
    with ExitStack() as opened:
        stream = open_layer(blobs, image.layers[0], opened.enter_context)
        assert len(stream.read(100)) == 100
    odd = replace(image.layers[0], blob=replace(image.layers[0].blob, media_type="application/x-odd"))
    with pytest.raises(UsageError, match="TB9304"):
        open_layer(blobs, odd, lambda stream: stream)


def test_places(tmp_path: Path) -> None:
    """A layout, a directory that holds one, and neither."""
    (tmp_path / "r" / "image").mkdir(parents=True)
    assert layout_in(tmp_path / "r") is None
    (tmp_path / "r" / "image" / "index.json").write_text("{}")
    assert layout_in(tmp_path / "r") == layout_in(tmp_path / "r" / "image") == tmp_path / "r" / "image"
