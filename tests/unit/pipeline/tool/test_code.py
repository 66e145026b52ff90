"""twinbuild's own files: the same names and digests from a checkout and from an installed wheel."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import twinbuild
from twinbuild.errors import EnvironmentFault
from twinbuild.pipeline.tool.code import code_digest, code_files
from twinbuild.store.memory import MemoryStore

PACKAGE = Path(twinbuild.__file__).resolve().parent
CHECKOUT = PACKAGE.parent.parent


def installed(target: Path) -> Path:
    """The package as a wheel of this checkout installs it, with other modes, and byte code beside it."""
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(CHECKOUT / "templates", target / "templates", ignore=shutil.ignore_patterns("__pycache__"))
    (target / "lockfiles").mkdir()
    shutil.copy(CHECKOUT / "lockfiles" / "resolver.txt", target / "lockfiles")
    (target / "__pycache__").mkdir()
    (target / "__pycache__" / "x.cpython-311.pyc").write_bytes(b"compiled")
    (target / "model" / "old.pyc").write_bytes(b"compiled")
    for path in target.rglob("*.py"):
        path.chmod(0o600)
    return target


def test_one_identity(tmp_path: Path) -> None:
    """However it was installed; one byte more is another."""
    here = code_files(MemoryStore())
    store = MemoryStore()
    package = installed(tmp_path / "a place" / "twinbuild")
    assert code_files(store, package=package) == here
    names = [file.path for file in here]
    assert names == sorted(names)
    own = {"twinbuild/__init__.py", "twinbuild/templates/tool/release.lock", "twinbuild/lockfiles/resolver.txt"}
    assert own <= set(names)
    assert all(store.has(file.sha256) for file in here)
    with (package / "__init__.py").open("a") as file:
        file.write("#")
    assert code_digest(code_files(store, package=package)) != code_digest(here)


@pytest.mark.parametrize("kind", ["link", "directory link", "large"])
def test_what_is_no_file_of_ours(tmp_path: Path, kind: str) -> None:
    """TB9200 names it: a link may lead anywhere, and what is packed must be what runs."""
    package = tmp_path / "site" / "twinbuild"
    (package / "templates").mkdir(parents=True)
    (package / "lockfiles").mkdir()
    (package / "lockfiles" / "resolver.txt").touch()
    odd = package / "odd.py"
    if kind == "large":
        odd.touch()
        with odd.open("r+b") as file:
            file.truncate((16 << 20) + 1)
    else:
        odd.symlink_to("/etc" if kind == "directory link" else "/etc/passwd")
    with pytest.raises(EnvironmentFault) as caught:
        code_files(MemoryStore(), package=package)
    (finding,) = caught.value.findings
    assert finding.code == "TB9200"
    assert "twinbuild/odd.py" in finding.message
