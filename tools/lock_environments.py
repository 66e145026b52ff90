"""Lock the project's own environments with twinbuild's own resolver: ``make lock``, ``make lock UPGRADE=1``.

``lockfiles/tool.txt`` is what ``make release`` installs, ``lockfiles/dev.txt`` what ``make test`` adds,
``lockfiles/rego.txt`` the extra ``rego``, and ``lockfiles/model-signing.txt`` a tool that tests install apart, to hold
ours against it. Each is resolved for every supported Python and architecture, and holds the union: one version of a
project, with the digest of the one wheel that each target takes. No address stands in it. What is pinned stays where
pyproject.toml still allows it; ``--upgrade`` takes the newest of everything.

``templates/tool`` is the root that twinbuild packs itself on (``twinbuild tool pack``): the same libraries, and Debian
packages with a Python, locked as the release of a spec.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from twinbuild.model.lock import LockedWheel, PythonEnvironment
from twinbuild.model.platform import SUPPORTED, Platform
from twinbuild.pipeline.machine import Machine, reach
from twinbuild.ports import silent
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.python import resolve_python
from twinbuild.resolve.python_index import PythonIndex
from twinbuild.resolve.python_resolver import prepare_resolver
from twinbuild.sources.configure import settings_from
from twinbuild.store.memory import MemoryStore

ROOT: Final = Path(__file__).resolve().parent.parent
PYTHONS: Final = ("3.11.2", "3.12.1", "3.13.0")
GLIBC: Final = "2.31"  # Debian 11 and newer
REGO_GLIBC: Final = "2.34"  # Debian 12 and newer: regopy has no wheels for an older one
BUILD: Final = ("hatchling==1.33.0", "editables==0.6")  # to install the checkout itself


def main() -> None:
    """Write the files."""
    upgrade = "--upgrade" in sys.argv[1:]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tool = (*project["project"]["dependencies"], *BUILD)
    development = tuple(project["dependency-groups"]["dev"])
    locked = _lock("tool", tool, () if upgrade else _pinned("tool", tool))
    pins = tuple(f"{wheel.name}=={wheel.version}" for wheel in {each.name: each for each in locked}.values())
    judge = tuple(project["dependency-groups"]["model-signing"])
    _lock("model-signing", judge, () if upgrade else _pinned("model-signing", judge))
    rego = tuple(project["project"]["optional-dependencies"]["rego"])
    _lock("rego", rego, () if upgrade else _pinned("rego", rego), glibc=REGO_GLIBC)
    _lock("dev", development, (*pins, *(() if upgrade else _pinned("dev", development, without=pins))))
    _lock_root(tuple(project["project"]["dependencies"]), pins, upgrade=upgrade)


def _lock_root(requirements: tuple[str, ...], pins: tuple[str, ...], *, upgrade: bool) -> None:
    """Write the spec and the lock of ``templates/tool``, whose wheels are among those of ``tool.txt``."""
    place = ROOT / "templates" / "tool"
    listed = {"runtime": sorted(requirements), "constraints": sorted(set(pins))}
    text = "".join(f"  {key}:\n" + "".join(f'    - "{each}"\n' for each in each_of) for key, each_of in listed.items())
    spec = place / "release.yaml"
    spec.write_text(
        re.sub(r"(?<=^dependencies:\n)(?:  .*\n)*", lambda _: text, spec.read_text(), count=1, flags=re.MULTILINE)
    )
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        for file in place.iterdir():
            shutil.copy(file, directory)
        (directory / "app").mkdir()
        (directory / "app" / "README").write_text("twinbuild adds its own code when it packs itself.\n")
        more = ("--upgrade-all",) if upgrade else ()
        subprocess.run((sys.executable, "-m", "twinbuild.cli", "lock", *more, str(directory)), check=True)
        shutil.copy(directory / "release.lock", place)


def _pinned(name: str, requirements: tuple[str, ...], without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What the file pins now and may stay, and is not pinned otherwise (``without``)."""
    other = {pin.partition("==")[0] for pin in without}
    (ROOT / "lockfiles" / f"{name}.txt").read_text()
    asked = {canonicalize_name(each.name): each.specifier for each in map(Requirement, requirements)}
    return tuple(
        f"{project}=={version}"
        for project, version in re.findall(
            r"^(\S+)==(\S+) ", (ROOT / "lockfiles" / f"{name}.txt").read_text(), re.MULTILINE
        )
        if project not in other and (project not in asked or asked[project].contains(version, prereleases=True))
    )


def _lock(
    name: str, requirements: tuple[str, ...], constraints: tuple[str, ...], *, glibc: str = GLIBC
) -> tuple[LockedWheel, ...]:
    environment = dict(os.environ)
    home = environment.get("HOME", "/")
    settings = settings_from(environment, home=home)
    machine = reach(
        Machine(
            settings=settings,
            store=MemoryStore(),
            runner=SubprocessRunner(),
            environment=environment,
            interpreter=Path(sys.executable),
            home=home,
            scratch=Path("/tmp"),
            now=datetime.now(UTC),
            progress=silent,
        )
    )
    index = PythonIndex(name="default", address=dict(machine.settings.indexes)["default"])
    resolver = prepare_resolver(
        runner=machine.runner,
        directory=Path(settings.store) / "resolvers",
        interpreter=machine.interpreter,
        index=index,
        settings=machine.settings,
        home=home,
    )
    found: dict[str, dict[str, LockedWheel]] = {}
    everything: list[LockedWheel] = []
    for version in PYTHONS:
        for platform in SUPPORTED:
            print(f"{name}: CPython {version} on {platform}", file=sys.stderr)
            wheels = resolve_python(
                requirements,
                python=PythonEnvironment(version=version, implementation="cp", glibc=glibc),
                platform=Platform.parse(platform),
                indexes=(index,),
                resolver=resolver,
                runner=machine.runner,
                settings=replace(machine.settings),
                home=home,
                constraints=constraints,
            )
            everything.extend(wheels)
            for wheel in wheels:
                found.setdefault(wheel.name, {})[wheel.filename] = wheel
    lines = [
        f"# twinbuild's own environment {name!r}, for CPython 3.11 to 3.13 on x86_64 and aarch64.",
        "# Written by `make lock`; install it with pip's --require-hashes --no-deps --only-binary=:all:.",
    ]
    for project in sorted(found):
        versions = {wheel.version for wheel in found[project].values()}
        if len(versions) != 1:
            raise SystemExit(f"{project} has several versions: {sorted(versions)}; constrain it in pyproject.toml")
        lines.append(f"{project}=={versions.pop()} \\")
        digests = sorted({str(wheel.sha256) for wheel in found[project].values()})
        lines.extend(f"    --hash={digest}{' ' + chr(92) if digest != digests[-1] else ''}" for digest in digests)
    (ROOT / "lockfiles" / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return tuple(everything)


if __name__ == "__main__":
    main()
