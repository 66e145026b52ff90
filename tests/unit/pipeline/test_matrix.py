"""The matrix: what is locked, what is built, and what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes.machines import machine
from twinbuild.model.digest import Digest
from twinbuild.pipeline.matrix import matrix
from twinbuild.pipeline.project import Project, open_project
from twinbuild.store.memory import MemoryStore
from unit.pipeline.conftest import lock_of


def test_states(project: Project, tmp_path: Path) -> None:
    """Missing without a lock, then fresh, stale after a change; sizes are those of what the lock names."""
    here = machine(MemoryStore(), tmp_path)
    (cell,) = matrix(project, None, here)
    assert (cell.variant, cell.platform, cell.lock, cell.image, cell.download) == (
        "cpu",
        "linux/amd64",
        "missing",
        "",
        0,
    )
    assert cell.base == "debian bookworm"
    lock = lock_of(project, here)
    (cell,) = matrix(project, lock, here)
    assert (cell.lock, cell.findings, cell.image) == ("fresh", (), "")
    assert (cell.wheels, cell.debian_packages) == (1, 1)
    assert cell.download == sum(item.size for item in lock.targets[0].contents)
    assert cell.sources == ("index default", "suite debian/bookworm")
    (cell,) = matrix(project, replace(lock, python_inputs=Digest("1" * 64)), here)
    assert (cell.lock, cell.findings) == ("stale", ("TB2220",))


def test_every_variant_on_its_platforms(project: Project, tmp_path: Path) -> None:
    """Sorted; the oldest driver is the spec's, else the one that the CUDA needs."""
    text = project.spec_path.read_text("utf-8")
    text = text.replace("platforms: [linux/amd64]", "platforms: [linux/amd64, linux/arm64]")
    text = text.replace(
        "    - {name: cpu, accelerator: none}\n",
        "    - {name: cuda13, accelerator: cuda, cuda: '13.0', compute_capabilities: ['9.0+PTX']}\n"
        "    - {name: cuda12, accelerator: cuda, cuda: '12.8', driver: '570.26', platforms: [linux/arm64]}\n"
        "    - {name: cpu}\n",
    )
    project.spec_path.write_text(text)
    cells = matrix(open_project(project.directory), None, machine(MemoryStore(), tmp_path))
    assert [(cell.variant, cell.platform, cell.driver) for cell in cells] == [
        ("cpu", "linux/amd64", ""),
        ("cpu", "linux/arm64", ""),
        ("cuda12", "linux/arm64", "570.26"),
        ("cuda13", "linux/amd64", "580.65.06"),
        ("cuda13", "linux/arm64", "580.65.06"),
    ]
    assert cells[-1].compute_capabilities == ("9.0+PTX",)
