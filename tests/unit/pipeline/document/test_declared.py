"""``pipeline.document.declared``: preprocessing names real code, and a release carries its data schemas."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakes.tool import EXAMPLES, Tool, tool
from twinbuild.errors import SpecError
from twinbuild.pipeline.document.declared import refuse_undeclared, schema_files
from twinbuild.pipeline.project import open_project

__all__ = ["tool"]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the first example, without its releases."""
    target = tmp_path / "fraud-scorer"
    shutil.copytree(EXAMPLES / "fraud-scorer", target, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    return target


def _line(example: Path, text: str) -> int:
    """The line of the spec that has a text."""
    lines = (example / "release.yaml").read_text().splitlines()
    return 1 + next(index for index, line in enumerate(lines) if text in line)


def _edit(example: Path, old: str, new: str) -> None:
    text = (example / "release.yaml").read_text()
    assert old in text
    (example / "release.yaml").write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("name", ["fraud-scorer", "text-embedder", "llm-server"])
def test_examples(name: str) -> None:
    """What the examples declare is so, and their schemas are found."""
    project = open_project(EXAMPLES / name)
    refuse_undeclared(project)
    assert set(schema_files(project)) == {"input", "output"}


STEPS = [
    ("service.model:Transaction.features", True),
    ("service.model:Transaction", True),
    ("service.model:CONSTANT", True),
    ("service.model:stated", True),
    ("service.model:borrowed", True),
    ("service:inside", True),
    ("service.model:Transaction.missing", False),
    ("service.model:unstated", False),
    ("service.modell:Transaction", False),
    ("service.broken:x", False),
    ("service.outside:x", False),
    ("sklearn.preprocessing:scale", False),
]


@pytest.mark.parametrize(("step", "there"), STEPS)
def test_code(example: Path, step: str, there: bool) -> None:
    """Functions, methods, classes, assignments and imports of the application's files; nothing else, and none runs."""
    code = example / "app" / "service" / "model.py"
    code.write_text(
        "raise SystemExit('executed')\n"
        + code.read_text()
        + "\nCONSTANT, other = 1, 2\nstated: int = 1\nunstated: int\nfrom service.logs import x as borrowed\n"
    )
    (example / "app" / "service" / "__init__.py").write_text("async def inside(): ...\n")
    (example / "app" / "service" / "broken.py").write_text("def x(:\n")
    (example.parent / "outside.py").write_text("x = 1\n")
    (example / "app" / "service" / "outside.py").symlink_to(example.parent / "outside.py")
    _edit(example, "step: service.model:Transaction.features", f"step: {step}")
    project = open_project(example)
    if there:
        refuse_undeclared(project)
        return
    with pytest.raises(SpecError) as caught:
        refuse_undeclared(project)
    (finding,) = caught.value.findings
    assert finding.code == "TB7611"
    assert step in finding.message
    assert finding.where.line == _line(example, f"step: {step}")


def test_before_anything_is_done(tool: Tool, example: Path) -> None:
    """`lock` refuses at once (exit 2), with the line."""
    _edit(example, "step: service.model:Transaction.features", "step: service.model:Transaction.feature")
    ended = tool("lock", str(example), "--offline")
    assert ended.status == 2
    assert "error[TB7611]" in ended.err
    assert f"release.yaml:{_line(example, 'step: service.model')}" in ended.err


def test_schemas_of_the_project_alone(example: Path) -> None:
    """A schema that is missing, or a link out of the project, is not carried along."""
    assert set(schema_files(open_project(example))) == {"input", "output"}
    (example / "schemas" / "input.json").unlink()
    (example.parent / "secret.json").write_text("{}")
    (example / "schemas" / "input.json").symlink_to(example.parent / "secret.json")
    (example / "schemas" / "output.json").unlink()
    assert schema_files(open_project(example)) == {}
