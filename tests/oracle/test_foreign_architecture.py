"""An image for an architecture that this machine is not: its own interpreter, under qemu, makes the same byte code."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from twinbuild.build.bytecode import Compiler, _confined
from twinbuild.build.clock import fixed_clock
from twinbuild.build.rootfs import discard
from twinbuild.build.unpack import unpack_image
from twinbuild.model.image import Image
from twinbuild.model.plan import Compression
from twinbuild.model.platform import Platform
from twinbuild.oci.compress import compressor, encoder
from twinbuild.pipeline.build.building import build_images, plan_release, source_epoch
from twinbuild.pipeline.lock.locking import LockRequest, make_lock
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.project import open_project
from twinbuild.ports import Completed, silent
from twinbuild.process.runner import SubprocessRunner
from twinbuild.sources.configure import settings_from
from twinbuild.store.disk import DiskStore

ROOT = Path(__file__).resolve().parents[2]
HOST, FOREIGN = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
QEMU = "qemu-aarch64"
pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"needs {QEMU} (qemu-user)"),
    pytest.mark.skipif(platform.machine() != HOST.machine, reason=f"{FOREIGN} is this machine's own"),
]


@dataclass(frozen=True, slots=True)
class Emulated:
    """Runs a program of the other architecture, without what confines one of this machine's."""

    runner: SubprocessRunner
    root: Path

    def run(self, argv: tuple[str, ...], **options: object) -> Completed:
        """As ``ports.Runner`` does, under qemu."""
        launcher = _confined(self.root)
        assert argv[: len(launcher)] == launcher
        return self.runner.run((shutil.which(QEMU) or QEMU, *argv[len(launcher) :]), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Image, Path]]:
    """The first example's image for the foreign architecture, built here with byte code, and its unpacked root."""
    directory = tmp_path_factory.mktemp("foreign")
    project = directory / "project"
    shutil.copytree(ROOT / "examples" / "fraud-scorer", project, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    spec = project / "release.yaml"
    text = spec.read_text()
    changed = text.replace("platforms: [linux/amd64]", "platforms: [linux/amd64, linux/arm64]")
    assert changed != text
    spec.write_text(changed)
    settings = settings_from({}, toml=None, home=str(Path.home()), toml_name="", netrc="")
    opened = open_project(project)
    with DiskStore(Path(settings.store)) as store:
        machine = Machine(
            settings=settings,
            store=store,
            runner=SubprocessRunner(),
            environment=dict(os.environ),
            interpreter=Path(sys.executable),
            home=str(Path.home()),
            scratch=directory / "scratch",
            now=datetime.now(UTC),
            progress=silent,
        )
        lock = make_lock(opened, None, machine, LockRequest())
        images = build_images(plan_release(opened, lock, epoch=source_epoch(opened, machine)), machine)
        image = next(image for image in images if image.platform == FOREIGN)
        root = directory / "root"
        root.mkdir()
        unpack_image(image, store, root)
        try:
            yield image, root
        finally:
            discard(root)


def test_own_interpreter_makes_the_same_byte_code(foreign: tuple[Image, Path]) -> None:
    """Every file of byte code in the image is what the image's own interpreter, emulated, makes of its source."""
    _, root = foreign
    caches = sorted(path for top in ("opt", "app") for path in (root / top).rglob("*.cpython-311.pyc"))
    assert len(caches) > 500
    sources = [path.parent.parent / f"{path.name.partition('.')[0]}.py" for path in caches]
    own = Compiler(
        runner=Emulated(SubprocessRunner(), root), root=root, platform=FOREIGN, executable="usr/bin/python3.11"
    )
    made = dict(own.compile((f"/{path.relative_to(root)}", path.read_bytes()) for path in sources))
    unlike = [
        str(path.relative_to(root))
        for path, source in zip(caches, sources, strict=True)
        if made.get(f"/{source.relative_to(root)}") != path.read_bytes()
    ]
    assert unlike == []


def test_the_model_answers(foreign: tuple[Image, Path]) -> None:
    """The image's libraries and model, emulated, give the score that the spec's first golden test expects."""
    _, root = foreign
    golden = yaml.safe_load((ROOT / "examples" / "fraud-scorer" / "release.yaml").read_text())["tests"]["golden"][0]
    (transaction,) = golden["request"]["body"]["transactions"]
    program = (
        "import json, pathlib, platform, sys; from service.model import Classifier, Transaction;"
        f"model = Classifier(pathlib.Path({str(root / 'models/classifier.skops')!r}));"
        "print(platform.machine(), model.scores([Transaction(**json.load(sys.stdin))])[0])"
    )
    done = _python(root, program, f"{root}/opt/venv/lib/python3.11/site-packages:{root}/app", json.dumps(transaction))
    machine, _, score = done.stdout.strip().partition(" ")
    assert machine == "aarch64", done.stderr[-3000:]
    assert float(score) == pytest.approx(golden["expect"]["body"]["verdicts"][0]["score"], abs=1e-6)


def test_the_clock_stands_still_there(foreign: tuple[Image, Path], tmp_path: Path) -> None:
    """The library that fixes the time for maintainer scripts is code for that architecture, too."""
    _, root = foreign
    library = tmp_path / "clock"
    library.write_bytes(fixed_clock(FOREIGN.machine, 1_700_000_000))
    program = (
        "import ctypes, time; library = ctypes.CDLL(None); library.time.restype = ctypes.c_int64;"
        "pair = (ctypes.c_int64 * 2)(-1, -1);"
        "print(time.time(), library.time(None), library.gettimeofday(pair, None), *pair,"
        " library.timespec_get(pair, 1), *pair, library.timespec_get(pair, 3), library.clock_gettime(99, pair),"
        " time.monotonic() < time.monotonic())"
    )
    done = _python(root, program, "", "", LD_PRELOAD=str(library))
    assert done.stdout == "1700000000.0 1700000000 0 1700000000 0 1 1700000000 0 0 -1 True\n", done.stderr[-3000:]


def test_gzip_there_has_the_same_bytes(foreign: tuple[Image, Path], tmp_path: Path) -> None:
    """zlib-ng for that architecture writes what this machine's writes."""
    _, root = foreign
    index = ("--no-deps", "--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_aarch64")
    wanted = f"zlib-ng=={version('zlib-ng')}"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path / "library"))
    subprocess.run([*pip, *index, wanted], check=True)
    program = (
        "import pathlib, sys; sys.modules['zstandard'] = type(sys)('zstandard');"
        "sys.modules['zstandard'].ZSTD_VERSION = (0,);"
        "from twinbuild.oci.compress import compressor, encoder; from twinbuild.model.plan import Compression;"
        "import hashlib; content = pathlib.Path(sys.stdin.read()).read_bytes();"
        "gzip = encoder(compressor(Compression.GZIP), size=len(content));"
        "print(hashlib.sha256(gzip.write(content) + gzip.finish()).hexdigest())"
    )
    large = max((path for path in root.rglob("*.so*") if path.is_file()), key=lambda path: path.stat().st_size)
    assert large.stat().st_size > 4 << 20
    there = _python(root, program, f"{tmp_path / 'library'}:{ROOT / 'generator'}", str(large))
    content = large.read_bytes()
    gzip = encoder(compressor(Compression.GZIP), size=len(content))
    expected = hashlib.sha256(gzip.write(content) + gzip.finish()).hexdigest()
    assert there.stdout.strip() == expected, there.stderr[-3000:]


def _python(root: Path, program: str, path: str, stdin: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The image's interpreter under qemu, with a module path and further variables."""
    variables = {"PYTHONPATH": path, "PYTHONHOME": f"{root}/usr", **environment}
    return subprocess.run(
        [
            QEMU,
            *("-L", str(root)),
            *(part for name, value in variables.items() for part in ("-E", f"{name}={value}")),
            f"{root}/usr/bin/python3.11",
            *("-c", program),
        ],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
