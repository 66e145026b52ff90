"""Libraries that an image lacks, in real layers of a store."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.codec.test_dynamic import library
from tests.unit.pipeline.conftest import lock_of

from fakes.images import EPOCH, Shelf, config
from fakes.machines import machine
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import BuildError, Finding
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.plan import (
    ArtifactRecipe,
    BaseInput,
    Compression,
    Derivation,
    FileInput,
    LayerDerivation,
    LayerRecipe,
    Plan,
    SkeletonRecipe,
)
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.model.tree import BytesContent, Directory, Entry, File
from twinbuild.oci.compress import compressor
from twinbuild.oci.layer import WRITER
from twinbuild.oci.tar import canonical_order
from twinbuild.pipeline.build.linking import refuse_missing_libraries
from twinbuild.pipeline.project import Project
from twinbuild.store.memory import MemoryStore

SITE = "opt/venv/lib/python3.11/site-packages"
SKELETON = SkeletonRecipe(prefix="opt/venv", python="3.11", version="3.11.2", executable="usr/bin/python3.11")
BASE = BaseInput(reference="r", manifest=Digest.of(b"m"), config=Digest.of(b"c"), layers=(), history=(), author="")
SYSTEM = {"usr/lib/x86_64-linux-gnu/libc.so.6": library(soname="libc.so.6")}
WHEEL = {
    f"{SITE}/pkg/_core.so": library("libc.so.6", "libgomp.so.1"),
    f"{SITE}/pkg/_more.so": library("libgomp.so.1"),
    f"{SITE}/pkg-1.dist-info/RECORD": b"pkg/_core.so,,\npkg/_more.so,,\n",
}


def _tree(files: dict[str, bytes]) -> tuple[Entry, ...]:
    folders = {path[:at] for path in files for at, letter in enumerate(path) if letter == "/"}
    entries = [File(path=path, content=BytesContent(content)) for path, content in files.items()]
    return canonical_order((*(Directory(path=path) for path in folders), *entries))


class World:
    """A project, a store and what was found in its image."""

    def __init__(self, project: Project, scratch: Path) -> None:
        self.project = project
        self.store = MemoryStore()
        self.machine = machine(self.store, scratch)
        self.shelf = Shelf()

    def spec(self, old: str = "", new: str = "") -> ReleaseSpec:
        """The spec, with a change."""
        text = self.project.spec_path.read_text()
        assert old in text
        return load_spec((SourceText(name="release.yaml", content=text.replace(old, new, 1).encode()),)).spec

    def findings(
        self,
        *layers: dict[str, bytes],
        spec: ReleaseSpec | None = None,
        recipe: LayerRecipe = SKELETON,
        base: int = 0,
        environment: tuple[tuple[str, str], ...] = (),
    ) -> tuple[Finding, ...]:
        """What is refused in an image of these layers, of which the lowest ``base`` are another image's."""
        image = self.shelf.image([_tree(layer) for layer in layers])
        for content in self.shelf.blobs.values():
            self.store.put(content)
        plan = Plan(derivations=(_derivation(image, recipe, base, environment),), documents=())
        lock = lock_of(self.project, self.machine)
        try:
            refuse_missing_libraries(spec or self.project.spec, lock, plan, (image,), self.machine)
        except BuildError as error:
            return error.findings
        return ()


def _derivation(image: Image, recipe: LayerRecipe, base: int, environment: tuple[tuple[str, str], ...]) -> Derivation:
    layers = [
        LayerDerivation(
            title=layer.title,
            platform=image.platform,
            recipe=recipe,
            writer=WRITER,
            compressor=compressor(Compression.ZSTD),
            source_date_epoch=EPOCH,
        )
        for layer in image.layers[base:]
    ]
    return Derivation(
        name="fraud-scorer",
        version="1.0.0",
        variant=image.variant,
        platform=image.platform,
        builder="embedded/1",
        layers=tuple(layers),
        config=config(environment=environment),
        source_date_epoch=EPOCH,
        base=BASE if base else None,
    )


@pytest.fixture
def world(project: Project, tmp_path: Path) -> World:
    """Nothing yet."""
    return World(project, tmp_path / "scratch")


def test_a_library_that_is_nowhere(world: World) -> None:
    """TB5420: one finding for a library, with who needs it and which package has it; exit 6."""
    (finding,) = world.findings(SYSTEM, WHEEL)
    assert finding.code == "TB5420"
    assert finding.message == (
        f"the image cpu linux/amd64 lacks libgomp.so.1, which pkg's /{SITE}/pkg/_core.so and 1 other file cannot be "
        "loaded without"
    )
    assert finding.hint == (
        "add libgomp1 to environment.packages; where that file is never loaded, name libgomp.so.1 in "
        "dependencies.absent_libraries"
    )
    assert str(finding.where) == f"/{SITE}/pkg/_core.so"
    assert BuildError.exit_code == 6
    assert world.findings(SYSTEM, WHEEL, {"usr/lib/libgomp.so.1": library()}) == ()


def test_one_that_only_another_wheel_has(world: World) -> None:
    """TB5421: it would load only after that wheel, by luck."""
    place = f"{SITE}/torch/lib/libgomp.so.1"
    other = {place: library(), f"{SITE}/torch-2.dist-info/RECORD": b"torch/lib/libgomp.so.1,,\n"}
    (finding,) = world.findings(SYSTEM, WHEEL, other)
    assert finding.code == "TB5421"
    assert finding.message.endswith(f"cannot be loaded: libgomp.so.1 lies at /{place} alone")


def test_everything_at_once(world: World) -> None:
    """All libraries, sorted."""
    wheel = {f"{SITE}/b.so": library("liby.so", "libx.so"), f"{SITE}/a.so": library("libz.so")}
    found = world.findings(SYSTEM, wheel)
    assert [finding.message.split(" lacks ")[1].split(",")[0] for finding in found] == ["libx.so", "liby.so", "libz.so"]
    assert found[0].hint.startswith("add the package that has it; ")


def test_what_the_spec_lets_be_absent(world: World) -> None:
    """A name in ``dependencies.absent_libraries`` is no finding."""
    allowed = world.spec("dependencies:", "dependencies:\n  absent_libraries: [libgomp.so.1]")
    assert world.findings(SYSTEM, WHEEL, spec=allowed) == ()
    other = world.spec("dependencies:", "dependencies:\n  absent_libraries: [libgomp.so.2]")
    assert len(world.findings(SYSTEM, WHEEL, spec=other)) == 1


def test_libraries_of_a_driver(world: World) -> None:
    """A variant for an accelerator gets them from the machine; in another they are missing, and no package has them."""
    files = {f"{SITE}/a.so": library("libcuda.so.1")}
    (finding,) = world.findings(SYSTEM, files)
    assert finding.hint.startswith("it comes with a driver: take a build of the package for processors")
    cuda = world.spec("accelerator: none", "accelerator: cuda, cuda: '12.4'")
    assert world.findings(SYSTEM, files, spec=cuda) == ()
    assert len(world.findings(SYSTEM, {f"{SITE}/a.so": library("libcudart.so.12")}, spec=cuda)) == 1


def test_a_base_and_its_variables(world: World) -> None:
    """Layers of a base count, and so does its LD_LIBRARY_PATH."""
    base = {**SYSTEM, "opt/rocm/lib/libgomp.so.1": library(), "opt/tool": library("libnever.so")}
    (finding,) = world.findings(base, WHEEL, base=1)
    assert finding.hint.startswith("name a base that has the package libgomp1; where that file is never loaded")
    assert world.findings(base, WHEEL, base=1, environment=(("LD_LIBRARY_PATH", ":/opt/rocm/lib"),)) == ()


def test_files_of_the_model(world: World) -> None:
    """A file of weights is not read, however large; a model that is a shared object is."""
    for content, count in ((bytes(100), 0), (library("libgomp.so.1"), 1)):
        world.store.put(content)
        file = FileInput(path="models/m.so", sha256=world.store.put(content), size=len(content), mode=0o644)
        layers = {"models/m.so": library("libgomp.so.1")}
        assert len(world.findings(layers, recipe=ArtifactRecipe(file=file))) == count


def test_a_layer_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found in a layer is remembered by its diff_id, in a record that is checked."""
    first = world.findings(SYSTEM, WHEEL)
    monkeypatch.setattr("twinbuild.pipeline.build.linking.layer_members", lambda *_: pytest.fail("read again"))
    assert world.findings(SYSTEM, WHEEL) == first
    monkeypatch.undo()
    monkeypatch.setattr(world.store, "record", lambda *_: b"{}")
    assert world.findings(SYSTEM, WHEEL) == first


def test_a_name_that_is_no_library(world: World) -> None:
    """TB1104 in the spec."""
    from twinbuild.errors import SpecError

    with pytest.raises(SpecError) as caught:
        world.spec("dependencies:", "dependencies:\n  absent_libraries: ['lib x']")
    assert [finding.code for finding in caught.value.findings] == ["TB1104"]


def test_what_a_base_lacks_for_itself(project: Project, tmp_path: Path) -> None:
    """Its own files are its maker's business; what lies over them is judged, even where it takes their place."""
    world = World(project, tmp_path)
    theirs = {"usr/lib/python3.11/_tkinter.so": library("libtk8.6.so")}
    assert world.findings({**SYSTEM, **theirs}, {"app/x": b""}, base=1) == ()
    (finding,) = world.findings({**SYSTEM, **theirs}, theirs, base=1)
    assert finding.code == "TB5420"
    (finding,) = world.findings(SYSTEM, WHEEL, base=1)
    assert "libgomp.so.1" in finding.message
