"""Pull: names of roots and records."""

from __future__ import annotations

from twinbuild.model.digest import Digest
from twinbuild.pipeline.images.pulling import pulled_root


def test_a_root_for_each_name() -> None:
    """Two names of one image are kept each for itself; the name is what its key is made from."""
    key, root = pulled_root("registry.example/a:1")
    assert key == Digest.of(b"registry.example/a:1")
    assert root == f"image-{key.hex}"
    assert pulled_root("registry.example/a:2")[1] != root
