"""Speed, side by side in one run: the assembler, and BuildKit building the rendered Dockerfile of the same release.

    eval "$(tools/docker-engine start)"; .venv/bin/python tools/bench.py [--rounds N] [--json FILE] [--markdown FILE]

Rounds are interleaved, figures are medians of wall-clock seconds, and only ratios count. The base layer is present on
both sides. BuildKit's reproducible export is its build to an OCI archive with `rewrite-timestamp=true`, from the
containerd store and without attestations; "plain" is `docker buildx build --tag`. Each compresses as it does by default
(the assembler with zstd, BuildKit with gzip) but where a row says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "fraud-scorer"
EPOCH = "1793491200"
TWINBUILD = ROOT / ".venv" / "bin" / "twinbuild"
COMMAND = [sys.executable, "-m", "twinbuild.cli"]


@dataclass
class Measured:
    """Figures of one command over the rounds."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)  # bytes, the largest process

    @property
    def median(self) -> float:
        """Wall-clock seconds."""
        return statistics.median(self.seconds)


class Bench:
    """Two projects (with byte code and without), their contexts and stores, and what was measured."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.measured: dict[str, Measured] = {}
        self.projects: dict[tuple[str, str], Path] = {}
        self.bases: dict[Path, Any] = {}  # of each project, the layer of Debian packages
        for name, bytecode in (("plain", "false"), ("bytecode", "true")):
            for compression in ("zstd", "gzip"):
                project = directory / f"{name}-{compression}"
                shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("dist", "__pycache__"))
                spec = (project / "release.yaml").read_text()
                wanted = f"build: {{compression: {compression}, bytecode: {bytecode}}}"
                assert "build: {compression: zstd, bytecode: true}" in spec
                (project / "release.yaml").write_text(
                    spec.replace("build: {compression: zstd, bytecode: true}", wanted)
                )
                self.projects[name, compression] = project

    def run(self, name: str, argv: list[str], **environment: str) -> None:
        """Time a command; an error ends the benchmark."""
        # As installed: with byte code of its own.
        inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        started = time.perf_counter()
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                argv, env=inherited | environment, stdout=subprocess.DEVNULL, stderr=errors, cwd=self.directory
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            if status != 0:
                errors.seek(0)
                raise SystemExit(f"{name}: {' '.join(argv)}\n{errors.read().decode()[-3000:]}")
        found = self.measured.setdefault(name, Measured())
        found.seconds.append(seconds)
        found.cpu.append(usage.ru_utime + usage.ru_stime)
        found.memory.append(usage.ru_maxrss * 1024)
        print(f"{seconds:8.2f} s  {name}", file=sys.stderr, flush=True)

    def store(self, project: Path) -> Path:
        """A store with all that the lock names and the base layer, proven; no other layer and no image."""
        from twinbuild.build.embedded import remember_layers
        from twinbuild.codec.canonical import to_json

        fresh = self.directory / "store"
        shutil.rmtree(fresh, ignore_errors=True)
        full = self.directory / "full" / f"{project.name}"
        subprocess.run(["cp", "-al", str(full), str(fresh)], check=True)
        for kind in ("image", "layer", "verification", "proven-layer", "output", "release-stamp", "build-stamp"):
            shutil.rmtree(fresh / "v1" / "records" / kind, ignore_errors=True)
        from twinbuild.codec.built import encode_layer
        from twinbuild.pipeline.fresh.evidence import _LAYERS, _layer_key
        from twinbuild.store.disk import DiskStore

        with DiskStore(fresh) as store:
            for digest in store.blobs():
                store.check(digest)  # as the lock leaves it; links have changed the files' status
            layer = self.bases[project]
            remember_layers(store, [to_json(layer)])
            store.put_record(_LAYERS, _layer_key(layer.derivation), encode_layer(layer))
        return fresh

    def base(self, project: Path):
        """The layer of Debian packages of a project's image."""
        from twinbuild.build.code import remembered_as
        from twinbuild.codec.built import decode_image
        from twinbuild.codec.canonical import digest_of
        from twinbuild.pipeline.build.building import plan_release
        from twinbuild.pipeline.project import open_project, read_lock
        from twinbuild.store.disk import DiskStore

        opened = open_project(project)
        plan = plan_release(opened, read_lock(opened), epoch=int(EPOCH))
        with DiskStore(self.directory / "full" / project.name) as store:
            image = decode_image(store.record("image", remembered_as(digest_of(plan.derivations[0]))) or b"")
        assert image is not None
        return image.layers[0]

    def prepare(self) -> None:
        """Full stores, contexts, and the base as an image of the engine."""
        fetched = self.directory / "full" / "fetched"  # what one release needs, not all that this machine's store has
        fetched.parent.mkdir()
        any_project = next(iter(self.projects.values()))
        subprocess.run([*COMMAND, "fetch", "-q", str(any_project)], check=True, env=self.environment(fetched), stdout=2)
        for project in self.projects.values():
            full = self.directory / "full" / project.name
            subprocess.run(["cp", "-a", str(fetched), str(full)], check=True)
            subprocess.run([*COMMAND, "fetch", "-q", str(project)], check=True, env=self.environment(full), stdout=2)
            subprocess.run([*COMMAND, "build", "-q", str(project)], check=True, env=self.environment(full), stdout=2)
            self.bases[project] = self.base(project)
        for name in ("plain", "bytecode"):
            project = self.projects[name, "zstd"]
            context = [*COMMAND, "fetch", "-q", "--into", str(self.directory / f"context-{name}"), str(project)]
            full = self.directory / "full" / project.name
            subprocess.run(context, check=True, env=self.environment(full), stdout=2)
        options = ("--quiet", "--provenance=false", "--target", "base", "--tag", "twinbuild-bench-base")
        context = str(self.directory / "context-plain")
        subprocess.run(["docker", "buildx", "build", *options, context], check=True, stdout=2)

    def environment(self, store: Path) -> dict[str, str]:
        """The environment with another store."""
        return {**os.environ, "TWINBUILD_STORE": str(store)}

    def embedded(self, label: str, name: str, compression: str) -> None:
        """A cold build, written as an OCI layout."""
        project = self.projects[name, compression]
        store = self.store(project)
        output = self.directory / "layout"
        shutil.rmtree(output, ignore_errors=True)
        argv = [*COMMAND, "build", "--locked", "--quiet", "--output", str(output), str(project)]
        self.run(label, argv, TWINBUILD_STORE=str(store))

    def buildkit(self, label: str, name: str, compression: str, *, cached: bool = False) -> None:
        """BuildKit's reproducible export."""
        kind = "type=oci,rewrite-timestamp=true"
        if compression == "zstd":
            kind += ",compression=zstd,force-compression=true"
        output = f"{kind},dest={self.directory}/image.tar"
        self.run(label, self._docker(name, *(() if cached else ("--no-cache",)), "--output", output))

    def plain(self, label: str, name: str, *, cached: bool) -> None:
        """What users know: an image in the engine's store."""
        self.run(label, self._docker(name, *(() if cached else ("--no-cache",)), "--tag", "twinbuild-bench"))

    def _docker(self, name: str, *options: str) -> list[str]:
        return [
            *("docker", "buildx", "build", "--quiet", "--network", "none", "--provenance=false"),
            *("--build-context", "base=docker-image://docker.io/library/twinbuild-bench-base"),
            *("--build-arg", f"SOURCE_DATE_EPOCH={EPOCH}", *options, str(self.directory / f"context-{name}")),
        ]

    def changed(self, number: int) -> None:
        """One application file changes, in the project and in the context."""
        for file in (
            self.projects["bytecode", "zstd"] / "app" / "service" / "main.py",
            self.directory / "context-bytecode" / "application" / "app" / "service" / "main.py",
        ):
            file.write_text(file.read_text() + f"# {number}\n")

    def round(self, number: int) -> None:
        """Everything once."""
        for name in ("plain", "bytecode"):
            for compression in ("gzip", "zstd"):
                self.embedded(f"embedded cold {name} {compression}", name, compression)
                self.buildkit(f"buildkit cold {name} {compression}", name, compression)
        project = self.projects["bytecode", "zstd"]
        release = [*COMMAND, "release", "--quiet", str(project)]
        self.run("verify cold", [*COMMAND, "verify", "--quiet", str(project)], TWINBUILD_STORE=str(self.store(project)))
        shutil.rmtree(project / "dist", ignore_errors=True)
        store = str(self.store(project))
        self.run("release cold", release, TWINBUILD_STORE=store)
        self.plain("plain warm-up", "bytecode", cached=True)
        self.run("release unchanged", release, TWINBUILD_STORE=store)
        self.buildkit("buildkit unchanged zstd", "bytecode", "zstd", cached=True)
        self.plain("plain unchanged", "bytecode", cached=True)
        build = [*COMMAND, "build", "--quiet", str(project)]
        self.run("build unchanged", build, TWINBUILD_STORE=store)
        self.changed(number)
        self.run("build one file changed", build, TWINBUILD_STORE=store)
        self.plain("plain one file changed", "bytecode", cached=True)
        self.run("release one file changed", release, TWINBUILD_STORE=store)
        for option in ("--help", "--version"):
            self.run(f"twinbuild {option}", [*COMMAND, option])


@dataclass(frozen=True)
class Row:
    """One comparison: how many times faster than the rival, and the least that we want."""

    title: str
    ours: str
    rival: str
    target: float


ROWS = (
    Row("cold, no byte code: BuildKit reproducible", "embedded cold plain zstd", "buildkit cold plain gzip", 10),
    Row("the same, zstd on both sides", "embedded cold plain zstd", "buildkit cold plain zstd", 5),
    Row("the same, gzip on both sides", "embedded cold plain gzip", "buildkit cold plain gzip", 0),
    Row("cold, byte code: BuildKit reproducible", "embedded cold bytecode zstd", "buildkit cold bytecode gzip", 5),
    Row("the same, zstd on both sides", "embedded cold bytecode zstd", "buildkit cold bytecode zstd", 3),
    Row("the same, gzip on both sides", "embedded cold bytecode gzip", "buildkit cold bytecode gzip", 0),
    Row("two builds, compared: one BuildKit reproducible build", "verify cold", "buildkit cold bytecode zstd", 1),
    Row("whole release, its tests included: the same build", "release cold", "buildkit cold bytecode zstd", 0),
    Row("nothing changed: BuildKit reproducible, zstd", "release unchanged", "buildkit unchanged zstd", 15),
    Row("nothing changed: plain docker build, full cache", "release unchanged", "plain unchanged", 0.5),
    Row("nothing changed, `build`: plain docker build", "build unchanged", "plain unchanged", 0.5),
    Row("one file changed, `build`: plain docker build", "build one file changed", "plain one file changed", 0.5),
)


def table(bench: Bench) -> str:
    """The comparisons as Markdown."""
    lines = ["| | twinbuild | rival | times faster | wanted | |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        ours, rival = bench.measured[row.ours].median, bench.measured[row.rival].median
        ratio = rival / ours
        verdict = ("met" if ratio >= row.target else "missed") if row.target else ""
        wanted = f"{row.target:g}" if row.target else ""
        lines.append(f"| {row.title} | {ours:.2f} s | {rival:.2f} s | {ratio:.1f} | {wanted} | {verdict} |")
    for option in ("--help", "--version"):
        cpu = 1000 * statistics.median(bench.measured[f"twinbuild {option}"].cpu)
        lines.append(
            f"| `twinbuild {option}`, CPU | {cpu:.0f} ms | | | under 150 ms | {'met' if cpu < 150 else 'missed'} |"
        )
    memory = max(max(item.memory) for name, item in bench.measured.items() if name.startswith(("embedded", "release")))
    verdict = "met" if memory < 300e6 else "missed"
    lines.append(f"| memory of the largest process | {memory / 1e6:.0f} MB | | | under 300 MB | {verdict} |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    """What it was measured on."""
    engine = _said("docker", "version", "--format", "{{.Server.Version}}")
    buildx = _said("docker", "buildx", "version").split()[1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    kernel = platform.release().split("-")[0]
    return (
        f"{len(os.sched_getaffinity(0))} processors ({platform.machine()}), {memory:.0f} GB of memory, Linux {kernel}, "
        f"Python {platform.python_version()}, Docker {engine}, buildx {buildx}"
    )


def _said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Measure, print the table, and keep the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="twinbuild-bench-", dir="/var/tmp") as directory:
        bench = Bench(Path(directory))
        bench.prepare()
        for number in range(arguments.rounds):
            bench.round(number)
    text = f"{machine()}; medians of {arguments.rounds} interleaved rounds.\n\n{table(bench)}"
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    if arguments.json:
        figures = {
            name: {"seconds": item.seconds, "cpu": item.cpu, "memory": item.memory}
            for name, item in bench.measured.items()
        }
        arguments.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
