"""``model.spec.paths``: below the spec, or absolute and out of the way of packages, links and directories."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from twinbuild.model.spec.paths import AbsoluteFile, AbsolutePath, AbsolutePlace, owned_place, refuse_path


@pytest.mark.parametrize("path", ["a", "a/b.txt", "a b", ".hidden", "a/..b", "."])
def test_confined(path: str) -> None:
    """Relative, normal paths are taken."""
    assert refuse_path(path) == ""


@pytest.mark.parametrize(
    "path",
    ["", "/a", "../a", "a/../b", "a//b", "a/", "./a", "a\\b", "C:x", "-rf", "~/x", "a\n", "a" * 256, "a/" * 600 + "a"],
)
def test_not_confined(path: str) -> None:
    """Paths that leave, or that can be understood in two ways, are refused with a reason."""
    assert refuse_path(path)


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        (AbsolutePath, "app", "is not absolute"),
        (AbsolutePath, "/a/../b", "leaves its directory"),
        (AbsolutePath, "/proc/self", "the kernel owns"),
        (AbsolutePath, "/bin/tool", "goes through /bin"),
        (AbsolutePlace, "/usr/lib/x", "belongs to packages"),
        (AbsolutePlace, "/etc/twinbuild/x", "belongs to packages or to twinbuild"),
        (AbsoluteFile, "/opt", "take the place of a directory"),
    ],
)
def test_not_in_the_image(kind: object, path: str, said: str) -> None:
    """A path that is the kernel's, a link's, a package's or a directory's is refused, and the remedy is there."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter[str](kind).validate_python(path)
    (error,) = caught.value.errors()
    assert error["type"] == "TB1108"
    assert said in error["msg"]
    assert error["ctx"]["hint"]


@pytest.mark.parametrize(
    ("kind", "path"), [(AbsolutePath, "/usr/bin/tool"), (AbsolutePlace, "/app"), (AbsoluteFile, "/opt/a")]
)
def test_in_the_image(kind: object, path: str) -> None:
    """Each kind takes what it is for."""
    assert TypeAdapter[str](kind).validate_python(path) == path


def test_owned_place() -> None:
    """Whole parts count: /opt/venvs is nobody's."""
    assert owned_place("/opt/venv/bin") == "/opt/venv"
    assert owned_place("/opt/venvs") is None
