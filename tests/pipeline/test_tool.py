"""twinbuild packed by twinbuild: the same bytes from any installation, and an old release rebuilt by it alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.tiny import tiny_project
from fakes.tool import process
from fakes.tools import tools
from twinbuild.build.rootfs import materialise
from twinbuild.build.sandbox import Bind, Confinement, Sandbox
from twinbuild.model.digest import Digest
from twinbuild.model.settings import store_place
from twinbuild.model.tree import BytesContent, File, Symlink
from twinbuild.pipeline.tool.pack import tool_project
from twinbuild.process.runner import SubprocessRunner
from twinbuild.store.disk import DiskStore

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.sandbox]

ROOT = Path(__file__).resolve().parents[2]


def twinbuild(*arguments: str | Path, umask: int = -1, **environment: str) -> str:
    """What the command line prints."""
    done = process(*arguments, umask=umask, timeout=600, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def store_with(directory: Path, blobs: tuple[Digest, ...]) -> Path:
    """A store that holds these files alone, from the one that all tests share."""
    common = os.environ.get("TWINBUILD_STORE") or store_place(os.environ, os.environ["HOME"])
    with DiskStore(Path(common)) as source, DiskStore(directory) as target:
        for blob in dict.fromkeys(blobs):
            with source.open(blob) as stream, target.writer() as sink:
                while piece := stream.read(1 << 20):
                    sink.write(piece)
                sink.commit(blob)
    return directory


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """twinbuild, packed from this checkout."""
    output = tmp_path_factory.mktemp("packed") / "a layout"
    twinbuild("tool", "pack", "--output", output)
    return output


def test_it_packs_itself(layout: Path, tmp_path: Path) -> None:
    """The packed one, with its own Python, an empty store and no network, makes the same digest of itself."""
    _, lock = tool_project()
    here = [target for target in lock.targets if target.platform.machine == os.uname().machine]
    store = store_with(tmp_path / "store", tuple(item.sha256 for each in here for item in (*each.debs, *each.wheels)))
    printed = twinbuild(
        "tool", "run", "--store", store, layout, "--", "tool", "pack", "--offline", "--json", umask=0o027
    )
    (packed,) = json.loads(printed)["tools"]
    (named,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert packed["digest"] == named["digest"]


_OTHER = """
import sys, twinbuild
twinbuild.__version__ = "9.9.9"
from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
sys.exit(run(cli, sys.argv[1:]))
"""


@pytest.mark.usefixtures("layout")  # whose packages are in the store since
def test_an_old_release_is_built_by_its_own_twinbuild(tmp_path: Path) -> None:
    """Years later another version is installed: the archived one builds it, steps included, and the bytes are those."""
    common = Path(os.environ.get("TWINBUILD_STORE") or store_place(os.environ, os.environ["HOME"]))
    command = '[bash, -ec, "echo x | sort >/outputs/models/x"]'
    step = f"    - {{name: demo, command: {command}, outputs: [{{path: /models/x}}]}}\n"
    project = tiny_project(tmp_path / "a project", common, steps=step)
    archive = ("--archive", tmp_path / "an archive")
    released = json.loads(twinbuild("release", "--locked", "--offline", "--json", project))
    added = json.loads(twinbuild("archive", "add", released["directory"], *archive, "--json"))
    assert added["without_tool"] is None
    shutil.rmtree(project)
    done = subprocess.run(
        [sys.executable, "-c", _OTHER, "reproduce", "tiny", *archive, "--output", tmp_path / "again", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator"), "TWINBUILD_STORE": str(tmp_path / "empty")},
        umask=0o027,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["release"], answer["tool"]) == (released["release"], added["tool"][0])
    assert answer["witnesses"]["network"].startswith("no interface but lo")
    assert (tmp_path / "again" / "manifest.json").stat().st_uid == os.getuid()
    assert twinbuild("validate", tmp_path / "again")


def test_a_machine_without_python(layout: Path, tmp_path: Path) -> None:
    """A shell, tar, gzip and a few more programs are enough to build; the digest is that of a build here."""
    project = tiny_project(tmp_path / "tiny", tmp_path / "store")
    shutil.copytree(tmp_path / "store", tmp_path / "another store")
    programs = tools("tar", "gzip", "sha256sum", "uname", "mktemp", "dirname")
    (tmp_path / "bare").mkdir()
    materialise(
        [
            *(Symlink(path=name, target=f"usr/{name}") for name in ("bin", "lib", "lib64")),
            *(
                File(path=path, content=BytesContent(content), mode=0o755)
                for path, content in programs.items()
                if isinstance(content, bytes)
            ),
        ],
        tmp_path / "bare",
    )
    (tmp_path / "temporary").mkdir()
    shown = (layout, project, tmp_path / "another store", tmp_path / "temporary")
    done = Sandbox(SubprocessRunner()).run(
        tmp_path / "bare",
        ("sh", f"{layout}/twinbuild", "build", "--locked", "--offline", "--json", str(project)),
        confinement=Confinement(
            environment=(
                ("PATH", "/usr/bin"),
                ("HOME", str(tmp_path / "temporary")),
                ("TMPDIR", str(tmp_path / "temporary")),
                ("TWINBUILD_STORE", str(tmp_path / "another store")),
            ),
            uid=1000,
            gid=1000,
            binds=tuple(Bind(source=str(each), target=str(each), writable=each != layout) for each in shown),
            temporary=("/run",),
            nested=True,
        ),
    )
    assert done.status == 0, done.stderr.decode()
    there = json.loads(done.stdout)
    here = json.loads(
        twinbuild("build", "--locked", "--offline", "--json", project, TWINBUILD_STORE=str(tmp_path / "store"))
    )
    assert there["images"] == here["images"]
