from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinbuild.build.preflight import Host, findings, requirements_of
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.deploy.requirements import FORMAT, requirements_document
from twinbuild.errors import SpecError
from twinbuild.model.spec.release import ReleaseSpec

TEXT = (Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer" / "release.yaml").read_text("utf-8")
MEMORY = "memory: {request: 256Mi, limit: 1Gi}"
VARIANT = "{name: cpu, accelerator: none}"


def _spec(**changes: str) -> ReleaseSpec:
    text = TEXT.replace(MEMORY, changes.get("memory", MEMORY)).replace(VARIANT, changes.get("variant", VARIANT))
    return load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec


def _document(spec: ReleaseSpec, variant: str = "cpu") -> dict[str, object]:
    document: dict[str, object] = json.loads(requirements_document(spec, variant))
    return document


@pytest.mark.parametrize(
    ("memory", "wanted"),
    [
        (MEMORY, 256 << 20),
        ("memory: {limit: 1Gi}", 1 << 30),
        ("memory: {request: 1.5G}", 1_500_000_000),
        ("memory: {}", 0),
    ],
)
def test_memory(memory: str, wanted: int) -> None:
    """The request counts, or a limit alone, in bytes."""
    assert _document(_spec(memory=memory))["memory"] == wanted


def test_accelerators() -> None:
    """A variant for an accelerator needs at least one device and the driver; one without needs neither."""
    memory = f"{MEMORY}\n    gpu: {{count: 0, driver: '535.54.03'}}"
    both = f"{VARIANT}\n    - {{name: cuda12, accelerator: cuda, cuda: '12.4'}}"
    spec = _spec(memory=memory, variant=both)
    cuda = {"kind": "cuda", "cuda": "12.4", "count": 1, "memory": 0, "driver": "535.54.03", "compute_capabilities": []}
    none = {"kind": "none", "cuda": "", "count": 0, "memory": 0, "driver": "", "compute_capabilities": []}
    assert _document(spec, "cuda12")["accelerator"] == cuda
    assert _document(spec)["accelerator"] == none
    assert _document(_spec(memory=memory.replace("count: 0", "count: 4"), variant=both), "cuda12") == {
        **_document(spec, "cuda12"),
        "accelerator": {**cuda, "count": 4},
    }


def test_the_entrypoint_reads_it(tmp_path: Path) -> None:
    """The program takes the very document, of each kind of variant, and this format alone."""
    for kind in ("none", "cuda", "rocm"):
        cuda = ", cuda: '12.4'" if kind == "cuda" else ""
        spec = _spec(variant=f"{{name: cpu, accelerator: {kind}{cuda}}}")
        requirements = requirements_of(requirements_document(spec, "cpu").decode())
        assert requirements["apiVersion"] == FORMAT
        codes = [code for code, _, _ in findings(requirements, Host(str(tmp_path)))]
        assert codes == (["TB5407"] if kind == "none" else ["TB5407", "TB5407"])


@pytest.mark.parametrize("driver", ["R535", "'>=535'", "535.x", "1.2.3.4.5", "'535 '"])
def test_a_driver_that_is_no_version(driver: str) -> None:
    """A driver that could not be compared is refused in the spec."""
    with pytest.raises(SpecError) as caught:
        _spec(memory=f"{MEMORY}\n    gpu: {{driver: {driver}}}")
    assert [finding.code for finding in caught.value.findings] == ["TB1104"]
