"""Maintainer scripts, run in the sandbox: a tree of entries → what they changed, read back as entries.

A script sees the tree and nothing of the host: no network, one user (root, who owns everything), fixed variables, a
clock that stands still, no services to start (policy-rc.d). What it changes is copied into a spool, so that its root
can go at once.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from twinbuild.build.clock import fixed_clock
from twinbuild.build.collect import Changes, changes, snapshot
from twinbuild.build.rootfs import discard, materialise
from twinbuild.build.sandbox import MOUNT_POINTS, Bind, Confinement, Sandbox
from twinbuild.debian.hermetic import Call, Delta
from twinbuild.debian.unpack import SpoolContent
from twinbuild.errors import BuildError
from twinbuild.model.tree import Entry, File
from twinbuild.ports import Completed, Runner

__all__ = ["CONFINEMENT", "ScriptRunner", "scripts_runner"]

_POLICY: Final = "usr/sbin/policy-rc.d"
_DENY: Final = b"#!/bin/sh\nexit 101\n"  # invoke-rc.d(8): action not allowed
_CLOCK: Final = "usr/lib/twinbuild-clock"
_PRELOAD: Final = "etc/ld.so.preload"  # holds for programs that were started without variables, too
_LINES = 5  # of a failed script's last output
_SPACE: Final = 2 << 30
CONFINEMENT: Final = Confinement(
    environment=(
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/root"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("SHELL", "/bin/sh"),
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("DEBCONF_NONINTERACTIVE_SEEN", "true"),
        ("DEBCONF_NOWARNINGS", "yes"),
        ("PYTHONHASHSEED", "0"),
        ("PERL_HASH_SEED", "0"),
        ("PERL_PERTURB_KEYS", "0"),
    ),
    writable=True,
    temporary=("/tmp", "/run"),  # noqa: S108  of the sandbox
    capabilities=frozenset({"chown", "dac_override", "fowner", "fsetid", "kill", "sys_chroot"}),
    owners=True,
    space=_SPACE,
)


class ScriptRunner:
    """Implements ``debian.hermetic.Perform`` with directories below ``directory`` and one spool."""

    def __init__(self, runner: Runner, directory: Path, spool: IO[bytes], *, epoch: int, limit: float = 600.0) -> None:
        self._sandbox = Sandbox(runner)
        self._directory = directory
        self._spool = spool
        self._epoch = epoch
        self._limit = limit

    def __call__(self, entries: Iterable[Entry], calls: tuple[Call, ...]) -> Delta:
        """Run calls one after the other on one tree.

        Raises BuildError TB4218 for the first that fails, TB5914 for one that writes too much, TB5921 for what it left
        that cannot enter an image; EnvironmentFault TB5910 (no sandbox), TB5902 (time), TB5903 (output).
        """
        root = Path(tempfile.mkdtemp(prefix="scripts-", dir=self._directory))
        try:
            noted = materialise(entries, root)
            confinement = replace(
                CONFINEMENT,
                environment=(*CONFINEMENT.environment, ("SOURCE_DATE_EPOCH", str(self._epoch))),
                binds=tuple(self._binds(root)),
            )
            skip = frozenset(MOUNT_POINTS) | {"run"}
            before = snapshot(root, skip=skip)
            owners: dict[int, tuple[int, int]] = {}
            for call in calls:
                completed, noted_owners = self._sandbox.record(
                    root,
                    (call.path, *call.arguments),
                    confinement=replace(confinement, environment=(*confinement.environment, *call.environment)),
                    timeout=self._limit,
                )
                if completed.status != 0:
                    raise _failed(call, completed)
                owners |= noted_owners
            return self._kept(changes(root, before, skip=skip, noted=noted, owners=owners))
        finally:
            discard(root)

    def _binds(self, root: Path) -> Iterator[Bind]:
        """Files that are seen inside and belong to no package."""
        clock = fixed_clock(os.uname().machine, self._epoch)
        assert clock, "scripts run on machines of supported architectures alone"
        for path, content in ((_POLICY, _DENY), (_CLOCK, clock), (_PRELOAD, f"/{_CLOCK}\n".encode())):
            file = root.with_name(f"{root.name}-{path.rpartition('/')[2]}")
            file.write_bytes(content)
            file.chmod(0o755)
            yield Bind(source=str(file.resolve()), target=f"/{path}")

    def _kept(self, found: Changes) -> Delta:
        """The changes with their bytes in the spool."""
        entries: list[Entry] = []
        for entry in found.entries:
            if isinstance(entry, File):
                start = self._spool.seek(0, 2)
                with entry.content.open() as stream:
                    shutil.copyfileobj(stream, self._spool, 1 << 20)
                content = SpoolContent(self._spool, start, self._spool.tell() - start)
                entries.append(replace(entry, content=content))
            else:
                entries.append(entry)
        return Delta(entries=tuple(entries), removed=found.removed, owned=found.owned)


@contextmanager
def scripts_runner(runner: Runner, directory: Path, *, epoch: int) -> Iterator[ScriptRunner]:
    """A runner whose results can be read while the context is open."""
    with tempfile.TemporaryFile() as spool:
        yield ScriptRunner(runner, directory, spool, epoch=epoch)


def _failed(call: Call, completed: Completed) -> BuildError:
    """TB4218 with the script's status and what it said last."""
    said = (completed.stdout + completed.stderr)[-4000:].decode(errors="replace")
    lines = ["".join(c if c.isprintable() else "?" for c in line)[:300] for line in said.splitlines() if line.strip()]
    status = f"signal {-completed.status}" if completed.status < 0 else f"status {completed.status}"
    shown = "; ".join(lines[-_LINES:]) or "no output"
    return BuildError.of(
        "TB4218",
        f"{call.script} ended with {status}: {shown}",
        hint="add what the script needs to environment.packages, or leave its package out",
        where=f"{call.path} {' '.join(call.arguments)}".strip(),
    )
