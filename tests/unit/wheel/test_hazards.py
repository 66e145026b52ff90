from __future__ import annotations

import io

import pytest

from twinbuild.errors import PolicyRefused
from twinbuild.wheel.contents import Wheel, open_wheel
from twinbuild.wheel.hazards import find_hazards, refuse_hazards
from twinbuild.wheel.layout import Layout
from unit.wheel.making import project_wheel

LAYOUT = Layout(prefix="opt/venv", python="3.11")


def chosen(project: str, *paths: str) -> Wheel:
    """A wheel of a project with empty files at these paths."""
    name, content = project_wheel(project, dict.fromkeys(paths, b""))
    return open_wheel(io.BytesIO(content), name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("evil.pth", "one/evil.pth"),
        ("one-1.data/platlib/evil.pth", "one/evil.pth"),
        ("one-1.data/data/lib/python3.11/site-packages/evil.pth", "one/evil.pth"),
        ("sitecustomize.py", "one/sitecustomize.py"),
        ("sitecustomize/__init__.py", "one/sitecustomize"),
        ("usercustomize.cpython-311-x86_64-linux-gnu.so", "one/usercustomize.cpython-311-x86_64-linux-gnu.so"),
        ("pip/__init__.py", "one/pip"),
        ("pip.py", "one/pip.py"),
        ("json/__init__.py", "one/json"),
        ("ssl.abi3.so", "one/ssl.abi3.so"),
        ("distutils/core.py", "one/distutils"),
    ],
)
def test_hazards_are_refused_until_they_are_allowed_by_name(path: str, name: str) -> None:
    """Code that runs unasked is named, and passes only where its name is on the list."""
    found = find_hazards([chosen("one", path)], LAYOUT)
    assert [hazard.name for hazard in found] == [name]
    with pytest.raises(PolicyRefused) as caught:
        refuse_hazards(found, allow=[])
    assert [(finding.code, finding.where.subject) for finding in caught.value.findings] == [("TB4111", name)]
    refuse_hazards(found, allow=[name])


@pytest.mark.parametrize(
    "path",
    ["one/json.py", "one/evil.pth", "json.txt", "jsonschema/__init__.py", "one-1.data/scripts/json.py", "pipes_.py"],
)
def test_harmless_names_pass(path: str) -> None:
    """Only what lies at the top of site-packages and is importable there counts."""
    assert find_hazards([chosen("one", path)], LAYOUT) == ()


def test_pip_may_be_pip() -> None:
    """The project of that name brings the package of that name."""
    assert find_hazards([chosen("pip", "pip/__init__.py")], LAYOUT) == ()


def test_a_package_is_named_once() -> None:
    """One finding for a package, however many files it has."""
    assert len(find_hazards([chosen("one", "json/a.py", "json/b.py"), chosen("two", "evil.pth")], LAYOUT)) == 2
