"""Pack: the running twinbuild → an image with its libraries, a Python and the programs that it needs.

twinbuild builds it as it builds any release: Debian packages and wheels by the digests of a lock, which comes with
twinbuild (``templates/tool``), and on them its own files. So the same code gives the same digest on every machine and
in every year, as long as mirrors or the store have what the lock names.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import twinbuild
from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.codec.canonical import canonical
from twinbuild.codec.lock import encode_lock
from twinbuild.debian.scripts import effects_digest
from twinbuild.errors import EnvironmentFault
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedSourceFile, Target
from twinbuild.model.plan import ApplicationRecipe, Derivation, FileInput, ImageConfig, Plan
from twinbuild.model.platform import Platform
from twinbuild.model.spec.values import epoch as epoch_of
from twinbuild.model.tool import ToolRoot
from twinbuild.oci.compress import compressor
from twinbuild.oci.layout import LayoutFile, image_layout
from twinbuild.pipeline.build.building import build_images
from twinbuild.pipeline.images.export import export_layout
from twinbuild.pipeline.keeping import image_blobs, locked_blobs
from twinbuild.pipeline.lock.fetching import fetch_lock, lacking
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.plan.interpreters import interpreter_of
from twinbuild.pipeline.plan.plan import PREFIX, Tooling, make_plan
from twinbuild.pipeline.project import Project, open_project, read_lock
from twinbuild.pipeline.tool.code import code_digest, code_files
from twinbuild.ports import Store
from twinbuild.render.bootstrap import SCRIPT, bootstrap_script

__all__ = ["PYTHON", "TOOL", "missing_for", "pack_tool", "plan_tool", "tool_project", "write_tools"]

TOOL: Final = "dev.twinbuild.tool"  # label: the digest of twinbuild's own files
PYTHON: Final = "dev.twinbuild.tool.python"  # label: the version of the Python that runs it
_DOCUMENT: Final = "tool.json"


def tool_project() -> tuple[Project, Lock]:
    """The spec and the lock that come with twinbuild. Raises EnvironmentFault TB9201 where one is missing."""
    package = Path(twinbuild.__file__).resolve().parent
    for root in (package, package.parent.parent):
        place = root / "templates" / "tool"
        if (place / "release.yaml").is_file():
            project = open_project(place)
            lock = read_lock(project)
            if lock is not None:
                return project, lock
    raise EnvironmentFault.of(
        "TB9201",
        "this installation has no templates/tool with release.yaml and release.lock",
        hint="install twinbuild again",
        where=str(package),
    )


def missing_for(machine: Machine, platform: Platform) -> int:
    """How many files packing for a platform needs that the store lacks. Raises EnvironmentFault TB9201, TB9202."""
    _, lock = tool_project()
    return len(lacking(_needed(lock, _target(lock, platform)), machine))


def pack_tool(machine: Machine, platform: Platform, *, package: Path | None = None) -> ToolRoot:
    """The running twinbuild (or that in ``package``) for a platform, as an image in the store.

    What was packed before is taken from the store, which keeps the last one of each platform and what it was made
    from. Raises EnvironmentFault TB9200 to TB9202, and as fetch and build do.
    """
    project, lock = tool_project()
    target = _target(lock, platform)
    files = code_files(machine.store, package=package)
    plan = plan_tool(project, lock, files, platform)
    (derivation,) = plan.derivations
    image = EmbeddedBuilder(store=machine.store, runner=machine.runner, scratch=machine.scratch).built(derivation)
    needed = _needed(lock, target)
    if image is None:
        fetch_lock(project, needed, machine)
        (image,) = build_images(plan, machine)
    machine.store.keep(f"tool-{platform.file_part}", (*image_blobs((image,)), *locked_blobs(needed, machine)))
    return ToolRoot(
        version=twinbuild.__version__,
        python=target.python.version,
        code=code_digest(files),
        lock=Digest.of(encode_lock(lock)),
        image=image,
    )


def write_tools(tools: Sequence[ToolRoot], store: Store, output: Path) -> None:
    """Write packed twinbuilds, one for each platform, as an image layout with the script that runs it by itself.

    Raises UsageError TB8020 where something else lies there.
    """
    script = bootstrap_script(tools)
    files = (
        *image_layout("twinbuild", tools[0].version, tuple(tool.image for tool in tools)),
        LayoutFile(path=SCRIPT, content=script, size=len(script)),
    )
    export_layout(files, store, output)


def plan_tool(project: Project, lock: Lock, files: tuple[LockedSourceFile, ...], platform: Platform) -> Plan:
    """What makes the image: as the spec has it, but with twinbuild's files among the libraries."""
    target = _target(lock, platform)
    code = code_digest(files)
    document = canonical(
        {"version": twinbuild.__version__, "code": str(code), "lock": str(Digest.of(encode_lock(lock)))}
    )
    plan = make_plan(
        project.spec,
        replace(lock, source=()),
        Tooling(compressor=compressor, effects=effects_digest),
        epoch=epoch_of(project.spec.metadata.date),
        documents=lambda _: ((_DOCUMENT, document),),
    )
    (derivation,) = (each for each in plan.derivations if each.platform == platform)
    application = ApplicationRecipe(files=_placed(files, target), bytecode=interpreter_of(lock, target))
    layers = tuple(
        replace(layer, title="twinbuild", recipe=application) if isinstance(layer.recipe, ApplicationRecipe) else layer
        for layer in derivation.layers
    )
    derivation = replace(
        derivation,
        version=twinbuild.__version__,
        layers=layers,
        config=_config(derivation, code=code, python=target.python.version),
    )
    return replace(plan, derivations=(derivation,))


def _target(lock: Lock, platform: Platform) -> Target:
    target = next((target for target in lock.targets if target.platform == platform), None)
    if target is None:
        known = ", ".join(str(target.platform) for target in lock.targets)
        raise EnvironmentFault.of(
            "TB9202",
            f"twinbuild cannot be packed for {platform}: its lock has {known or 'nothing'}",
            hint="pack it for one of these platforms",
        )
    return target


def _needed(lock: Lock, target: Target) -> Lock:
    """The lock with what a target needs alone, and what compiles on this machine."""
    here = os.uname().machine
    targets = tuple(each for each in lock.targets if each == target or each.platform.machine == here)
    return replace(lock, targets=targets, installer=None)


def _placed(files: tuple[LockedSourceFile, ...], target: Target) -> tuple[FileInput, ...]:
    above = f"{PREFIX}/lib/python{target.python.minor}/site-packages"
    return tuple(
        FileInput(path=f"{above}/{file.path}", sha256=file.sha256, size=file.size, mode=0o644) for file in files
    )


def _config(derivation: Derivation, *, code: Digest, python: str) -> ImageConfig:
    """It runs twinbuild, with the arguments that it is given."""
    config = derivation.config
    labels = dict(config.labels)
    labels |= {"org.opencontainers.image.version": twinbuild.__version__, TOOL: str(code), PYTHON: python}
    return replace(
        config,
        entrypoint=(f"/{PREFIX}/bin/python", "-P", "-s", "-m", "twinbuild.cli"),
        command=(),
        working_directory="/",
        exposed_ports=(),
        labels=tuple(sorted(labels.items())),
    )
