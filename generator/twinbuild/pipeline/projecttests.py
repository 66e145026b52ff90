"""The tests that a family gives its projects: ``tests/test_*.py`` of unittest, run in the sandbox of a built image.

They are the family's own code, so they run nowhere else: without a network, as the image's user, a root that cannot be
written to, within the limits of its spec. What they need is in the image and in the standard library.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Final

from twinbuild.build.sandbox import Bind, Sandbox
from twinbuild.deploy.configuration import configuration_environment
from twinbuild.errors import BuildError, Finding, Location
from twinbuild.model.image import Image
from twinbuild.model.plan import Derivation
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.running import unpacked_image
from twinbuild.pipeline.run.trying import confined
from twinbuild.pipeline.trial.told import told_by_spec
from twinbuild.pipeline.trial.traces import trial_environment
from twinbuild.ports import Completed

__all__ = ["TESTS", "passed_tests", "project_tests", "run_tests", "run_tests_at"]

TESTS: Final = "tests"
_INSIDE: Final = "/run/twinbuild-tests"
_COMMAND: Final = ("python", "-B", "-m", "unittest", "discover", "-s", _INSIDE, "-t", _INSIDE)
_TIME: Final = 300.0  # seconds
_RAN: Final = re.compile(rb"^Ran ([0-9]+) tests? in ", re.MULTILINE)
_FAILED: Final = re.compile(rb"^(?:FAIL|ERROR): [ -~]{1,200}", re.MULTILINE)
_SHOWN: Final = 400  # characters of the end of what is printed


def project_tests(directory: Path) -> tuple[Path, ...]:
    """The files of tests of a project, sorted."""
    return tuple(sorted((directory / TESTS).glob("test_*.py")))


def run_tests(project: Project, derivation: Derivation, image: Image, machine: Machine) -> int:
    """As ``run_tests_at``, in a directory that the image is unpacked to for this."""
    base = len(derivation.base.layers) if derivation.base is not None else 0
    with unpacked_image(image, machine, base=base) as root:
        return run_tests_at(root, project, derivation, image, machine)


def run_tests_at(root: Path, project: Project, derivation: Derivation, image: Image, machine: Machine) -> int:
    """How many tests passed in the image that is unpacked at ``root``.

    Raises BuildError TB7563 where one fails or there is none, and what the sandbox raises.
    """
    spec = project.spec
    watched = (*configuration_environment(spec).items(), *trial_environment(spec, str(image.manifest.digest)))
    told = told_by_spec(spec, derivation, watched=watched)
    binds = (Bind(source=str((project.directory / TESTS).resolve()), target=_INSIDE),)
    with tempfile.TemporaryDirectory(prefix="tests-", dir=machine.scratch) as directory:
        confinement = confined(derivation.config, root, told, binds=binds, directory=Path(directory))
        machine.progress(f"tests of {project.directory.name}", 0, 0)
        ended = Sandbox(machine.runner).run(root, _COMMAND, confinement=confinement, timeout=_TIME)
    return passed_tests(ended, f"{project.directory.name}/{TESTS}")


def passed_tests(ended: Completed, place: str) -> int:
    """How many tests a run of unittest passed. Raises BuildError TB7563 where it failed, or ran none."""
    ran = _RAN.search(ended.stderr)
    if ended.status == 0 and ran is not None and int(ran[1]) > 0:
        return int(ran[1])
    failed = [line.decode("ascii") for line in _FAILED.findall(ended.stderr)[:10]] or [_end(ended.stderr)]
    raise BuildError(
        tuple(
            Finding(
                code="TB7563",
                message=f"a test of the project fails in its image: {what}",
                hint="run `python -m unittest discover tests` where the packages of lockfiles/ are installed",
                where=Location(file=place),
            )
            for what in failed
        )
    )


def _end(printed: bytes) -> str:
    return repr(printed.decode("utf-8", "replace").strip()[-_SHOWN:])
