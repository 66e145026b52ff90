"""``oci.places``: what a base must leave free."""

from __future__ import annotations

import pytest
from tests.unit.oci.test_stack import Files, stacked

from fakes.bases import layer_tar
from twinbuild.errors import BuildError
from twinbuild.oci.places import require_free


def _reasons(files: Files, place: str, modes: dict[str, tuple[int, int]] | None = None) -> list[str]:
    stack = stacked(layer_tar(files, modes=modes))[0]
    try:
        require_free(stack, (place,), subject="base")
    except BuildError as error:
        return [f"{finding.code} {finding.message}" for finding in error.findings]
    return []


def test_free() -> None:
    """Nothing there, an empty directory, or a way of usual directories."""
    assert _reasons({"opt": None}, "opt/venv") == []
    assert _reasons({"opt/venv": None}, "opt/venv") == []
    assert _reasons({}, "srv/app/deep") == []


@pytest.mark.parametrize(
    ("files", "place", "modes", "part"),
    [
        ({"opt/venv/bin/python": b""}, "opt/venv", {}, "the base has files there (bin)"),
        ({"app": b""}, "app", {}, "the base has a file there"),
        ({"app": "srv"}, "app", {}, "the base has a symlink there"),
        ({"var/run": "/run"}, "var/run/model", {}, "/var/run is a symlink to '/run'"),
        ({"srv": None}, "srv/app", {"srv": (0o775, 0)}, "/srv has mode 0775 and owner 0:0"),
        ({"srv": None}, "srv/app", {"srv": (0o755, 7)}, "/srv has mode 0755 and owner 7:7"),
        ({"app": None}, "app", {"app": (0o755, 1000)}, "a directory there with mode 0755 and owner 1000:1000"),
    ],
)
def test_occupied(files: Files, place: str, modes: dict[str, tuple[int, int]], part: str) -> None:
    """What layers above would hide, mix with, or change on their way, is named."""
    (message,) = _reasons(files, place, modes)
    assert message.startswith("TB2275")
    assert part in message


def test_beside() -> None:
    """A home may be there; only the way to it is judged."""
    stack = stacked(layer_tar({"home/app/file": b"", "link": "home"}))[0]
    require_free(stack, (), beside=("home/app",))
    with pytest.raises(BuildError):
        require_free(stack, (), beside=("link/app",))
