"""The export in SPDX against the reference tools of SPDX."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]

pytestmark = [pytest.mark.slow, pytest.mark.network]

_TOOLS: Final = "spdx-tools==0.8.5"
_READ: Final = """
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
document = parse_file(sys.argv[1])
print(len(document.packages), [message.validation_message for message in validate_full_spdx_document(document)])
"""


def test_reference_tools(tool: Tool, tmp_path: Path) -> None:
    """spdx-tools reads as many packages, and finds nothing to object to; of a broken copy it does."""
    base = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(base)], check=True, timeout=120)
    python = str(base / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", _TOOLS], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode != 0:
        pytest.skip(f"spdx-tools cannot be installed here: {done.stderr[-200:]}")
    dist = tiny_release(tool, tmp_path)
    assert tool("sbom", "export", str(dist), "--format", "spdx-json", "--output", "a.spdx.json").status == 0
    document = json.loads(Path("a.spdx.json").read_text("utf-8"))

    def read(name: str) -> str:
        command = [python, "-c", _READ, name]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.strip()

    assert read("a.spdx.json") == f"{len(document['packages'])} []"
    document["packages"][0]["licenseDeclared"] = "LicenseRef-gone"
    Path("b.spdx.json").write_text(json.dumps(document))
    assert "LicenseRef-gone" in read("b.spdx.json")
