"""The Docker builder: a derivation → an image, by BuildKit from a Dockerfile, laid out by our own layer writer."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from twinbuild.build.docker.buildx import BuildRequest, run_build
from twinbuild.build.docker.configuration import require_planned
from twinbuild.build.docker.engine import Toolchain
from twinbuild.build.docker.exported import Exported, read_export
from twinbuild.build.docker.normalise import BaseEntry, partition
from twinbuild.build.docker.planned import claims_of
from twinbuild.build.embedded import EmbeddedBuilder, base_layers, put_image, put_layer
from twinbuild.build.interpreter import Workshop
from twinbuild.build.unpack import as_base
from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.plan import DebianRecipe, Derivation, LayerDerivation
from twinbuild.oci.image import MANIFEST, created, described, image_config, image_manifest, index_document
from twinbuild.oci.layout import LAYOUT, blob_path
from twinbuild.oci.stack import read_stack
from twinbuild.ports import Progress, Runner, Store, silent
from twinbuild.render.dockerfile import passed_values
from twinbuild.render.stages import stages_of

__all__ = ["DockerBuilder", "Surroundings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a build by BuildKit can observe, and the second build has otherwise."""

    directory: str = "context"  # the context's place below the scratch directory
    host_name: str = ""  # of the sandbox
    later: int = 0  # seconds that the times of the context's files are moved by
    reverse: bool = False  # whether the context's files are made in reverse order
    umask: int = 0o022  # while the context is written
    environment: tuple[tuple[str, str], ...] = ()  # of the client: time zone, locale


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerBuilder:
    """Implements ``ports.Builder``. ``write_context`` writes Dockerfile and context of a derivation to a directory.

    The base, and the root of each build step, is made (or taken from the layer cache of ``assembled``, below ``store``)
    by the embedded assembler and handed over as an OCI layout: the two builders are independent above the base.
    """

    store: Store
    assembled: Store
    runner: Runner
    scratch: Path
    toolchain: Toolchain
    write_context: Callable[[Derivation, Path, Surroundings], None]
    cached: bool = False
    surroundings: Surroundings = Surroundings()

    def build(self, derivation: Derivation, progress: Progress = silent) -> Image:
        """Build with BuildKit and write the planned layers from what it exported.

        Raises BuildError TB5210 (a step failed), NotReproducible TB5221 to TB5226, IntegrityError TB5220 and
        TB5227; and as ``EmbeddedBuilder.realise`` for what is handed over.
        """
        self.scratch.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="docker-", dir=self.scratch))
        try:
            return self._build(derivation, scratch, progress)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _build(self, derivation: Derivation, scratch: Path, progress: Progress) -> Image:
        progress("BuildKit", 0, 0)
        made = tuple(layer for layer in derivation.layers if isinstance(layer.recipe, DebianRecipe))
        assembler = EmbeddedBuilder(store=self.assembled, runner=self.runner, scratch=scratch)
        base = (*base_layers(derivation), *assembler.realise(made, progress))
        layout = scratch / "base"
        manifest, below = _write_base(layout, derivation, base, self.store)
        context = scratch / self.surroundings.directory
        context.mkdir(parents=True)
        self.write_context(derivation, context, self.surroundings)
        output = scratch / "output"
        request = BuildRequest(
            context=context,
            base=layout,
            base_manifest=manifest,
            output=output,
            platform=derivation.platform,
            epoch=derivation.source_date_epoch,
            cached=self.cached,
            roots=tuple(self._roots(derivation, assembler, scratch, progress)),
            host_name=self.surroundings.host_name,
            arguments=passed_values(derivation.config),
            environment=self.surroundings.environment,
        )
        run_build(request, self.toolchain, self.runner)
        exported = read_export(output, base=len(base))
        _require_base(exported, base)
        layers = self._layers(derivation.layers[len(made) :], base, exported, scratch)
        require_planned(image_config(derivation, layers), exported.config, base=below)
        return put_image(digest_of(derivation), derivation, layers, self.store)

    def _roots(
        self, derivation: Derivation, assembler: EmbeddedBuilder, scratch: Path, progress: Progress
    ) -> Iterator[tuple[str, Path, Digest]]:
        """The root file system of each build step as a layout, by the name of its stage."""
        below = tuple(base_layers(derivation))
        for stage in stages_of(derivation):
            layers = (*below, *assembler.realise(stage.recipe.root, progress))
            config = _plain_config(derivation, layers)
            layout = scratch / stage.root
            yield stage.root, layout, _write_layout(layout, config, image_manifest(config, layers), layers, self.store)

    def _layers(
        self, above: tuple[LayerDerivation, ...], base: tuple[BuiltLayer, ...], exported: Exported, scratch: Path
    ) -> tuple[BuiltLayer, ...]:
        with Workshop.open(self.store, self.runner, scratch, ()) as workshop:
            claims = tuple(claims_of(layer, self.store, workshop) for layer in above)
        trees = partition(exported, _base_entries(base, self.store), claims)
        return (
            *base,
            *(
                put_layer(digest_of(layer), layer, entries, self.store)
                for layer, entries in zip(above, trees, strict=True)
            ),
        )


def _write_base(
    layout: Path, derivation: Derivation, layers: tuple[BuiltLayer, ...], store: Store
) -> tuple[Digest, bytes]:
    """The base as an OCI layout; digest of its manifest, and its configuration. Those of an image are the pinned."""
    if derivation.base is not None:
        config, manifest = store.read(derivation.base.config), store.read(derivation.base.manifest)
    else:
        config = _plain_config(derivation, layers)
        manifest = image_manifest(config, layers)
    return _write_layout(layout, config, manifest, layers, store), config


def _plain_config(derivation: Derivation, layers: tuple[BuiltLayer, ...]) -> bytes:
    """A configuration that says nothing but what the layers are."""
    return canonical(
        {
            "architecture": derivation.platform.architecture,
            "config": {},
            "created": created(derivation.source_date_epoch),
            "os": derivation.platform.os,
            "rootfs": {"diff_ids": [str(layer.diff_id) for layer in layers], "type": "layers"},
        }
    )


def _write_layout(layout: Path, config: bytes, manifest: bytes, layers: tuple[BuiltLayer, ...], store: Store) -> Digest:
    (layout / "blobs" / "sha256").mkdir(parents=True)
    for content in (config, manifest):
        (layout / blob_path(Digest.of(content))).write_bytes(content)
    for layer in layers:
        store.check(layer.blob.digest)
        place = layout / blob_path(layer.blob.digest)
        if not place.is_symlink():  # a base may have a layer twice
            place.symlink_to(store.path(layer.blob.digest))
    kind = json.loads(manifest).get("mediaType", MANIFEST)
    descriptor = Descriptor(media_type=kind, digest=Digest.of(manifest), size=len(manifest))
    (layout / "index.json").write_bytes(index_document([described(descriptor)]))
    (layout / "oci-layout").write_bytes(LAYOUT)
    return descriptor.digest


def _require_base(exported: Exported, base: tuple[BuiltLayer, ...]) -> None:
    wanted = tuple(layer.blob for layer in base), tuple(str(layer.diff_id) for layer in base)
    if (exported.base_layers, exported.base_diff_ids) != wanted:
        got = ", ".join(str(layer.digest) for layer in exported.base_layers)
        raise IntegrityError.of(
            "TB5227",
            f"the builder changed the base: its layers are {got}, expected "
            + ", ".join(str(layer.blob.digest) for layer in base),
            hint="use a builder that leaves layers of the base as they are: BuildKit rewrites their times when asked "
            "to (rewrite-timestamp)",
        )


def _base_entries(base: tuple[BuiltLayer, ...], store: Store) -> dict[str, BaseEntry]:
    """What the base has at each path, whiteouts of its upper layers heeded."""
    stack, _ = read_stack(as_base(base), store.open)
    members = {path: place.member for path, place in stack.places.items()}
    if stack.root is not None:
        members[""] = stack.root
    return {
        path: BaseEntry(kind=member.kind, mode=member.mode, uid=member.uid, gid=member.gid)
        for path, member in members.items()
    }
