"""What a target would have to be so that a wheel fits."""

from __future__ import annotations

from twinbuild.model.lock import PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.wheel.fitting import fitting_glibc, fitting_machines, fitting_pythons

PYTHON = PythonEnvironment(version="3.11.2", implementation="cp", glibc="2.36")
HERE = Platform.parse("linux/amd64")


def test_pythons() -> None:
    """Exact tags, abi3 from its version on; other machines, a newer glibc and names that are none do not count."""
    files = (
        "t-1-cp312-cp312-manylinux_2_28_x86_64.whl",
        "t-1-cp313-cp313-manylinux_2_28_x86_64.whl",
        "t-1-cp310-cp310-manylinux_2_28_aarch64.whl",
        "t-1-cp310-cp310-manylinux_2_39_x86_64.whl",
        "t-1-cp310-cp310-win_amd64.whl",
        "t.whl",
    )
    assert fitting_pythons(files, PYTHON, HERE) == ("3.12", "3.13")
    assert fitting_pythons(("t-1-cp312-abi3-manylinux_2_17_x86_64.whl",), PYTHON, HERE)[:3] == ("3.12", "3.13", "3.14")
    assert fitting_pythons((), PYTHON, HERE) == ()


def test_glibc() -> None:
    """The oldest that will do, with the target's own Python."""
    files = ("t-1-cp311-cp311-manylinux_2_41_x86_64.whl", "t-1-cp311-cp311-manylinux_2_39_x86_64.whl")
    assert fitting_glibc(files, PYTHON, HERE) == "2.39"
    assert fitting_glibc(("t-1-cp310-cp310-manylinux_2_39_x86_64.whl",), PYTHON, HERE) == ""


def test_machines() -> None:
    """Those that images are built for, with any glibc."""
    assert fitting_machines(("t-1-cp311-cp311-manylinux_2_39_aarch64.whl",), PYTHON) == ("aarch64",)
    assert fitting_machines(("t-1-cp311-cp311-win_amd64.whl",), PYTHON) == ()
