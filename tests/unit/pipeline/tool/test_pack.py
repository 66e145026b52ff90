"""What twinbuild is packed with and how it is started; the bytes are those of ``tests/pipeline/test_tool``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import twinbuild
from fakes.packed import machine_with, packed_image, packed_tool
from twinbuild.codec.canonical import digest_of
from twinbuild.codec.inputs import check_freshness
from twinbuild.errors import EnvironmentFault
from twinbuild.model.plan import ApplicationRecipe
from twinbuild.model.platform import SUPPORTED, Platform
from twinbuild.pipeline.tool import pack as module
from twinbuild.pipeline.tool.code import code_digest, code_files
from twinbuild.pipeline.tool.pack import PYTHON, TOOL, pack_tool, plan_tool, tool_project, write_tools
from twinbuild.store.memory import MemoryStore

CHECKOUT = Path(twinbuild.__file__).resolve().parents[2]


def test_the_lock_is_that_of_the_tools_own_libraries() -> None:
    """It is fresh, for every platform, and has the versions of tool.txt (a newer C library may have newer files)."""
    project, lock = tool_project()
    assert check_freshness(lock, project.spec) == ()
    assert [str(target.platform) for target in lock.targets] == sorted(SUPPORTED)
    declared = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert sorted(declared) == sorted(project.spec.dependencies.runtime)
    text = (CHECKOUT / "lockfiles" / "tool.txt").read_text()
    pinned = dict(re.findall(r"^(\S+)==(\S+) ", text, re.MULTILINE))
    for target in lock.targets:
        assert {wheel.name: wheel.version for wheel in target.wheels}.items() <= pinned.items()
        others = [wheel.filename for wheel in target.wheels if f"--hash={wheel.sha256}" not in text]
        assert [name for name in others if "manylinux_2_3" not in name] == []
        assert "hatchling" not in {wheel.name for wheel in target.wheels}


@pytest.mark.parametrize("name", SUPPORTED)
def test_plan(name: str) -> None:
    """Its code lies among its libraries, is started by their Python, and its code is named; two plans are equal."""
    project, lock = tool_project()
    files = code_files(MemoryStore())
    (derivation,) = plan_tool(project, lock, files, Platform.parse(name)).derivations
    assert digest_of(derivation) == digest_of(plan_tool(project, lock, files, Platform.parse(name)).derivations[0])
    (code,) = [layer.recipe for layer in derivation.layers if isinstance(layer.recipe, ApplicationRecipe)]
    above = "opt/venv/lib/python3.11/site-packages/"
    assert [file.path for file in code.files] == [above + file.path for file in files]
    assert {file.mode for file in code.files} == {0o644}
    assert derivation.config.entrypoint == ("/opt/venv/bin/python", "-P", "-s", "-m", "twinbuild.cli")
    assert dict(derivation.config.labels)[TOOL] == str(code_digest(files))
    assert dict(derivation.config.labels)[PYTHON] == "3.11.2"
    assert dict(derivation.config.labels)["org.opencontainers.image.version"] == twinbuild.__version__
    other = plan_tool(project, lock, files[:-1], Platform.parse(name)).derivations[0]
    assert digest_of(other) != digest_of(derivation)


def test_a_platform_that_is_not_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB9202 lists those that are."""
    project, lock = tool_project()
    monkeypatch.setattr(module, "tool_project", lambda: (project, replace(lock, targets=lock.targets[:1])))
    with pytest.raises(EnvironmentFault) as caught:
        pack_tool(machine_with(MemoryStore(), tmp_path), Platform.parse("linux/arm64"))
    (finding,) = caught.value.findings
    assert finding.code == "TB9202"
    assert "linux/amd64" in finding.message


def test_an_installation_without_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB9201."""
    monkeypatch.setattr(twinbuild, "__file__", str(tmp_path / "lib" / "twinbuild" / "__init__.py"))
    with pytest.raises(EnvironmentFault) as caught:
        tool_project()
    assert caught.value.findings[0].code == "TB9201"


def test_the_layout_has_a_script(tmp_path: Path) -> None:
    """Beside the blobs; it may be written again over an earlier one."""
    store = MemoryStore()
    tool = packed_tool(packed_image(store, tmp_path))
    layout = tmp_path / "a layout"
    for _ in range(2):
        write_tools((tool,), store, layout)
    assert {path.name for path in layout.iterdir()} == {"blobs", "index.json", "oci-layout", "twinbuild"}
    assert {path.name for path in (layout / "blobs" / "sha256").iterdir()} == {blob.digest.hex for blob in tool.blobs}
