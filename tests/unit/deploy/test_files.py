from __future__ import annotations

from tests.unit.deploy.test_configuration import deployment_of_text

from twinbuild.deploy.files import deploy_files


def test_every_path_is_below_one_directory_and_sorted() -> None:
    """Paths are relative, in order, and the same each time."""
    files = deploy_files(deployment_of_text())
    assert list(files) == sorted(files)
    assert not any(path.startswith("/") or ".." in path for path in files)
    assert files == deploy_files(deployment_of_text())
