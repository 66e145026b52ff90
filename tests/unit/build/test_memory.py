"""Memory stays flat: a layer of a wheel or an artifact four times as large needs no more of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[3]
_MEGABYTE: Final = 1 << 20

# A process of its own for each build: the peak of a process never goes down again.
SCRIPT: Final = """
import base64, hashlib, itertools, json, os, resource, sys, zipfile
from pathlib import Path
from twinbuild.build.embedded import EmbeddedBuilder
from twinbuild.model.plan import *
from twinbuild.model.platform import Platform
from twinbuild.oci.compress import compressor
from twinbuild.oci.layer import WRITER
from twinbuild.process.runner import SubprocessRunner
from twinbuild.store.disk import DiskStore

kind, size, root = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
noise = os.urandom(1 << 19)

def peak():  # of this program: ru_maxrss (getrusage(2)) remembers what its process was before it started the program
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])

def chunks():  # half noise, half not; every chunk another
    for number in range(size >> 20):
        yield noise + number.to_bytes(8, "big") * (1 << 16)

def wheel(path):
    digest = hashlib.sha256()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("big/weights.bin", "w", force_zip64=True) as member:
            for chunk in chunks():
                member.write(chunk)
                digest.update(chunk)
        info = "big-1.0.dist-info"
        texts = {
            f"{info}/METADATA": "Metadata-Version: 2.1\\nName: big\\nVersion: 1.0\\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        }
        encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        rows = [f"big/weights.bin,sha256={encoded},{size}"]
        for name, text in texts.items():
            archive.writestr(name, text)
            hashed = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={hashed},{len(text)}")
        archive.writestr(f"{info}/RECORD", "\\n".join([*rows, f"{info}/RECORD,,"]) + "\\n")

store = DiskStore(root / "store", durable=False)
with store.writer() as sink:
    if kind == "wheel":
        wheel(root / "big.whl")
        with (root / "big.whl").open("rb") as stream:
            while chunk := stream.read(1 << 20):
                sink.write(chunk)
    else:
        for chunk in chunks():
            sink.write(chunk)
    digest, length = sink.commit()
before = peak()
if kind == "wheel":
    inputs = (WheelInput(filename="big-1.0-py3-none-any.whl", sha256=digest, size=length),)
    recipe = WheelsRecipe(prefix="opt/venv", python="3.11", wheels=inputs, bytecode=None)
else:
    recipe = ArtifactRecipe(file=FileInput(path="models/weights", sha256=digest, size=length, mode=0o644))
platform = Platform.parse("linux/amd64")
layers = tuple(
    LayerDerivation(title=title, platform=platform, recipe=recipe, writer=WRITER,
                    compressor=compressor(Compression.ZSTD), source_date_epoch=0)
    for title in (("one", "two") if sys.argv[4] == "workers" else ("one",))
)
config = ImageConfig(user="1:1", command=("x",), entrypoint=(), working_directory="/", environment=(),
                     exposed_ports=(), labels=(), stop_signal="SIGTERM")
derivation = Derivation(name="x", version="1", variant="cpu", platform=platform, builder="embedded/1", layers=layers,
                        config=config, source_date_epoch=0)
image = EmbeddedBuilder(store=store, runner=SubprocessRunner(), scratch=root / "scratch", workers=2).build(derivation)
print(json.dumps({
    "size": image.layers[0].uncompressed_size,
    "before": before,
    "self": peak(),
    "children": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
}))
"""


def _peak(kind: str, size: int, root: Path, how: str) -> int:
    """The largest peak of resident memory, in KiB, of the process or of one of its workers."""
    root.mkdir()
    completed = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind, str(size), str(root), how],
        env={**os.environ, "PYTHONPATH": str(ROOT / "generator")},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert completed.returncode == 0, completed.stderr
    found: dict[str, int] = json.loads(completed.stdout)
    assert found["size"] > size
    return max(found["self"], found["children"])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["alone", "workers"])
@pytest.mark.parametrize("kind", ["artifact", "wheel"])
def test_memory_does_not_grow_with_size(kind: str, how: str, tmp_path: Path) -> None:
    """Four times the bytes, the same memory; and never near the size of the input itself."""
    small = _peak(kind, 64 * _MEGABYTE, tmp_path / "small", how)
    large = _peak(kind, 256 * _MEGABYTE, tmp_path / "large", how)
    assert large < 1.3 * small, (small, large)
    assert large < 256 << 10, "KiB: less than the input"
