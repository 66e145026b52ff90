"""``pipeline.archive.packed``: the twinbuild that an archive has builds, and what it leaves is looked at."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from fakes.packed import machine_with, packed_image
from fakes.tool import Tool, tool
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import summaries
from twinbuild.errors import EnvironmentFault, IntegrityError, InternalError, NotReproducible, UsageError
from twinbuild.model.archive import OF_THE_TOOL
from twinbuild.pipeline.archive import reproducing
from twinbuild.pipeline.archive.reproducing import Wish, _ready, _signed, reproduce
from twinbuild.pipeline.tool import running
from twinbuild.store.memory import MemoryStore

__all__ = ["archived", "archived_once", "tool"]
pytestmark = pytest.mark.sandbox

# A shell in the place of Python: its first argument, the script, ends the entry point; the verb's words are its own.
_WRITES = """mkdir /srv/output/release; echo x >/srv/output/release/manifest.json
echo '{"verification": {"tests": {}, "witnesses": {"network": "none"}}}' >/srv/output/release/run.json
test "$0 $2 $6" = "reproduce --archive --with-present-tool" || exit 70
echo x 2>/dev/null >/srv/archive/version && exit 70; exit 7"""

Rebuilt = Callable[[str], None]


@pytest.fixture
def rebuilt(archived: Archived, tmp_path: Path) -> Rebuilt:
    """Reproduce by an archived tool that is a script."""

    def call(script: str) -> None:
        store = MemoryStore()
        image = packed_image(store, tmp_path / "scratch", entrypoint=("/usr/bin/sh", "-c", script))
        blobs = (image.manifest, image.config, *(layer.blob for layer in image.layers))
        with Archive(archived.place, writing=True) as archive:
            tool = tuple(archive.blobs.put(store.read(blob.digest)) for blob in blobs)
            archive.put(replace(archived.record, tool=tool))
            machine = machine_with(store, tmp_path / "scratch")
            reproduce(archive, summaries(archive)[0], machine, output=tmp_path / "out")

    return call


def test_another_version_leads_to_the_archived_one(rebuilt: Rebuilt, tmp_path: Path) -> None:
    """It is another than the one that runs, so it builds; its word counts for nothing, and its files are compared."""
    with pytest.raises(NotReproducible) as caught:
        rebuilt(_WRITES)
    assert "TB9130" in str(caught.value)
    assert "the very twinbuild that is archived with it" in caught.value.findings[0].hint
    assert (tmp_path / "out" / "manifest.json").read_text() == "x\n"
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(NotReproducible):  # even where it claims to have made the same
        rebuilt(_WRITES.replace("exit 7", "exit 0"))


def test_it_ends_otherwise(rebuilt: Rebuilt, tmp_path: Path) -> None:
    """An error of it is ours; one that says nothing, or leaves a link in the place of a release, is a defect."""
    said = '{"findings": [{"code": "TB9116", "message": "m", "remedy": "r", "file": "release.yaml"}]}'
    with pytest.raises(IntegrityError, match="TB9116"):
        rebuilt(f"echo '{said}' >&2; exit 5")
    for script in ("exit 0", "ln -s /etc /srv/output/release; exit 0", "mkdir /srv/output/release; exit 0"):
        with pytest.raises(InternalError, match="TB9122"):
            rebuilt(script)
    assert not (tmp_path / "out").exists()


# 64 MB at most, whatever becomes of the limit, and then time in which it is seen.
_FILLS = """
x=xxxxxxxxxxxxxxxx; for n in 1 2 3 4 5 6 7 8; do x=$x$x; done
n=0; while [ $n -lt 16384 ]; do echo $x; n=$((n+1)); done >/var/tmp/x
n=0; while [ $n -lt 20000000 ]; do n=$((n+1)); done
"""


def test_it_fills_the_disk(rebuilt: Rebuilt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a limit, whatever it builds: TB9168, and nothing of it stays."""
    monkeypatch.setattr(running, "_most_space", lambda _: 1 << 20)
    with pytest.raises(EnvironmentFault, match="TB9168"):
        rebuilt(_FILLS)
    assert not (tmp_path / "out").exists()


def test_none_is_archived(tool: Tool, archived: Archived, tmp_path: Path) -> None:
    """Who asks for it is told; without asking the installed one builds."""
    where = ("--archive", str(archived.place), "--output", str(tmp_path / "out"), "-q")
    ended = tool("reproduce", "tiny@1.0.0", *where, "--with-archived-tool")
    assert (ended.status, "error[TB9133]" in ended.err) == (2, True), ended.err
    machine = machine_with(MemoryStore(), tmp_path / "scratch")
    with Archive(archived.place) as archive, pytest.raises(UsageError, match="TB9133"):
        reproduce(archive, summaries(archive)[0], machine, output=tmp_path / "out", tool="archived")


def test_a_program_that_is_left(rebuilt: Rebuilt, tmp_path: Path) -> None:
    """While it builds nobody else enters where it writes; afterwards no file runs as the user, nor shuts the user out.

    What it laid beside the release, in the way of it, goes.
    """
    begin, _, _ = _WRITES.partition("\ntest ")
    script = f"""
        case $(ls -ldn /srv/output) in drwx------*) ;; *) exit 70 ;; esac
        mkdir /srv/output/manifest.json
        {begin}
        cat /usr/bin/sh >/srv/output/release/sh
        chmod 6755 /srv/output/release/sh && exit 7
    """
    with pytest.raises(NotReproducible, match="TB9130"):
        rebuilt(script)
    output = tmp_path / "out"
    assert {path.name: stat.filemode(path.stat().st_mode) for path in output.iterdir()} == dict.fromkeys(
        ("manifest.json", "run.json", "sh"), "-rw-r--r--"
    )


def test_which_one_builds(archived: Archived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said why. Where the archived one is the one that runs, nothing is lost with its layers."""
    store = MemoryStore()
    image = packed_image(store, tmp_path / "scratch")
    blobs = (image.manifest, image.config, *(layer.blob for layer in image.layers))
    with Archive(archived.place, writing=True) as archive:
        record = archived.record
        assert _ready(archive, record, "") == (None, "none is archived with the release")
        record = replace(record, tool=tuple(archive.blobs.put(store.read(blob.digest)) for blob in blobs))
        packed, why = _ready(archive, record, "")
        assert (packed is not None, why) == (True, "this one has another version, 0.1.0")
        monkeypatch.setattr(reproducing, "__version__", "1.2.3")
        assert _ready(archive, record, "")[1] == "this one has other code"
        layer = archived.blob(record.tool[-1])
        content = layer.read_bytes()
        layer.unlink()
        layer.write_bytes(content[:-1] + b"X")
        archive.put(record)
        machine = machine_with(store, tmp_path / "scratch")
        with pytest.raises(IntegrityError, match=f"TB9114.*a part of the tool of tiny.*blocks {OF_THE_TOOL}"):
            reproduce(archive, summaries(archive)[0], machine, output=tmp_path / "out")
        layer.unlink()
        wishes: tuple[Wish, ...] = ("", "archived")
        for wish in wishes:
            with pytest.raises(IntegrityError, match=f"TB9113.*a part of the tool of tiny.*{OF_THE_TOOL}") as caught:
                _ready(archive, record, wish)
            assert "--with-present-tool" in caught.value.findings[0].hint
        assert _ready(archive, record, "present") == (None, "as --with-present-tool asks")
        monkeypatch.setattr(reproducing, "is_running", lambda _: True)
        assert _ready(archive, record, "") == (None, "the archived one is the same")
        for content in (None, b"{}"):
            archived.blob(record.tool[0]).unlink(missing_ok=True)
            if content is not None:
                archived.blob(record.tool[0]).write_bytes(content)
            with pytest.raises(IntegrityError, match=f"TB911[34].*a part of the tool of tiny.*blocks {OF_THE_TOOL}"):
                _ready(archive, record, "")


def test_what_people_signed_is_lost(archived: Archived, tmp_path: Path) -> None:
    """It is said, whether it is gone or damaged, and what was built stays beside it."""
    statement = replace(archived.record.files[0], path="tests.intoto.json")
    record = replace(archived.record, files=(statement,))
    blob, content = archived.blob(statement.sha256), archived.blob(statement.sha256).read_bytes()
    made = tmp_path / statement.path
    with Archive(archived.place) as archive:
        for broken in (None, b"X" + content[1:]):
            made.write_bytes(b"of this run")
            blob.unlink()
            if broken is not None:
                blob.write_bytes(broken)
            assert _signed(archive, record, tmp_path) == (statement.path,)
            assert (made.read_bytes(), len(list(tmp_path.glob("*.part")))) == (b"of this run", 0)
            blob.unlink(missing_ok=True)
            blob.write_bytes(content)
        assert _signed(archive, record, tmp_path) == ()
        assert made.read_bytes() == content
