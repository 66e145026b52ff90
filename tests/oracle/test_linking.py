"""Libraries that an image lacks: a wheel that is known for it, and what the image's own loader says."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from fakes.tool import process

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.network, pytest.mark.slow, pytest.mark.sandbox]


def test_a_wheel_that_leaves_a_library_to_the_system(tmp_path: Path) -> None:
    """Lightgbm without libgomp1 is refused when it is built; with it the build is taken, and the import works."""
    project = tmp_path / "project"
    assert process("init", str(project)).returncode == 0
    spec = project / "release.yaml"
    text = spec.read_text().replace("runtime: []", "runtime: [lightgbm==4.7.0]")
    spec.write_text(text)
    assert process("lock", "-q", str(project)).returncode == 0
    refused = process("build", "--json", str(project))
    assert refused.returncode == 6
    (finding,) = json.loads(refused.stderr)["findings"]
    assert finding["code"] == "TB5420"
    assert "lacks libgomp.so.1, which lightgbm's /opt/venv/" in finding["message"]
    assert finding["remedy"].startswith("add libgomp1 to environment.packages; ")
    released = process("release", "--json", str(project))
    assert (released.returncode, (project / "dist").exists()) == (6, False)
    spec.write_text(text.replace('  python: "3.11"', '  python: "3.11"\n  packages: [libgomp1]'))
    assert process("lock", "-q", str(project)).returncode == 0
    done = process("build", "-q", str(project))
    assert done.returncode == 0, done.stderr
    imported = process("run", "-q", "--exec", "python -c 'import lightgbm; print(lightgbm.__version__)'", str(project))
    assert (imported.returncode, imported.stdout) == (0, "4.7.0\n"), imported.stderr


# In the image: what its loader does not find, for every shared object; one line each: file, library.
_LIST = r"""
import os, subprocess
for top, _, names in os.walk("/"):
    if top.startswith(("/proc", "/sys", "/dev")):
        continue
    for name in names:
        path = os.path.join(top, name)
        if ".so" not in name or os.path.islink(path):
            continue
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        done = subprocess.run(["/lib64/ld-linux-x86-64.so.2", "--list", path], capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if line.endswith("=> not found"):
                print(path, line.split()[0])
        if done.returncode and "not found" not in done.stdout:
            print(path, done.stderr.strip().replace(" ", "_"))
print("done")
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the example is for x86-64")
def test_the_images_own_loader(tmp_path: Path) -> None:
    """What the loader finds we find: it misses nothing in the example, in which we miss nothing."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "fraud-scorer", project, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    assert process("build", "-q", str(project)).returncode == 0
    done = process("run", "-q", "--exec", f"python3 -c {_quoted(_LIST)}", str(project))
    assert done.returncode == 0, done.stderr
    *missing, last = done.stdout.splitlines()
    assert last == "done"
    names = {tuple(line.split(" ", 1)) for line in missing}
    # Only what a wheel keeps for itself: its own libraries, which are loaded already when these are.
    assert {(path, name) for path, name in names if not _beside(path, name)} == set(), done.stdout


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _beside(path: str, name: str) -> bool:
    """Whether an auditwheel's library needs another one of the same wheel, whose name has a hash."""
    return ".libs/" in path and "-" in name
