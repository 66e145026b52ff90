"""How a release was made (CycloneDX, formulation): the tools, and what build steps had that no image gets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from twinbuild import __version__
from twinbuild.describe import components as make
from twinbuild.describe.naming import PROJECT
from twinbuild.describe.purls import deb_purl, wheel_purl
from twinbuild.model.lock import Lock, LockedDeb, LockedWheel, Target

__all__ = ["Formulation", "formulation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulation:
    """One formula: its components in both spellings (the library has no model for what is around them), its workflows.

    ``components`` is the JSON form; ``marked`` a whole document in XML that has the same ones. Workflows are in the
    terms of the JSON form.
    """

    components: tuple[Mapping[str, Any], ...]
    marked: str
    workflows: tuple[Mapping[str, Any], ...]


def formulation(lock: Lock, targets: tuple[Target, ...], version: SchemaVersion) -> Formulation:
    """What made the images of these targets: twinbuild, the resolver, the installer, packages of build steps."""
    bom = Bom(
        serial_number=PROJECT,  # the library's defaults are the clock and a random number
        metadata=BomMetaData(timestamp=datetime.fromtimestamp(0, UTC)),
        components=_tools(lock, targets),
    )
    plain = json.loads(make_outputter(bom, OutputFormat.JSON, version).output_as_string())
    return Formulation(
        components=tuple(plain["components"]),
        marked=make_outputter(bom, OutputFormat.XML, version).output_as_string(),
        workflows=tuple(_workflow(target) for target in targets),
    )


def _tools(lock: Lock, targets: tuple[Target, ...]) -> Iterator[Component]:
    yield _tool("twinbuild", __version__)
    yield _tool("pip", lock.resolver.pip)
    yield _tool("pip-tools", lock.resolver.pip_tools)
    wheels: dict[str, LockedWheel] = {}
    debs: dict[str, LockedDeb] = {}
    if lock.installer is not None:
        wheels[lock.installer.sha256.hex] = lock.installer
    for target in targets:
        wheels |= {each.sha256.hex: each for each in target.build}
        for step in target.steps:
            wheels |= {each.sha256.hex: each for each in step.wheels}
            debs |= {each.sha256.hex: each for each in step.debs}
    for wheel in wheels.values():
        yield _package(wheel, wheel_purl(wheel, file=True))
    for deb in debs.values():
        yield _package(deb, deb_purl(deb))


def _tool(name: str, version: str) -> Component:
    return make.component(
        ComponentType.APPLICATION,
        name,
        version,
        f"tool/{name}",
        purl=PackageURL("pypi", None, name, version),
        properties={},
    )


def _package(item: LockedWheel | LockedDeb, purl: PackageURL) -> Component:
    return make.component(
        ComponentType.LIBRARY,
        item.name,
        item.version,
        f"tool/{item.filename}@{item.sha256.hex[:16]}",
        sha256=item.sha256.hex,
        purl=purl,
        properties={"filename": item.filename},
    )


def _workflow(target: Target) -> dict[str, Any]:
    """The build of one image; each build step of the spec is a task of it."""
    reference = f"build/{target.key}"
    workflow: dict[str, Any] = {
        "bom-ref": reference,
        "uid": target.key,
        "name": f"build of {target.variant} {target.platform}",
        "taskTypes": ["build"],
    }
    if target.steps:
        workflow["tasks"] = [
            {"bom-ref": f"{reference}/{step.name}", "uid": step.name, "name": step.name, "taskTypes": ["build"]}
            for step in target.steps
        ]
    return workflow
