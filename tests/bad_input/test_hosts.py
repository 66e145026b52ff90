"""Machines that lack something: an apt that isn't Debian's, a Python that is too old or incomplete. Each is named."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES, Tool
from twinbuild.pipeline.lock import grounding
from twinbuild.resolve import apt_sources

UBUNTU = {
    "etc/os-release": 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n',
    "etc/apt/sources.list": "# see ubuntu.sources\n",
    "etc/apt/sources.list.d/ubuntu.sources": (
        "Types: deb\nURIs: http://archive.example/ubuntu/\nSuites: noble noble-updates noble-backports\n"
        "Components: main universe\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n"
    ),
    # Somebody has Debian's own packages too: still not Debian's host, so its sources may be pinned or partial
    "etc/apt/sources.list.d/debian.list": "deb [signed-by=/k.gpg] http://deb.example/debian bookworm main\n",
}
FEDORA = {"etc/os-release": 'PRETTY_NAME="Fedora Linux 43"\nID=fedora\n'}
HOSTS = {"Ubuntu 24.04.1 LTS": UBUNTU, "Fedora Linux 43": FEDORA, "this machine": {}}


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_whose_apt_is_not_debian_s_must_name_a_mirror(
    name: str, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``lock`` asks nobody, and says which variable to set."""
    root, read = tmp_path / "root", apt_sources.read_apt_files
    root.mkdir()
    for path, text in HOSTS[name].items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for module in (apt_sources, grounding):
        monkeypatch.setattr(module, "read_apt_files", lambda: read(root))
    for variable in ("TWINBUILD_DEBIAN_MIRROR", "TWINBUILD_DEBIAN_SECURITY"):
        monkeypatch.delenv(variable, raising=False)
    project = tmp_path / "scorer"
    ignored = shutil.ignore_patterns("dist", "__pycache__", "release.lock", "lockfiles")
    shutil.copytree(EXAMPLES / "fraud-scorer", project, ignore=ignored)
    refused = tool("lock", str(project))
    assert refused.status == 4
    assert f"error[TB2140]: no address of the archive debian is known: {name} has no apt sources" in refused.err
    assert "set TWINBUILD_DEBIAN_MIRROR to the base address of a Debian mirror" in refused.err


def make(tmp_path: Path, python: str) -> tuple[int, str]:
    """``make release`` in a checkout of only a Makefile, on a machine whose python3 is this script."""
    path, checkout = tmp_path / "bin", tmp_path / "checkout"
    path.mkdir()
    (path / "python3").write_text(f"#!/bin/sh\nreal={shlex.quote(sys.executable)}\n{python}\n")
    (path / "python3").chmod(0o755)
    shutil.copytree(EXAMPLES.parent / "lockfiles", checkout / "lockfiles")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(EXAMPLES.parent / name, checkout)
    environment = {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C"}
    done = subprocess.run(
        ["make", "release"], cwd=checkout, env=environment, check=False, capture_output=True, text=True, timeout=60
    )
    assert not (checkout / ".venv").exists()
    return done.returncode, done.stderr


def test_a_python_that_is_too_old(tmp_path: Path) -> None:
    """Python 3.10 is refused before anything is made, with what to type instead."""
    status, err = make(
        tmp_path,
        '[ "$1" = -c ] || exit 99\n'
        'exec "$real" -c "import sys; sys.version_info = (3, 10, 12, \'final\', 0); exec(sys.argv[1])" "$2"',
    )
    assert status == 2
    assert "twinbuild needs Python 3.11 or newer, and python3 is older or missing" in err
    assert "make PYTHON=python3.12 release" in err


def test_a_python_without_venv(tmp_path: Path) -> None:
    """Debian's Python without python3-venv leaves half an environment, which goes, and the package is named."""
    status, err = make(
        tmp_path,
        'if [ "$1" = -c ]; then exec "$real" "$@"; fi\n[ "$1 $2" = "-m venv" ] || exit 99\n'
        'mkdir -p "$3/bin"; ln -s "$real" "$3/bin/python"\n'
        'echo "The virtual environment was not created successfully because ensurepip is not available."; exit 1',
    )
    assert status == 2
    assert "python3 cannot make a virtual environment: install python3-venv (Debian, Ubuntu)" in err


def test_no_python_at_all(tmp_path: Path) -> None:
    """A missing interpreter is named likewise."""
    status, err = make(tmp_path, "exit 127")
    assert status == 2
    assert "and python3 is older or missing" in err
