"""A store that comes with the sources is not used, whatever twinbuild.toml says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twinbuild.cli.session import settings_beside
from twinbuild.errors import UsageError
from twinbuild.pipeline.place import comes_with_the_project
from twinbuild.pipeline.release.unchanged import _store


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a directory of a repository, and a link that leads back into it."""
    directory = tmp_path / "home/repository/models/one"
    directory.mkdir(parents=True)
    (tmp_path / "home/repository/.git").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home/repository")
    return directory


INSIDE = ["home/repository/models/one/store", "home/repository/store", "home/repository", "link/s", "home/../link/s"]


@pytest.mark.parametrize("place", INSIDE)
def test_a_store_of_the_repository_is_refused(tmp_path: Path, project: Path, place: str) -> None:
    """TB8034, and the short way of an unchanged release is not taken either."""
    (project / "twinbuild.toml").write_text(f'store = "{tmp_path}/{place}"\n')
    environment = {"HOME": str(tmp_path / "home")}
    with pytest.raises(UsageError) as caught:
        settings_beside(project, environment)
    assert caught.value.findings[0].code == "TB8034"
    assert _store(project / "twinbuild.toml", environment) is None
    chosen = {**environment, "TWINBUILD_STORE": f"{tmp_path}/{place}"}
    assert settings_beside(project, chosen).store == f"{tmp_path}/{place}" == _store(project / "twinbuild.toml", chosen)


@pytest.mark.parametrize("place", ["home/store", "home/repository-store", "elsewhere"])
def test_a_store_elsewhere_is_used(tmp_path: Path, project: Path, place: str) -> None:
    """Beside the repository, above it, or anywhere else."""
    (project / "twinbuild.toml").write_text(f'store = "{tmp_path}/{place}"\n')
    environment = {"HOME": str(tmp_path / "home")}
    assert settings_beside(project, environment).store == f"{tmp_path}/{place}"
    assert _store(project / "twinbuild.toml", environment) == f"{tmp_path}/{place}"


def test_the_usual_place_is_one_s_own(tmp_path: Path) -> None:
    """Somebody whose home is a repository keeps the store that is below it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "twinbuild.toml").write_text("")
    settings = settings_beside(tmp_path, {"HOME": str(tmp_path)})
    assert settings.store == str(tmp_path / ".cache/twinbuild")
    assert comes_with_the_project(settings.store, tmp_path)
    assert _store(tmp_path / "twinbuild.toml", {"HOME": os.fspath(tmp_path)}) == settings.store
