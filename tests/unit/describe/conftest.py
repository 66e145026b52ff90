"""A real spec and lock (the first example's), with images that were never built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path as FilePath

import pytest

from twinbuild.codec.lock import decode_lock
from twinbuild.codec.nodes import Path
from twinbuild.codec.spec import LoadedSpec, SourceText, load_spec
from twinbuild.codec.written import Written, written_values
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image, ImageIndex
from twinbuild.model.lock import Lock
from twinbuild.model.platform import Platform
from twinbuild.model.spec.release import ReleaseSpec

EXAMPLE = FilePath(__file__).resolve().parents[3] / "examples" / "fraud-scorer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every document is made from."""

    text: str
    spec: ReleaseSpec
    lock: Lock
    images: tuple[Image, ...]
    epoch: int = 1_793_491_200

    @property
    def written(self) -> dict[Path, Written]:
        """Where each value of the text was written."""
        return written_values(load(self.text), {"release.yaml": "release.yaml"})


def unconcluded(case: Case) -> Case:
    """The same, of whose licences no person has said anything."""
    return replace(case, spec=case.spec.model_copy(update={"licences": None}))


def load(text: str) -> LoadedSpec:
    """A text as a spec with its nodes."""
    return load_spec((SourceText(name="release.yaml", content=text.encode()),))


def read_spec(text: str) -> ReleaseSpec:
    """The spec of a text."""
    return load(text).spec


def image(lock: Lock, index: int) -> Image:
    """An image of a target of the lock."""
    target = lock.targets[index]

    def descriptor(kind: str) -> Descriptor:
        return Descriptor(
            media_type=f"application/vnd.oci.image.{kind}", digest=Digest.of(f"{kind}{index}".encode()), size=7
        )

    layer = BuiltLayer(
        derivation=Digest.of(b"derivation"),
        title="system",
        diff_id=Digest.of(b"tar"),
        uncompressed_size=10,
        blob=descriptor("layer"),
    )
    return Image(
        derivation=Digest.of(b"image"),
        variant=target.variant,
        platform=target.platform,
        manifest=descriptor("manifest"),
        config=descriptor("config"),
        layers=(layer,),
    )


@pytest.fixture(scope="session")
def case() -> Case:
    """One target."""
    text = (EXAMPLE / "release.yaml").read_text("utf-8")
    lock = decode_lock((EXAMPLE / "release.lock").read_bytes())
    return Case(text=text, spec=read_spec(text), lock=lock, images=(image(lock, 0),))


@pytest.fixture(scope="session")
def two(case: Case) -> Case:
    """Two targets with the same packages."""
    first = case.lock.targets[0]
    lock = replace(case.lock, targets=(first, replace(first, variant="gpu")))
    return replace(case, lock=lock, images=(image(lock, 0), image(lock, 1)))


INDEX = ImageIndex(
    variant="cpu",
    platforms=(Platform.parse("linux/amd64"), Platform.parse("linux/arm64")),
    descriptor=Descriptor(media_type="application/index", digest=Digest.of(b"index"), size=5),
    content=b"index",
)
