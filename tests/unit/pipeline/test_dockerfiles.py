from __future__ import annotations

from dataclasses import replace

from fakes.images import Shelf
from twinbuild.model.image import Image
from twinbuild.model.plan import Derivation, Plan
from twinbuild.pipeline.dockerfiles import dockerfiles
from unit.render.test_dockerfile import _derivation


def _named(*variants: str) -> dict[str, bytes]:
    derivation: Derivation = _derivation("fraud-scorer")
    image: Image = Shelf().image()
    plan = Plan(derivations=tuple(replace(derivation, variant=variant) for variant in variants), documents=())
    return dockerfiles(plan, tuple(image for _ in variants), pip="26.3", site=None)


def test_names() -> None:
    """One image has the plain name; of several each has its variant and platform in the name."""
    assert list(_named("cpu")) == ["Dockerfile"]
    assert list(_named("cpu", "cuda12")) == ["Dockerfile.cpu-linux-amd64", "Dockerfile.cuda12-linux-amd64"]


def test_what_lies_below_is_named() -> None:
    """The base is told by the identity of the image's first layer."""
    (text,) = _named("cpu").values()
    assert str(Shelf().image().layers[0].diff_id).encode() in text
