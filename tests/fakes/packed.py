"""An image as ``tool pack`` makes it, but of a shell of this machine instead of twinbuild: it runs in no time."""

from __future__ import annotations

import os
from pathlib import Path

from fakes.machines import machine
from fakes.tools import tools
from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.model.digest import Digest
from twinbuild.model.image import Image
from twinbuild.model.plan import ApplicationRecipe, Compression, Derivation, FileInput, ImageConfig, LayerDerivation
from twinbuild.model.platform import SUPPORTED, Platform
from twinbuild.model.tool import ToolRoot
from twinbuild.oci.compress import compressor
from twinbuild.oci.layer import WRITER
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.plan.plan import BUILDER
from twinbuild.pipeline.tool.pack import PYTHON, TOOL
from twinbuild.ports import Store
from twinbuild.process.runner import SubprocessRunner

__all__ = ["CODE", "HERE", "OTHER", "machine_with", "packed_image", "packed_tool"]

CODE = Digest.of(b"code")
HERE = next(Platform.parse(name) for name in SUPPORTED if Platform.parse(name).machine == os.uname().machine)
OTHER = next(Platform.parse(name) for name in SUPPORTED if name != str(HERE))


def machine_with(store: Store, scratch: Path) -> Machine:
    """A machine that starts processes, and reaches no network."""
    scratch.mkdir(exist_ok=True)
    return machine(store, scratch, runner=SubprocessRunner())


def packed_image(
    store: Store,
    scratch: Path,
    *,
    labels: tuple[tuple[str, str], ...] = ((TOOL, str(CODE)), (PYTHON, "3.11.2")),
    entrypoint: tuple[str, ...] = ("/usr/bin/sh", "-c"),
    platform: Platform = HERE,
    more: tuple[tuple[str, bytes], ...] = (),
) -> Image:
    """The image, in the store; ``more`` are files beside the shell's, or in their place."""
    files = {path: content for path, content in tools("id").items() if isinstance(content, bytes)}
    for name in ("lib", "lib64"):  # no links: they are files of an application
        files |= {path.removeprefix("usr/"): text for path, text in files.items() if path.startswith(f"usr/{name}/")}
    files |= dict(more)
    recipe = ApplicationRecipe(
        files=tuple(
            FileInput(path=path, sha256=store.put(content), size=len(content), mode=0o755)
            for path, content in sorted(files.items())
        ),
        bytecode=None,
    )
    layer = LayerDerivation(
        title="programs",
        platform=platform,
        recipe=recipe,
        writer=WRITER,
        compressor=compressor(Compression.GZIP),
        source_date_epoch=0,
    )
    config = ImageConfig(
        user="1000:1000",
        command=(),
        entrypoint=entrypoint,
        working_directory="/",
        environment=(("PATH", "/usr/bin"), ("LANG", "C.UTF-8")),
        exposed_ports=(),
        labels=(*labels, ("org.opencontainers.image.version", "1.2.3")),
        stop_signal="SIGTERM",
    )
    derivation = Derivation(
        name="twinbuild",
        version="1.2.3",
        variant="cpu",
        platform=platform,
        builder=BUILDER,
        layers=(layer,),
        config=config,
        source_date_epoch=0,
    )
    return EmbeddedBuilder(store=store, runner=SubprocessRunner(), scratch=scratch, workers=1).build(derivation)


def packed_tool(image: Image) -> ToolRoot:
    """The value that packing gives of an image."""
    return ToolRoot(version="1.2.3", python="3.11.2", code=CODE, lock=Digest.of(b"lock"), image=image)
