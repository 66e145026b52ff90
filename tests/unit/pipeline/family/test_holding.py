"""A project's family is held against the catalogues of the machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.families import SPEC, begun, write_family
from twinbuild.cli.session import session
from twinbuild.codec.family import with_pin
from twinbuild.errors import IntegrityError
from twinbuild.pipeline.family.families import family_at
from twinbuild.pipeline.family.holding import refuse_changed_family
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import open_project

SHEET = "variables:\n  - {name: about, default: first, description: A.}\n"
TEMPLATE = SPEC + "  environment: {ABOUT: {{ about }}, WHO: {{ team }}}\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine whose catalogue is ``families``."""
    monkeypatch.setenv("TWINBUILD_STORE", str(tmp_path / "store"))
    with session(beside=tmp_path, quiet=True, offline=True) as found:
        yield replace(found, environment={**found.environment, "TWINBUILD_CATALOGUES": str(tmp_path / "families")})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a family, in ``new`` beside its catalogue."""
    family = write_family(tmp_path / "families", {"release.yaml.j2": TEMPLATE}, sheet=SHEET)
    return begun(tmp_path, family_at(family, ()), {"about": "mine: #1"})


def _repinned(project: Path, old: str, new: str) -> None:
    """The family's spec edited, with both of its digests made anew."""
    place = project / "release.family.yaml"
    first, _, rest = place.read_text().split("\n", 2)
    assert old in rest
    place.write_bytes(with_pin(first[2:], rest.replace(old, new, 1).encode()))
    spec = project / "release.yaml"
    spec.write_text(re.sub("[0-9a-f]{64}", hashlib.sha256(place.read_bytes()).hexdigest(), spec.read_text()))


def test_a_family_that_changed_under_the_same_version(project: Path, machine: Machine, tmp_path: Path) -> None:
    """Refused with both digests where a catalogue has it; another version and no catalogue are no fault."""
    opened = open_project(project)
    catalogue = tmp_path / "families"
    refuse_changed_family(opened, machine)
    write_family(catalogue, {"release.yaml.j2": TEMPLATE, "files/new": ""}, sheet=SHEET)
    with pytest.raises(IntegrityError) as error:
        refuse_changed_family(opened, machine)
    (finding,) = error.value.findings
    assert opened.spec.extends is not None
    assert finding.code == "TB7543"
    assert f"expected sha256:{opened.spec.extends.digest}" in finding.message
    sheet = catalogue / "plain/family.yaml"
    sheet.write_text(sheet.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    refuse_changed_family(opened, machine)
    (catalogue / "plain").rename(catalogue / "gone")
    refuse_changed_family(opened, machine)


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ('python: "3.11"', 'python: "3.12"', "/environment/python"),
        ("command: [python, main.py]", "command: [python, other.py]", "/serving/command/1"),
        ("kind: Release", "kind: Release\nbuild: {compression: gzip}", "/build/compression"),
        ("WHO: my-team", "WHO: others", "/serving/environment/WHO"),
    ],
)
def test_an_edited_spec_that_is_pinned_again(project: Path, machine: Machine, old: str, new: str, at: str) -> None:
    """It says of itself what the family never made: TB7546 with the place."""
    text = (project / "release.family.yaml").read_text()
    _repinned(project, old if old in text else old.replace("my-team", '"my-team"'), new)
    opened = open_project(project)
    with pytest.raises(IntegrityError) as error:
        refuse_changed_family(opened, machine)
    (finding,) = error.value.findings
    assert finding.code == "TB7546"
    assert finding.message.endswith(f"they differ at {at}")


def test_comments_and_values(project: Path, machine: Machine) -> None:
    """A comment is no difference; neither are other values, of which the family makes just that."""
    _repinned(project, "kind: Release", "kind: Release # of a model")
    refuse_changed_family(open_project(project), machine)


def test_other_families_are_not_looked_at(project: Path, machine: Machine, tmp_path: Path) -> None:
    """A sheet that is wrong, and a catalogue that is not there, are no fault of this project."""
    write_family(tmp_path / "families", name="wrong", sheet="more: 1\n")
    places = f"{tmp_path}/nowhere:{tmp_path}/families"
    refuse_changed_family(
        open_project(project), replace(machine, environment={**machine.environment, "TWINBUILD_CATALOGUES": places})
    )
