"""A whole project that builds in a second: three small packages, two wheels, one file of code; locked, and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from tests.unit.wheel.making import project_wheel

from fakes.debs import deb
from fakes.machines import machine
from fakes.made import copied
from fakes.tool import Tool
from fakes.tools import tools
from twinbuild.codec.inputs import artifact_inputs, debian_inputs, python_inputs, source_inputs, step_inputs
from twinbuild.codec.lock import encode_lock
from twinbuild.model.digest import Digest
from twinbuild.model.lock import (
    Lock,
    LockedArtifact,
    LockedDeb,
    LockedStep,
    LockedWheel,
    PythonEnvironment,
    ResolverPin,
    Target,
)
from twinbuild.model.platform import Platform
from twinbuild.pipeline.lock.licensing import with_licences
from twinbuild.pipeline.lock.locking import application_files
from twinbuild.pipeline.project import open_project
from twinbuild.store.disk import DiskStore

__all__ = ["tiny_project", "tiny_release"]

_SPEC = """\
apiVersion: twinbuild/v1
kind: Release
metadata:
  name: tiny
  version: 1.0.0
  team: tests
  owners: [{{name: Ada Example, email: ada@tests.example}}]
  date: 2026-11-01
source: {{directory: app, target: /app}}
model: {{family: none, version: 1.0.0{artifacts}}}
environment:
  base: {{debian: {{suite: bookworm}}}}
  python: "3.11"
  platforms: [linux/amd64]
{variants}{steps}dependencies: {{runtime: [alpha==1, beta==1]{indexes}}}
serving:
  command: [python, -m, main]
  ports: [{{name: http, port: 8000}}]
  user: {{name: app, uid: 10001, gid: 10001, home: /home/app}}
build: {{compression: {compression}, bytecode: {bytecode}}}
"""
_DEMO = {f"usr/share/demo/{name}": name.encode() for name in ("Ida", "ida", "Zoe")}
_ACCOUNTS = {"etc/passwd": b"root:*:0:0:root:/root:/bin/sh\n", "etc/group": b"root:*:0:\n"}


def tiny_project(
    directory: Path,
    store: Path,
    *,
    compression: str = "zstd",
    bytecode: bool = False,
    steps: str = "",
    variants: tuple[str, ...] = ("cpu",),
    more: str = "",
    weights: Mapping[str, bytes] = MappingProxyType({}),
    code: str = "",
    shipped: Mapping[str, Mapping[str, bytes]] = MappingProxyType({}),
    corporate: tuple[str, ...] = (),
) -> Path:
    """Write the project with its lock, and put what the lock names into the store; returns the project's directory.

    ``steps`` is the text of ``environment.steps``; with it the image has a few programs of this machine. Each of
    ``variants`` has the same packages; where there are none the spec names none, and has the implied ``cpu``. ``more``
    is the text of further sections, ``weights`` the files of the model by their places in the image, ``code`` what the
    application has besides, ``shipped`` further files of packages and wheels by their names. ``corporate`` wheels are
    of an index that the spec names.
    """
    (directory / "app").mkdir(parents=True)
    named = ", ".join(f"{{name: {variant}, accelerator: none}}" for variant in variants)
    spec = _SPEC.format(
        compression=compression,
        bytecode=str(bytecode).lower(),
        variants=f"  variants: [{named}]\n" if variants else "",
        steps=f"  steps:\n{steps}" if steps else "",
        indexes=f", indexes: [{{name: corp, packages: [{', '.join(corporate)}]}}]" if corporate else "",
        artifacts=f", artifacts: [{', '.join(_artifact(target) for target in weights)}]" if weights else "",
    )
    for target, content in weights.items():
        file = directory / "model" / _named(target)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    (directory / "release.yaml").write_text(spec + more)
    (directory / "app" / "main.py").write_text(
        "NAMES = {'a', 'b', 'c', 'd', 'e'}\nprint(1 in {1, 2} and 'x' in NAMES)\n" + code
    )
    packages = {
        "accounts": deb("accounts", files=_ACCOUNTS),
        "demo": deb("demo", files=_DEMO | dict(shipped.get("demo", {}))),
        "python3.11-minimal": deb("python3.11-minimal", files={"usr/bin/python3.11": b"#!/bin/sh\n"}),
    }
    if steps:
        packages["tools"] = deb("tools", files=tools("bash", "sort"), kind="")
    modules = {f"{name}.py": f"def {name}():\n    return {name!r} in {{'x', 'y', 'z', 'w'}}\n" for name in "cbda"}
    wheels = [
        project_wheel(
            name, {f"{name}/{path}": text.encode() for path, text in modules.items()} | dict(shipped.get(name, {}))
        )
        for name in ("alpha", "beta")
    ]
    project = open_project(directory)
    with DiskStore(store) as blobs:
        here = machine(blobs, directory / "scratch")
        target = Target(
            variant="cpu",
            platform=Platform.parse("linux/amd64"),
            python=PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36"),
            debs=tuple(_locked_deb(name, blobs.put(content), len(content)) for name, content in packages.items()),
            wheels=tuple(_locked_wheel(name, blobs.put(content), len(content), corporate) for name, content in wheels),
            steps=tuple(
                LockedStep(name=step.name, inputs=step_inputs(step)) for step in project.spec.environment.steps
            ),
        )
        lock = Lock(
            python_inputs=python_inputs(project.spec),
            debian_inputs=debian_inputs(project.spec),
            artifact_inputs=artifact_inputs(project.spec),
            source_inputs=source_inputs(project.spec),
            resolver=ResolverPin(pip="26.3", pip_tools="7.6.2"),
            indexes=(),
            targets=tuple(replace(target, variant=variant) for variant in sorted(variants or ("cpu",))),
            artifacts=tuple(
                LockedArtifact(
                    name=_named(target),
                    uri=f"model/{_named(target)}",
                    size=len(content),
                    sha256=blobs.put(content),
                    model="1.0.0",
                )
                for target, content in sorted(weights.items(), key=lambda item: _named(item[0]))
            ),
            source=application_files(project, here),
        )
        project.lock_path.write_bytes(encode_lock(with_licences(lock, here)))
    return directory


def _named(target: str) -> str:
    """The name of the artifact at a place: of /models/a/b.bin a-b-bin."""
    return target.removeprefix("/models/").replace("/", "-").replace(".", "-").lower()


def _artifact(target: str) -> str:
    return f"{{name: {_named(target)}, uri: model/{_named(target)}, format: bin, target: {target}}}"


def _locked_deb(name: str, digest: Digest, size: int) -> LockedDeb:
    return LockedDeb(
        name=name,
        version="1.0-1",
        architecture="all",
        archive="debian",
        suite="bookworm",
        component="main",
        path=f"pool/main/{name[0]}/{name}/{name}_1.0-1_all.deb",
        size=size,
        sha256=digest,
        source=name,
        source_version="1.0-1",
        depends=(),
        pre_depends=(),
        essential=name == "accounts",
        requested=True,
    )


def _locked_wheel(filename: str, digest: Digest, size: int, corporate: tuple[str, ...]) -> LockedWheel:
    name, version = filename.split("-")[:2]
    return LockedWheel(
        index="corp" if name in corporate else "default",
        name=name,
        version=version,
        filename=filename,
        size=size,
        sha256=digest,
        requires=(),
        requested=True,
    )


def tiny_release(
    tool: Tool, directory: Path, *, more: str = "", weights: Mapping[str, bytes] = MappingProxyType({})
) -> Path:
    """The directory of the project's release below ``directory``, where its store is, too: made once, and copied."""

    def make(place: Path) -> None:
        project = tiny_project(place / "tiny", place / "store", more=more, weights=weights)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TWINBUILD_STORE", str(place / "store"))
            ended = tool("release", str(project), "--locked", "-q")
        assert ended.status == 0, ended.err

    copied(("tiny", more, *weights.items()), make, directory)
    return directory / "tiny" / "dist" / "tiny-1.0.0"
