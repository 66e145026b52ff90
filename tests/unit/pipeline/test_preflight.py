from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.pipeline.preflight import preflight_files

TEXT = (Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer" / "release.yaml").read_text("utf-8")


@pytest.mark.parametrize(("kind", "more"), [("none", []), ("cuda, cuda: '12.4'", ["accelerators.py"])])
def test_files(kind: str, more: list[str]) -> None:
    """The program and its data; what asks drivers is there where one is needed."""
    text = TEXT.replace("accelerator: none", f"accelerator: {kind}").encode()
    files = preflight_files(load_spec((SourceText(name="release.yaml", content=text),)).spec, "cpu")
    assert [name for name, _ in files] == [*more, "preflight.py", "requirements.json"]
    assert all(content for _, content in files)
