"""The machine code of the clock against its assembler text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from twinbuild.build.clock import _CODE, _NAMES, fixed_clock

TEXTS = Path(__file__).parent / "clock"
PREFIXES = {"x86_64": "x86_64-linux-gnu-", "aarch64": "aarch64-linux-gnu-"}
EPOCH = 1_700_000_000
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("machine", PREFIXES)
def test_code_is_what_the_text_says(machine: str, tmp_path: Path) -> None:
    """GNU as makes the very bytes of it, and the symbols begin where its labels are."""
    prefix = PREFIXES[machine]
    if shutil.which(f"{prefix}as") is None:
        pytest.skip(f"needs {prefix}as (binutils for {machine})")
    made, flat = tmp_path / "made.o", tmp_path / "flat"
    subprocess.run([f"{prefix}as", "-o", made, TEXTS / f"{machine}.s"], check=True)
    subprocess.run([f"{prefix}objcopy", "-O", "binary", "-j", ".text", made, flat], check=True)
    code = flat.read_bytes()[:-8]
    assert fixed_clock(machine, EPOCH).count(code + EPOCH.to_bytes(8, "little")) == 1
    labels = _symbols(f"{prefix}nm", str(made))
    assert _CODE[machine][1:] == (code, tuple(labels[name] for name in _NAMES))


def _symbols(*command: str) -> dict[str, int]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {line.split()[2]: int(line.split()[0], 16) for line in done.stdout.splitlines()}
