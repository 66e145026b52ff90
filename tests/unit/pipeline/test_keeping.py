"""What is kept: a spec's builds one by one, and nothing of what its lock no longer has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.machines import machine
from twinbuild.model.image import Image
from twinbuild.model.lock import Lock
from twinbuild.model.platform import Platform
from twinbuild.pipeline.keeping import image_blobs, keep_built, keep_locked
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project, open_project
from twinbuild.store.collection import delete, plan
from twinbuild.store.disk import DiskStore
from twinbuild.store.memory import MemoryStore
from unit.pipeline.conftest import lock_of
from unit.pipeline.fresh.test_evidence import image, layer


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Machine]:
    """A machine with a real store."""
    with DiskStore(tmp_path / "store") as store:
        yield replace(machine(MemoryStore(), tmp_path), store=store)


@pytest.fixture
def lock(project: Project, here: Machine) -> Lock:
    """Of two variants, one of them for two platforms."""
    found = lock_of(project, here)
    (cpu,) = found.targets
    return replace(
        found,
        targets=(cpu, replace(cpu, platform=Platform.parse("linux/arm64")), replace(cpu, variant="gpu")),
    )


def built(store: DiskStore, name: str, *, variant: str = "cpu", platform: str = "linux/amd64") -> Image:
    """An image of which each blob is its own."""
    made = image(layer(name))
    contents = [store.put(f"{name} {part}".encode()) for part in ("manifest", "config", "layer")]
    (only,) = made.layers
    return replace(
        made,
        variant=variant,
        platform=Platform.parse(platform),
        manifest=replace(made.manifest, digest=contents[0]),
        config=replace(made.config, digest=contents[1]),
        layers=(replace(only, blob=replace(only.blob, digest=contents[2])),),
    )


def collect(here: Machine) -> DiskStore:
    """Delete what nothing keeps."""
    store = here.store
    assert isinstance(store, DiskStore)
    store.used.clear()
    delete(store, plan(store))
    return store


def there(store: DiskStore, made: Image) -> bool:
    """Whether an image is whole; one that is not is wholly gone."""
    (whole,) = {store.has(digest) for digest in image_blobs((made,))}
    return whole


def test_one_does_not_take_the_place_of_another(project: Project, here: Machine, lock: Lock) -> None:
    """A build of one variant and platform leaves the last ones of the others, and not its own before."""
    assert isinstance(here.store, DiskStore)
    keep_locked(project, lock, here)
    old = built(here.store, "old")
    others = built(here.store, "gpu", variant="gpu"), built(here.store, "arm", platform="linux/arm64")
    keep_built(project, (old, *others), here)
    new = built(here.store, "new")
    keep_built(project, (new,), here)
    keep_locked(project, lock, here)
    store = collect(here)
    assert [there(store, each) for each in (old, new, *others)] == [False, True, True, True]


def test_what_the_lock_no_longer_has(project: Project, here: Machine, lock: Lock) -> None:
    """A variant or platform that went keeps nothing; another spec's builds stay."""
    assert isinstance(here.store, DiskStore)
    other = project.directory / "other.yaml"
    other.write_bytes(project.spec_path.read_bytes())
    cpu, gpu = built(here.store, "cpu"), built(here.store, "gpu", variant="gpu")
    arm = built(here.store, "arm", platform="linux/arm64")
    elsewhere = built(here.store, "elsewhere", variant="gpu")
    keep_built(project, (cpu, gpu, arm), here)
    keep_built(open_project(other), (elsewhere,), here)
    keep_locked(project, replace(lock, targets=lock.targets[:1]), here)
    store = collect(here)
    assert [there(store, each) for each in (cpu, gpu, arm, elsewhere)] == [True, False, False, True]


def test_a_spec_that_is_gone(project: Project, here: Machine) -> None:
    """It keeps none of its builds."""
    assert isinstance(here.store, DiskStore)
    made = built(here.store, "cpu"), built(here.store, "gpu", variant="gpu")
    keep_built(project, made, here)
    project.spec_path.unlink()
    store = collect(here)
    assert [there(store, each) for each in made] == [False, False]
    assert store.roots.all() == {}


def test_long_names(project: Project, here: Machine, lock: Lock) -> None:
    """Two variants whose names begin alike and are as long as they may be are two."""
    assert isinstance(here.store, DiskStore)
    names = [f"{'v' * 62}{end}" for end in "ab"]
    made = [built(here.store, name, variant=name) for name in names]
    for each in made:
        keep_built(project, (each,), here)
    keep_locked(project, replace(lock, targets=tuple(replace(lock.targets[0], variant=name) for name in names)), here)
    store = collect(here)
    assert [there(store, each) for each in made] == [True, True]
