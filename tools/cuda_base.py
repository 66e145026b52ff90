"""Builds small stand-ins for NVIDIA's CUDA base images, as OCI layouts: DIRECTORY/VERSION for each CUDA version.

They have what a release on such an image must cope with: a Debian of somebody else with dpkg and an account in it, no
Python, CUDA_VERSION and NVIDIA's variables, and NVIDIA's directories for the loader. CUDA itself comes in wheels. Their
packages are the essential ones of the lock of examples/llm-server, so that they have the same digest everywhere.
`twinbuild push DIRECTORY/VERSION REGISTRY/cuda` puts one into a registry.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.cli.session import session
from twinbuild.debian.scripts import effects_digest
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedDeb, Target
from twinbuild.model.plan import (
    Compression,
    DebianRecipe,
    Derivation,
    Document,
    FileInput,
    ImageConfig,
    LayerDerivation,
    LayerRecipe,
    MetadataRecipe,
    User,
)
from twinbuild.oci.compress import compressor
from twinbuild.oci.layer import WRITER
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.lock.fetching import fetch_lock
from twinbuild.pipeline.lock.lockfiles import read_lock
from twinbuild.pipeline.plan.interpreters import deb_input
from twinbuild.pipeline.plan.plan import BUILDER
from twinbuild.pipeline.project import open_project

ROOT: Final = Path(__file__).resolve().parents[1]
VERSIONS: Final = ("12.8.1", "13.0.2")
_EPOCH: Final = 1_793_491_200  # 2026-11-01
_USER: Final = User(name="debian", uid=1000, gid=1000, home="/home/debian")
_LOADER: Final = b"/usr/local/nvidia/lib\n/usr/local/nvidia/lib64\n"


def _essential(target: Target) -> tuple[LockedDeb, ...]:
    """The essential packages of a target with what they depend on, sorted by name."""
    known = {deb.name: deb for deb in target.debs}
    waiting = [deb.name for deb in target.debs if deb.essential]
    chosen: dict[str, LockedDeb] = {}
    while waiting:
        deb = known[waiting.pop()]
        if deb.name not in chosen:
            chosen[deb.name] = deb
            waiting.extend(deb.depends)
    return tuple(chosen[name] for name in sorted(chosen))


def _derivation(version: str, target: Target, loader: Document) -> Derivation:
    def layer(title: str, recipe: LayerRecipe) -> LayerDerivation:
        return LayerDerivation(
            title=title,
            platform=target.platform,
            recipe=recipe,
            writer=WRITER,
            compressor=compressor(Compression.GZIP),
            source_date_epoch=_EPOCH,
        )

    names = [deb.name for deb in target.debs]
    system = DebianRecipe(debs=tuple(map(deb_input, target.debs)), effects=effects_digest(names), user=_USER)
    file = FileInput(path="etc/ld.so.conf.d/nvidia.conf", sha256=loader.digest, size=len(loader.content), mode=0o644)
    major, minor, _ = version.split(".")
    return Derivation(
        name="cuda",
        version=f"{version}-base-debian12",
        variant="base",
        platform=target.platform,
        builder=BUILDER,
        layers=(layer("Debian", system), layer("CUDA", MetadataRecipe(files=(file,)))),
        config=ImageConfig(
            user="",
            command=("/bin/bash",),
            entrypoint=(),
            working_directory="",
            environment=(
                ("PATH", "/usr/local/nvidia/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
                ("NVARCH", "x86_64"),
                ("NVIDIA_REQUIRE_CUDA", f"cuda>={major}.{minor}"),
                ("CUDA_VERSION", version),
                ("LD_LIBRARY_PATH", "/usr/local/nvidia/lib:/usr/local/nvidia/lib64"),
                ("NVIDIA_VISIBLE_DEVICES", "all"),
                ("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"),
            ),
            exposed_ports=(),
            labels=(("maintainer", "a stand-in for NVIDIA's image, made by twinbuild's tools/cuda_base.py"),),
            stop_signal="",
        ),
        source_date_epoch=_EPOCH,
    )


def _packages_of(lock: Lock) -> Target:
    found = next(target for target in lock.targets if target.variant == "cpu")
    return replace(found, debs=_essential(found), wheels=(), development=(), test=(), build=(), steps=())


def main() -> int:
    """Write the layouts, each in place of an earlier one, and print their digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, metavar="DIRECTORY")
    directory: Path = parser.parse_args().directory
    loader = Document(digest=Digest.of(_LOADER), content=_LOADER)
    project = open_project(ROOT / "examples" / "llm-server")
    with session(beside=project.directory, quiet=not sys.stderr.isatty()) as machine:
        lock = read_lock(project)
        assert lock is not None, "the lock of the example is committed"
        target = _packages_of(lock)
        fetch_lock(project, replace(lock, targets=(target,), artifacts=(), source=(), installer=None), machine)
        machine.store.put(loader.content)
        builder = EmbeddedBuilder(store=machine.store, runner=machine.runner, scratch=machine.scratch)
        for version in VERSIONS:
            image = builder.build(_derivation(version, target, loader), machine.progress)
            place = directory / version
            shutil.rmtree(place, ignore_errors=True)
            for file in image_layout("cuda", f"{version}-base-debian12", (image,)):
                path = place / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                content = file.content if isinstance(file.content, bytes) else machine.store.read(file.content)
                path.write_bytes(content)
            print(f"{place}  {image.manifest.digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
