"""Where an index of the spec is: the machine's word, the spec's, then a directory of pip's that has its wheels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twinbuild.model.settings import Settings
from twinbuild.pipeline.lock.indexes import located
from twinbuild.pipeline.project import Project, open_project
from twinbuild.sources.configure import settings_from

INDEX = "dependencies:\n  indexes:\n    - {name: torch-cpu, packages: [torch]%s}\n"


def _found(project: Project, settings: Settings, address: str = "") -> dict[str, str]:
    text = project.spec_path.read_text("utf-8").replace("dependencies:\n", INDEX % address, 1)
    project.spec_path.write_text(text)
    return dict(located(settings, open_project(project.directory).spec).indexes)


def test_directory_of_pip(project: Project, tmp_path: Path) -> None:
    """The first directory with a wheel of a bound project; a directory that is not there is passed over."""
    other, wheels = tmp_path / "other", tmp_path / "wheel s"
    other.mkdir()
    wheels.mkdir()
    (other / "torchvision-1-py3-none-any.whl").touch()
    (wheels / "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl").touch()
    settings = Settings(store="/s", wheel_directories=(str(tmp_path / "none"), str(other), str(wheels)))
    assert _found(project, settings) == {"torch-cpu": wheels.as_uri()}


def test_stated_addresses_come_first(project: Project, tmp_path: Path) -> None:
    """The spec's address, and before it the machine's."""
    (tmp_path / "torch-1-py3-none-any.whl").touch()
    settings = Settings(store="/s", wheel_directories=(str(tmp_path),))
    assert _found(project, settings, ", url: 'https://index.example/cpu'") == {"torch-cpu": "https://index.example/cpu"}
    stated = Settings(store="/s", indexes=(("torch-cpu", "file:///mirror"),), wheel_directories=(str(tmp_path),))
    assert dict(located(stated, open_project(project.directory).spec).indexes) == {"torch-cpu": "file:///mirror"}


def test_its_variable_is_the_machines_word(project: Project, tmp_path: Path) -> None:
    """Before the spec's address and pip's directories."""
    (tmp_path / "torch-1-py3-none-any.whl").touch()
    by_variable = settings_from({"TWINBUILD_INDEX_TORCH_CPU": "file:///ci"}, home="/h")
    stated = replace(by_variable, wheel_directories=(str(tmp_path),))
    assert _found(project, stated, ", url: 'https://index.example/cpu'") == {"torch-cpu": "file:///ci"}


def test_nowhere(project: Project) -> None:
    """An index that nobody gives an address has none."""
    assert _found(project, Settings(store="/s")) == {}
