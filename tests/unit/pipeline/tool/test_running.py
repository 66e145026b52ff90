"""A packed tool in its sandbox: what it sees, and what it may write."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.packed import machine_with, packed_image
from twinbuild.errors import EnvironmentFault, UsageError
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.tool import running
from twinbuild.pipeline.tool.opened import OpenedTool, open_tool
from twinbuild.pipeline.tool.running import Shown, run_tool, unpacked_tool
from twinbuild.ports import Completed
from twinbuild.store.memory import MemoryStore

pytestmark = pytest.mark.sandbox


class Shell:
    """A packed tool that is a shell: its one argument is a script."""

    def __init__(self, tool: OpenedTool, root: Path, machine: Machine) -> None:
        self.tool, self.root, self.machine = tool, root, machine

    def __call__(self, script: str, *shown: Shown, store: Path | None = None, directory: str = "/") -> Completed:
        """Run a script."""
        return run_tool(self.tool, self.root, self.machine, (script,), shown=shown, store=store, directory=directory)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """It, unpacked; nothing of it is left afterwards."""
    store = MemoryStore()
    machine = machine_with(store, tmp_path / "scratch")
    tool = open_tool(packed_image(store, tmp_path / "scratch").manifest.digest, store)
    with unpacked_tool(tool, machine) as root:
        yield Shell(tool, root, machine)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_it_sees(shell: Shell, tmp_path: Path) -> None:
    """Its own files, and what is shown, at its own path or another; what may be written to is the caller's."""
    (tmp_path / "to read").mkdir()
    (tmp_path / "to read" / "file").write_text("from outside\n")
    (tmp_path / "to write").mkdir()
    (tmp_path / "hidden").mkdir()
    script = f"""
        set -e
        cat '{tmp_path}/to read/file'
        cat /archive/file
        touch '{tmp_path}/to read/no' 2>/dev/null && exit 3
        touch /usr/no 2>/dev/null && exit 4
        test ! -e '{tmp_path}/hidden' || exit 5
        test ! -e /home || exit 6
        echo written > '{tmp_path}/to write/file'
        echo x > /var/tmp/x; echo x > $TWINBUILD_STORE/x
        pwd; id -u; echo $TWINBUILD_STORE; echo $HOME
        exit 7
    """
    done = shell(
        script,
        Shown(directory=str(tmp_path / "to read")),
        Shown(directory=str(tmp_path / "to read"), inside="/archive"),
        Shown(directory=str(tmp_path / "to write"), writable=True),
        directory=str(tmp_path / "to write"),
    )
    assert (done.status, done.stderr) == (7, b"")
    seen = ["from outside"] * 2
    assert done.stdout.decode().splitlines() == [
        *seen, str(tmp_path / "to write"), "1000", "/var/lib/twinbuild", "/var/tmp",
    ]  # fmt: skip
    written = tmp_path / "to write" / "file"
    assert written.read_text() == "written\n"
    assert written.stat().st_uid == os.getuid()


def test_a_store_of_the_host(shell: Shell, tmp_path: Path) -> None:
    """It is where the variable says, at its own path."""
    (tmp_path / "a store").mkdir()
    done = shell('echo x > "$TWINBUILD_STORE/x"', store=tmp_path / "a store")
    assert done.status == 0, done.stderr
    assert (tmp_path / "a store" / "x").exists()


def test_no_program_that_is_the_users(shell: Shell, tmp_path: Path) -> None:
    """A set-user-ID bit that it sets is off when it has ended, in its store, too."""
    for name in ("shown", "store"):
        (tmp_path / name).mkdir()
    script = f"""for place in '{tmp_path}/shown' "$TWINBUILD_STORE"
        do echo x >"$place/x"; chmod 6755 "$place/x" || exit 3; done"""
    done = shell(script, Shown(directory=str(tmp_path / "shown"), writable=True), store=tmp_path / "store")
    assert (done.status, done.stderr) == (0, b"")
    assert [(tmp_path / name / "x").stat().st_mode & 0o7777 for name in ("shown", "store")] == [0o755, 0o755]


def test_memory(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB9167, soon, for a program that takes more than it may, or leaves it in files that are memory."""
    assert 0 < running._most_memory() < int(Path("/proc/meminfo").read_text().split()[1]) << 10
    monkeypatch.setattr(running, "_most_memory", lambda: 48 << 20)
    assert shell("x=x; echo $x").status == 0
    large = "x=xxxxxxxxxxxxxxxx; while test ${#x} -lt 8000000; do x=$x$x; done"
    for script in (
        "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done",
        f"{large}; for n in 1 2 3 4; do echo $x >/dev/shm/$n; done; while :; do :; done",
    ):
        with pytest.raises(EnvironmentFault, match="TB9167"):
            run_tool(shell.tool, shell.root, shell.machine, (script,), timeout=60.0)


def test_disk(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB9168, soon, for a program that writes more than it may, to places of its own or to one that is shown."""
    assert 0 < running._most_space((str(tmp_path),)) < shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(running, "_most_space", lambda _: 4 << 20)
    shown = Shown(directory=str(tmp_path), inside="/out", writable=True)
    script = (
        "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"
    )
    for place in ("/var/tmp/x", "/out/x"):
        with pytest.raises(EnvironmentFault, match="TB9168"):
            run_tool(shell.tool, shell.root, shell.machine, (f"{script} >{place}",), shown=(shown,), timeout=60.0)
    assert shell("echo x >/var/tmp/x").status == 0


def test_places_of_its_own(shell: Shell, tmp_path: Path) -> None:
    """TB9220: nothing is laid over what it runs with."""
    for inside in ("/", "/usr", "/usr/share/x", "/opt", "/etc", "/var/tmp/x", "/proc", "a", "/a/../b", "//usr"):
        with pytest.raises(UsageError) as caught:
            shell("true", Shown(directory=str(tmp_path), inside=inside))
        assert caught.value.findings[0].code == "TB9220"


def test_a_directory_that_is_none(shell: Shell, tmp_path: Path) -> None:
    """TB9220, for a file and for nothing."""
    (tmp_path / "file").touch()
    for name in ("file", "nothing"):
        with pytest.raises(UsageError) as caught:
            shell("true", Shown(directory=str(tmp_path / name)))
        assert caught.value.findings[0].code == "TB9220"
