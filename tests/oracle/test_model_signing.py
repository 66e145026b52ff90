"""Signatures of weights as OpenSSF's own tool sees them: model-signing takes ours, and we take what it signs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool

pytestmark = [pytest.mark.slow, pytest.mark.network]
__all__ = ["signed", "signed_once", "tool"]

LOCK = Path(__file__).resolve().parents[2] / "lockfiles" / "model-signing.txt"
_PIP = ("-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r")


@pytest.fixture(scope="module")
def model_signing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """model-signing in an environment of its own, locked."""
    base = tmp_path_factory.mktemp("model-signing")
    subprocess.run([sys.executable, "-m", "venv", base], check=True, capture_output=True)
    pip = [str(base / "bin" / "python"), *_PIP, str(LOCK)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.skip(f"model-signing cannot be installed here: {done.stderr[-200:]}")
    return base / "bin" / "model_signing"


def test_both_ways(model_signing: Path, tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """It verifies ours and refuses other weights, another key and a changed bundle; `verify-release` takes its own."""

    def verifies(key: Path, signature: Path) -> bool:
        arguments = ["verify", "key", "--public_key", f"{key}.pub", "--signature", str(signature), str(weights)]
        return subprocess.run([model_signing, *arguments], capture_output=True, check=False).returncode == 0

    weights = tmp_path / "weights"
    assert tool("artifacts", str(signed.dist), "--output", str(weights)).status == 0
    (bundle,) = (signed.dist / "signatures").glob("model.*.sig")
    assert verifies(signed.ada, bundle)
    assert not verifies(signed.eve, bundle)
    changed = tmp_path / "changed.sig"
    changed.write_text(bundle.read_text().replace('"payload": "e', '"payload": "f'))
    assert not verifies(signed.ada, changed)
    shard = weights / "trunk" / "b.bin"
    for content in (b"c", b"b" * 2, None):
        if content is None:
            shard.unlink()
        else:
            shard.write_bytes(content)
        assert not verifies(signed.ada, bundle)
    shard.write_bytes(b"b")
    (weights / "added.bin").write_bytes(b"")
    assert not verifies(signed.ada, bundle)
    (weights / "added.bin").unlink()
    assert verifies(signed.ada, bundle)

    theirs = ["sign", "key", "--private_key", str(signed.ada), "--signature", str(bundle), str(weights)]
    for content, status in ((b"b", 0), (b"c", 5)):
        shard.write_bytes(content)
        subprocess.run([model_signing, *theirs], check=True, capture_output=True)
        ended = tool("verify-release", str(signed.dist), *signed.public("ada"))
        assert (ended.status, "TB8661" in ended.err) == (status, status == 5), ended.err
