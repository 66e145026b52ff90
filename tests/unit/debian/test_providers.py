from __future__ import annotations

import shutil
import subprocess

import pytest

from twinbuild.debian.providers import _PROVIDERS, driver_library, provider


def test_known_and_unknown() -> None:
    """A name, or nothing."""
    assert provider("libgomp.so.1") == "libgomp1"
    assert provider("libnone.so.1") == ""


@pytest.mark.parametrize(
    ("library", "comes"),
    [
        ("libcuda.so.1", True),
        ("libnvidia-ml.so.1", True),
        ("libnvidia-ptxjitcompiler.so.550.54.14", True),
        ("libnvcuvid.so.1", True),
        ("libcudart.so.12", False),
        ("libcudnn.so.9", False),
        ("libnvinfer.so.10", False),
        ("libcuda.so.1x", False),
        ("xlibcuda.so.1", False),
    ],
)
def test_libraries_of_a_driver(library: str, comes: bool) -> None:
    """The driver's, not the toolkit's."""
    assert driver_library(library) is comes


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="needs apt-cache")
def test_the_packages_exist() -> None:
    """Debian 12 has every package that a message may name."""
    with open("/etc/os-release", encoding="utf-8") as file:  # noqa: PTH123
        if "VERSION_CODENAME=bookworm" not in file.read():
            pytest.skip("of Debian 12")
    names = sorted(set(_PROVIDERS.values()))
    done = subprocess.run(
        ("apt-cache", "show", "--no-all-versions", *names), capture_output=True, text=True, check=False
    )
    if not done.stdout:
        pytest.skip("apt knows no packages")
    found = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("Package: ")}
    assert set(names) - found == set()
