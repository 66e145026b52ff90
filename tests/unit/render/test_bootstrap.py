"""The script that runs a packed twinbuild by itself; that it does is shown by ``tests/pipeline/test_tool``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from fakes.packed import HERE, OTHER, packed_image, packed_tool
from twinbuild.pipeline.tool.pack import write_tools
from twinbuild.render.bootstrap import SCRIPT, bootstrap_script
from twinbuild.store.memory import MemoryStore


def started(layout: Path | str, temporary: Path, *, beside: Path | None = None, **more: str) -> tuple[int, str, str]:
    """How the script ends, and that it leaves nothing behind."""
    shell = shutil.which("sh")
    assert shell is not None
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [shell, "--", f"{layout}/{SCRIPT}", "--version"],
        cwd=beside,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert list(temporary.iterdir()) == []
    return done.returncode, done.stdout, done.stderr


def test_a_damaged_blob_is_not_run(tmp_path: Path) -> None:
    """Status 5 and its name, before anything is unpacked; the text is the same whoever makes it."""
    store = MemoryStore()
    tool = packed_tool(packed_image(store, tmp_path))
    assert bootstrap_script((tool,)) == bootstrap_script((tool,))
    write_tools((tool,), store, tmp_path / "a layout")
    layer = tool.image.layers[0].blob.digest.hex
    with (tmp_path / "a layout" / "blobs" / "sha256" / layer).open("r+b") as file:
        file.write(b"other")
    status, out, err = started(tmp_path / "a layout", tmp_path / "temporary")
    assert (status, out) == (5, "")
    assert layer in err


def test_surroundings_that_lead_elsewhere(tmp_path: Path) -> None:
    """Variables for shells and Pythons of the host, and a name that looks like an option."""
    store = MemoryStore()
    loader = f"usr/lib/{HERE.triplet}/{HERE.loader.rpartition('/')[2]}"
    tool = packed_tool(packed_image(store, tmp_path, more=((loader, b"#!/bin/sh\nenv\n"),)))
    write_tools((tool,), store, tmp_path / "-a layout")
    (tmp_path / "elsewhere" / "-a layout").mkdir(parents=True)
    more = {"CDPATH": str(tmp_path / "elsewhere"), "PYTHONHOME": "/host", "TAR_OPTIONS": "--no-such-option"}
    status, out, err = started("-a layout", tmp_path / "temporary", beside=tmp_path, **more)
    assert (status, err) == (0, "")
    assert "PYTHONPATH=" in out
    assert "PYTHONHOME" not in out


def test_another_machine(tmp_path: Path) -> None:
    """It says for which it was packed."""
    store = MemoryStore()
    write_tools((packed_tool(packed_image(store, tmp_path, platform=OTHER)),), store, tmp_path / "layout")
    status, out, err = started(tmp_path / "layout", tmp_path / "temporary")
    assert (status, out) == (4, "")
    assert OTHER.machine in err
