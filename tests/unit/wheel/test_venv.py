from __future__ import annotations

import platform as host
import subprocess
import sys
from pathlib import Path

from twinbuild.model.plan import SkeletonRecipe
from twinbuild.model.tree import Directory, Entry, File, Symlink
from twinbuild.wheel.venv import skeleton


def entries(prefix: str = "opt/venv", version: str = "3.11.2", executable: str = "usr/bin/python3.11") -> list[Entry]:
    """The skeleton for a Python."""
    minor = version.rpartition(".")[0]
    return list(skeleton(SkeletonRecipe(prefix=prefix, python=minor, version=version, executable=executable)))


def test_skeleton() -> None:
    """The environment's interpreter is the image's, by links, and the configuration says so."""
    found = {entry.path: entry for entry in entries()}
    assert list(found) == sorted(found)
    assert found["opt/venv/bin/python3.11"] == Symlink(path="opt/venv/bin/python3.11", target="/usr/bin/python3.11")
    assert found["opt/venv/bin/python"] == Symlink(path="opt/venv/bin/python", target="python3.11")
    assert found["opt/venv/lib64"] == Symlink(path="opt/venv/lib64", target="lib")
    assert isinstance(found["opt/venv/lib/python3.11/site-packages"], Directory)
    configuration = found["opt/venv/pyvenv.cfg"]
    assert isinstance(configuration, File)
    with configuration.content.open() as stream:
        assert stream.read().splitlines() == [
            b"home = /usr/bin",
            b"include-system-site-packages = false",
            b"version = 3.11.2",
            b"executable = /usr/bin/python3.11",
            b"command = /usr/bin/python3.11 -m venv /opt/venv",
        ]


def test_skeleton_is_what_the_standard_library_makes(tmp_path: Path) -> None:
    """But for activation and a .gitignore, ``venv`` leaves the same tree for this host's Python."""
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    base = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    executable = base.with_name(f"python{minor}")
    prefix = tmp_path / "venv"
    subprocess.run([executable, "-m", "venv", "--without-pip", prefix], check=True)
    made = {}
    for path in prefix.rglob("*"):
        name = str(path).removeprefix("/")
        if "ctivate" not in path.name and path.name != ".gitignore":
            made[name] = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    ours: dict[str, object] = {}
    for entry in entries(str(prefix).removeprefix("/"), host.python_version(), str(executable).removeprefix("/")):
        if not entry.path.startswith(f"{str(prefix).removeprefix('/')}/"):
            continue
        match entry:
            case File(content=content):
                with content.open() as stream:
                    ours[entry.path] = stream.read()
            case Symlink(target=target):
                ours[entry.path] = target
            case _:
                ours[entry.path] = None
    config = next(name for name in made if name.endswith("pyvenv.cfg"))
    command = b"command"
    assert {**made, config: made[config].split(command)[0]} == {**ours, config: ours[config].split(command)[0]}  # type: ignore[union-attr, attr-defined]
