"""``build.capture``: the program that looks at an environment, in a virtual environment made for it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from twinbuild.build import capture
from twinbuild.deploy.observability.environment import IMAGE


def _row(path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(content)}\n"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """A virtual environment with one package of two files."""
    site = tmp_path / "venv" / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    folder = site / "Odd_Name-1.5.dist-info"
    venv.create(tmp_path / "venv", symlinks=True)
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: Odd_Name\nVersion: 1.5\n\nName: another\n")
    for name in ("one.py", "two.py"):
        (site / name).write_text(name)
    rows = [_row(name, name.encode()) for name in ("one.py", "two.py")]
    listed = "".join(f"Odd_Name-1.5.dist-info/{name},,\n" for name in ("METADATA", "RECORD"))
    (folder / "RECORD").write_text("".join(rows) + listed)
    return tmp_path / "venv"


def _seen(prefix: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    """The document that the program prints, piped into the environment's Python as people do."""
    program = Path(capture.__file__).read_text("utf-8")
    asked = '{"files": [], "variables": ["SHOWN"]}'
    completed = subprocess.run(
        [prefix / "bin" / "python", "-I", "-S", "-", *arguments],
        input=program.replace('{"files": [], "variables": []}', asked),
        env={**variables, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (completed.returncode, completed.stderr) == (0, "")
    found: dict[str, Any] = json.loads(completed.stdout)
    return found


def test_packages(prefix: Path) -> None:
    """Name as indexes have it, version, and which files are other ones, gone, or nobody's."""
    (site,) = prefix.glob("lib/*/site-packages")
    (package,) = _seen(prefix)["packages"]
    record = (site / "Odd_Name-1.5.dist-info" / "RECORD").read_bytes()
    assert package == {
        "name": "odd-name",
        "version": "1.5",
        "record": f"sha256:{hashlib.sha256(record).hexdigest()}",
        "altered": [],
        "missing": [],
    }
    (site / "one.py").write_text("changed")
    (site / "two.py").unlink()
    (site / "sitecustomize.py").write_text("")
    (site / "__pycache__").mkdir()
    (site / "__pycache__" / "one.pyc").write_text("")
    found = _seen(prefix)
    assert (found["packages"][0]["altered"], found["packages"][0]["missing"]) == (["one.py"], ["two.py"])
    assert found["unowned"] == ["sitecustomize.py"]
    assert found["python"]["version"] == ".".join(map(str, sys.version_info[:3]))


def test_no_value_that_was_not_asked_for(prefix: Path) -> None:
    """Of a variable that the release does not declare there is the name alone; the image is what the caller says."""
    found = _seen(prefix, "--image", "sha256:ab", SHOWN="yes", API_TOKEN="c4n4ry")
    assert found["variables"] == {"SHOWN": "yes"}
    assert {"SHOWN", "API_TOKEN"} <= set(found["environment"])
    assert "c4n4ry" not in json.dumps(found)
    assert found["image"] == "sha256:ab"
    assert found["release"] == {}


def test_packages_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What dpkg's status calls installed, and nothing else; also from one file for each package."""
    status = tmp_path / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    status.write_text(
        "Package: b\nStatus: install ok installed\nVersion: 2\nArchitecture: all\nDescription: x\n Version: 9\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
        "Package: half\nStatus: install ok half-installed\nVersion: 1\n"
    )
    (tmp_path / "var/lib/dpkg/status.d").mkdir()
    (tmp_path / "var/lib/dpkg/status.d/a").write_text("Package: a\nVersion: 1:1-1\nArchitecture: amd64\n")
    (tmp_path / "var/lib/dpkg/status.d/a.md5sums").write_text("Package: none\n")
    monkeypatch.setattr(capture, "ROOT", str(tmp_path))
    assert capture.os_packages() == [
        {"name": "a", "version": "1:1-1", "architecture": "amd64"},
        {"name": "b", "version": "2", "architecture": "all"},
    ]


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, or those below a directory without byte code; what is missing is not there."""
    (tmp_path / "app" / "__pycache__").mkdir(parents=True)
    (tmp_path / "app" / "__pycache__" / "x.pyc").write_text("")
    (tmp_path / "app" / "run").write_text("x")
    (tmp_path / "app" / "run").chmod(0o755)
    monkeypatch.setattr(capture, "ROOT", str(tmp_path))
    entry = {"sha256": hashlib.sha256(b"x").hexdigest(), "executable": True}
    assert dict(capture.files("/app")) == {"/app/run": entry}
    assert dict(capture.files("/app/run")) == {"/app/run": entry}
    assert dict(capture.files("/model")) == {}
    (tmp_path / "etc/twinbuild").mkdir(parents=True)
    for text in ("{", "[]", '{"name": "x"}'):
        (tmp_path / "etc/twinbuild/release.json").write_text(text)
        assert capture.release() == {}


def test_links_are_seen(prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to a directory of code is somebody's, in site-packages and in the application, and so is an odd file."""
    (site,) = prefix.glob("lib/*/site-packages")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "code.py").write_text("")
    (site / "fastapi").symlink_to(tmp_path / "elsewhere")
    (site / "__pycache__").mkdir()
    (site / "__pycache__" / "code.py").write_text("")
    assert _seen(prefix)["unowned"] == ["__pycache__/code.py", "fastapi"]
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "more").symlink_to("../elsewhere")
    (tmp_path / "app" / "file").symlink_to("../elsewhere/code.py")
    os.mkfifo(tmp_path / "app" / "pipe")
    monkeypatch.setattr(capture, "ROOT", str(tmp_path))
    empty = {"sha256": hashlib.sha256(b"").hexdigest(), "executable": False}
    odd = {"sha256": "of what is no file, or can't be read"}
    assert dict(capture.files("/app")) == {"/app/file": empty, "/app/more": {"link": "../elsewhere"}, "/app/pipe": odd}


def test_directories_that_cannot_be_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code may be imported from there all the same, so it is named."""

    def walk(top: str, onerror: Any) -> Any:
        onerror(PermissionError(13, "denied", f"{top}/closed"))
        return iter(())

    monkeypatch.setattr(os, "walk", walk)
    assert list(capture.unowned(str(tmp_path), set())) == ["closed"]


def test_packages_of_python_itself(prefix: Path) -> None:
    """They count where the virtual environment says that it has them, too."""
    alone = {package["name"] for package in _seen(prefix)["packages"]}
    configuration = prefix / "pyvenv.cfg"
    text = configuration.read_text().replace("packages = false", "packages = true")
    configuration.write_text(text)
    assert "= true" in text
    listed = subprocess.run(
        [prefix / "bin" / "python", "-I", "-c", "import sys; print(*sys.path, sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    more = {path.resolve() for where in listed for path in Path(where).glob("*.dist-info")}
    assert alone == {"odd-name"}
    assert len(_seen(prefix)["packages"]) == len(more)


def test_the_image_that_a_pod_is_told(prefix: Path) -> None:
    """The variable is the one that a deployment sets."""
    assert _seen(prefix, **{IMAGE: "sha256:cd"})["image"] == "sha256:cd"
    assert _seen(prefix, "--image", "sha256:ab", **{IMAGE: "sha256:cd"})["image"] == "sha256:ab"


def test_damaged_records(prefix: Path) -> None:
    """A RECORD that is garbage, or hashes by something weak, does not stop the program: what it names is missing."""
    (site,) = prefix.glob("lib/*/site-packages")
    record = site / "Odd_Name-1.5.dist-info" / "RECORD"
    record.write_bytes(b'\xff\xfe"\none.py,md5=abc,3\nx,y\n../../../../../../etc/none,sha256=a,1\n')
    (package,) = _seen(prefix)["packages"]
    assert package["missing"] == ["../../../../../../etc/none", "one.py"]
    record.unlink()
    assert _seen(prefix)["packages"][0]["record"] == ""
