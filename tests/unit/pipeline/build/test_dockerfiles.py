from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from fakes.images import Shelf
from fakes.machines import machine
from twinbuild.model.image import Image
from twinbuild.model.plan import Derivation, Plan
from twinbuild.pipeline.build.dockerfiles import dockerfiles
from twinbuild.process.runner import SubprocessRunner
from twinbuild.render.dockerfile import SiteTemplate
from twinbuild.store.memory import MemoryStore
from unit.render.test_dockerfile import _derivation


def _named(*variants: str, site: SiteTemplate | None = None) -> dict[str, bytes]:
    derivation: Derivation = _derivation("fraud-scorer")
    image: Image = Shelf().image()
    plan = Plan(derivations=tuple(replace(derivation, variant=variant) for variant in variants), documents=())
    here = replace(machine(MemoryStore(), Path()), runner=SubprocessRunner(), interpreter=Path(sys.executable))
    return dockerfiles(plan, tuple(image for _ in variants), here, pip="26.3", site=site)


def test_names() -> None:
    """One image has the plain name; of several each has its variant and platform in the name."""
    assert list(_named("cpu")) == ["Dockerfile"]
    assert list(_named("cpu", "cuda12")) == ["Dockerfile.cpu-linux-amd64", "Dockerfile.cuda12-linux-amd64"]


def test_a_site_template() -> None:
    """It is rendered elsewhere, to what it would be here."""
    site = SiteTemplate(name="site.j2", text='{% extends "Dockerfile.j2" %}')
    assert _named("cpu", site=site) == _named("cpu")


def test_what_lies_below_is_named() -> None:
    """The base is told by the identity of the image's first layer."""
    (text,) = _named("cpu").values()
    assert str(Shelf().image().layers[0].diff_id).encode() in text
