"""What this machine has and lacks: what ``twinbuild doctor`` says. Quick, and safe without a network."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from twinbuild.build.sandbox import Sandbox
from twinbuild.codec.amounts import counted
from twinbuild.errors import TwinbuildError
from twinbuild.model.settings import Settings
from twinbuild.net.address import Address, is_web, redact
from twinbuild.net.opener import local_path
from twinbuild.net.proxy import proxy_of
from twinbuild.ports import Runner

__all__ = ["Check", "State", "check_failed", "check_place", "examine"]

_ROOM: Final = 2 << 30  # bytes: a release of the examples takes a tenth of it
_WAIT: Final = 3.0  # seconds for a connection


class State(StrEnum):
    """OK; missing: some verb cannot work here; note: worth knowing, and nothing fails by it alone."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. ``remedy`` is empty where there is nothing to do."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def examine(
    settings: Settings, runner: Runner, *, scratch: Callable[[], Path], reached: Callable[[], Settings]
) -> Iterator[Check]:
    """Each check as soon as it is known. ``scratch`` and ``reached`` may raise; what they raise becomes a check."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check(name="python", state=State.OK, detail=f"{version} ({sys.executable})")
    processors, memory = len(os.sched_getaffinity(0)), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    detail = f"{counted(processors, 'processor')}, {memory / 1e9:.1f} GB of memory"
    yield Check(name="machine", state=State.OK, detail=detail)
    yield _directory("store", Path(settings.store), "TWINBUILD_STORE")
    try:
        yield _directory("temporary directory", scratch(), "TMPDIR")
    except TwinbuildError as error:
        yield check_failed("temporary directory", error)
    reason = Sandbox(runner).available()
    if reason is None:
        yield Check(name="sandbox", state=State.OK, detail="user namespaces work")
    else:
        why, _, remedy = reason.partition(": ")
        yield Check(name="sandbox", state=State.MISSING, detail=why, remedy=remedy)
    git = shutil.which("git")
    remedy = "install git: a spec with `date: commit` or `commit: record` asks it"
    yield (
        Check(name="git", state=State.OK, detail=git)
        if git
        else Check(name="git", state=State.NOTE, detail="not installed", remedy=remedy)
    )
    yield _certificates(settings)
    try:
        settings = reached()
    except TwinbuildError as error:
        yield check_failed("settings", error)
        return
    for name, address in settings.indexes:
        yield check_place(f"package index {name!r}", address, settings)
    if not settings.indexes:
        remedy = "leave --offline out, or set TWINBUILD_INDEX_URL: `twinbuild lock` asks it"
        yield Check(name="package index", state=State.NOTE, detail="no address known", remedy=remedy)
    for name, addresses in settings.archives:
        yield check_place(f"archive {name!r}", addresses[0], settings)
    if "debian" not in dict(settings.archives):
        remedy = "set TWINBUILD_DEBIAN_MIRROR to the address of a Debian mirror: `twinbuild lock` and `fetch` ask it"
        yield Check(name="archive 'debian'", state=State.MISSING, detail="no mirror known", remedy=remedy)


def _directory(name: str, path: Path, variable: str) -> Check:
    """Whether files can be made there, and how much room there is; nothing is left behind."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        remedy = f"give yourself the right to write there, or set {variable} to another directory"
        return Check(name=name, state=State.MISSING, detail=f"{path} cannot be written", remedy=remedy)
    free = shutil.disk_usage(there).free
    detail = f"{path}, {free / 1e9:.1f} GB free"
    if free < _ROOM:
        remedy = f"make room (`twinbuild store gc`), or set {variable} to a directory on a larger disk"
        return Check(name=name, state=State.NOTE, detail=detail, remedy=remedy)
    return Check(name=name, state=State.OK, detail=detail)


def _certificates(settings: Settings) -> Check:
    where = settings.certificates or ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().capath
    if where and Path(where).exists():
        return Check(name="certificates", state=State.OK, detail=where)
    remedy = "install ca-certificates, or set SSL_CERT_FILE to a bundle of PEM certificates"
    return Check(name="certificates", state=State.MISSING, detail=where or "no bundle", remedy=remedy)


def check_place(name: str, address: str, settings: Settings) -> Check:
    """Whether an address can be reached at this moment: only verbs that use the network need it."""
    remedy = "check the address, the proxy and the network; builds go on without"
    shown = redact(address)
    if not is_web(address):
        try:
            there = Path(local_path(address)).is_dir()
        except TwinbuildError as error:
            return check_failed(name, error)
        if there:
            return Check(name=name, state=State.OK, detail=shown)
        return Check(name=name, state=State.MISSING, detail=f"{shown} is no directory", remedy=remedy)
    if settings.offline:
        return Check(name=name, state=State.OK, detail=f"{shown} (not asked: offline)")
    try:
        target = Address.parse(address)
        proxy = proxy_of(target, settings)
        target = Address.parse(proxy) if proxy else target
        socket.create_connection((target.name, target.port), timeout=_WAIT).close()
    except TwinbuildError as error:
        return check_failed(name, error)
    except OSError as error:
        reason = f"{shown} cannot be reached{' through its proxy' if proxy else ''}: {error.strerror or error}"
        return Check(name=name, state=State.NOTE, detail=reason, remedy=remedy)
    return Check(name=name, state=State.OK, detail=shown + (" (through a proxy)" if proxy else ""))


def check_failed(name: str, error: TwinbuildError, *, state: State = State.MISSING) -> Check:
    """What an error says, as a check."""
    finding = error.findings[0]
    where = f" ({finding.where})" if str(finding.where) else ""
    detail = f"{finding.code}: {finding.message}{where}"
    return Check(name=name, state=state, detail=detail, remedy=finding.hint)
