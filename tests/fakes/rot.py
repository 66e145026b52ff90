"""The rot drill: years later, on somebody else's machine, with nothing of what a release was made from but the archive.

Index, mirror and registry are gone and so are the project, its repository and its store; the clock is five years on.
The release is built again, started as a stage ran it, and asked. Then whatever blob is lost is named.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.archived import blob_of
from fakes.packed import machine_with
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import summaries
from twinbuild.build.clock import fixed_clock
from twinbuild.errors import IntegrityError
from twinbuild.model.archive import REBUILD
from twinbuild.model.digest import Digest
from twinbuild.pipeline.archive.reproducing import reproduce
from twinbuild.pipeline.archive.verifying import verify_archive
from twinbuild.store.memory import MemoryStore

__all__ = ["every_loss_is_named", "five_years_later", "released_files", "reproduced_from_rot"]

GENERATOR: Final = Path(__file__).resolve().parents[2] / "generator"
NOWHERE: Final = "http://127.0.0.1:9/simple/"  # nobody listens there


def five_years_later(place: Path) -> dict[str, str]:
    """The whole environment of a process then; ``place`` is the only directory that it knows, and is empty."""
    place.mkdir()
    clock = place / "clock.so"
    clock.write_bytes(fixed_clock(os.uname().machine, int(time.time()) + 5 * 365 * 86_400))
    found = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(GENERATOR),
        "HOME": str(place),
        "TMPDIR": str(place),
        "TWINBUILD_STORE": str(place / "store"),
        "PIP_INDEX_URL": NOWHERE,
        "TWINBUILD_DEBIAN_MIRROR": NOWHERE,
        "https_proxy": NOWHERE,
        "http_proxy": NOWHERE,
        "TZ": "Pacific/Kiritimati",
        **({"LD_PRELOAD": str(clock)} if " " not in str(clock) else {}),  # the loader takes a blank for a separator
    }
    told = subprocess.run(
        (sys.executable, "-S", "-c", "import time; print(int(time.time()))"), env=found, stdout=-1, check=True
    )
    assert "LD_PRELOAD" not in found or int(told.stdout) > time.time() + 4 * 365 * 86_400, "a drill in the present"
    return found


def reproduced_from_rot(
    archive: Path, name: str, output: Path, *, project: Path, requests: tuple[object, ...], more: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What ``reproduce --run`` says of a release that was made of a project, which is not there while it is built."""
    place = output.with_name(f"{output.name}-elsewhere")
    environment = five_years_later(place)
    asked = place / "requests"
    asked.write_text("".join(f"{json.dumps(request)}\n" for request in requests))
    words = ("reproduce", name, "--archive", str(archive), "--output", str(output), "--run", "--request", str(asked))
    hidden = project.rename(project.with_name(f"{project.name} that is gone"))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "twinbuild.cli", *words, *more, "--json"],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
            umask=0o077,
        )
    finally:
        hidden.rename(project)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def released_files(directory: Path) -> dict[str, Digest]:
    """The digest of every file of a release by its path, but of the one that tells of one run."""
    return {
        path.relative_to(directory).as_posix(): Digest(hashlib.sha256(path.read_bytes()).hexdigest())
        for path in directory.rglob("*")
        if path.is_file() and path.name != "run.json"
    }


def every_loss_is_named(archive: Path, scratch: Path) -> int:
    """Whichever blob of an archive's one release is gone, it is named with all that this blocks; how many there are.

    What building needs is taken away one by one, and ``reproduce`` names it before it does anything. The rest is taken
    all at once, since ``verify`` hashes what is left each time.
    """
    scratch.mkdir()
    lost = scratch / "lost"
    with Archive(archive) as opened:
        (summary,) = summaries(opened)
        record = opened.release(summary.kept)
        machine = machine_with(MemoryStore(), scratch / "work")
        needs: dict[Digest, set[tuple[str, str]]] = {}
        for digest, _, what, blocked in record.needs():
            needs.setdefault(digest, set()).add((what, blocked))
        for digest, blocks in needs.items():
            building = {f"{what} of {record.label}" for what, blocked in blocks if blocked == REBUILD}
            if not building:
                continue
            blob = blob_of(archive, digest)
            blob.rename(lost)
            with pytest.raises(IntegrityError) as caught:
                reproduce(opened, summary, machine, output=scratch / "never", tool="present")
            lost.rename(blob)
            said = {(each.code, each.where.subject, each.message) for each in caught.value.findings}
            expected = {("TB9113", str(digest), f"{what} is missing: it blocks {REBUILD}") for what in building}
            assert said >= expected
            assert {subject for _, subject, _ in said} == {str(digest)}
        for digest, blocks in needs.items():
            if all(blocked != REBUILD for _, blocked in blocks):
                blob_of(archive, digest).unlink()
        with pytest.raises(IntegrityError) as caught:
            verify_archive(opened)
    assert not (scratch / "never").exists()
    assert {(each.where.subject, each.message.partition(" of ")[0]) for each in caught.value.findings} == {
        (str(digest), what.partition(" of ")[0])
        for digest, blocks in needs.items()
        if all(blocked != REBUILD for _, blocked in blocks)
        for what, _ in blocks
    }
    return len(needs)
