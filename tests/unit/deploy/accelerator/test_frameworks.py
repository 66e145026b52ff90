"""Rows of frameworks: found by project, and their versions of Python in order."""

from __future__ import annotations

from packaging.version import Version

from twinbuild.deploy.accelerator.frameworks import FRAMEWORKS, framework


def test_by_project() -> None:
    """The row of a project, none for one that uses no accelerator or the build without."""
    row = framework("onnxruntime-gpu")
    assert row is not None
    assert row.plain == "onnxruntime"
    assert framework("onnxruntime") is None


def test_pythons() -> None:
    """Each Python once and in order; a later Python never has an older newest version."""
    for row in FRAMEWORKS:
        minors = [Version(python) for python, _ in row.pythons]
        assert minors == sorted(set(minors))
        newest = [Version(version) for _, version in row.pythons]
        assert newest == sorted(newest), row.name
