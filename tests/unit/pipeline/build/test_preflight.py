from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.lock import decode_lock
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.pipeline.build.preflight import preflight_files

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer"
TEXT = (EXAMPLE / "release.yaml").read_text("utf-8")


@pytest.mark.parametrize(("kind", "more"), [("none", []), ("cuda, cuda: '12.4'", ["accelerators.py"])])
def test_files(kind: str, more: list[str]) -> None:
    """The program and its data; what asks drivers is there where one is needed."""
    text = TEXT.replace("accelerator: none", f"accelerator: {kind}").encode()
    lock = decode_lock((EXAMPLE / "release.lock").read_bytes(), name="release.lock")
    files = preflight_files(load_spec((SourceText(name="release.yaml", content=text),)).spec, lock, "cpu")
    configuration = ["configuration.json", "configured.py", "knobs.py"]
    assert [name for name, _ in files] == [*more, *configuration, "preflight.py", "requirements.json"]
    assert all(content for _, content in files)
