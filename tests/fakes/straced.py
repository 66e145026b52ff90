"""What a command and all that it starts write and connect to, as strace sees it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

__all__ = ["Traced", "straced"]

# Calls that take a file name and change nothing; any other that succeeds must say below what it changes.
_READING = frozenset(
    {
        "access",
        "chdir",
        "chroot",
        "execve",
        "execveat",
        "faccessat",
        "faccessat2",
        "fchdir",
        "fgetxattr",
        "fstatfs",
        "getcwd",
        "getxattr",
        "inotify_add_watch",
        "lgetxattr",
        "listxattr",
        "llistxattr",
        "lstat",
        "newfstatat",
        "readlink",
        "readlinkat",
        "stat",
        "statfs",
        "statx",
    }
)
_OPENING = frozenset({"open", "openat", "openat2", "creat"})
_NAMING_FIRST = frozenset({"setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"})
_NAMING_LAST = frozenset({"link", "linkat", "symlink", "symlinkat"})  # what is named first is not changed
_NETWORK = frozenset({"bind", "connect", "sendmmsg", "sendmsg", "sendto"})
_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
_ENDED = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+)(?:<(.*)>)?(?: \(.*\)| [A-Z].*)?")
_STRING = r'"((?:[^"\\]|\\.)*)"'
_PAIR = re.compile(rf"(?:AT_FDCWD|\d+)<([^>]*)>, {_STRING}")
_NAME = re.compile(_STRING)
_DESCRIPTOR = re.compile(r"\d+<(/[^>]*)>")
_SOCKET = re.compile(rf"sun_path={_STRING}")
_CALLS = "%file,bind,connect,fallocate,fchmod,fchown,fsetxattr,ftruncate,sendmmsg,sendmsg,sendto"


class Traced(NamedTuple):
    """How a command ended, the absolute paths that it changed or opened for writing, and its Internet addresses."""

    status: int
    out: str
    err: str
    written: frozenset[str]
    internet: frozenset[str]


def straced(argv: tuple[str, ...], *, directory: Path, environment: Mapping[str, str], notes: Path) -> Traced:
    """Run a command under strace. ``notes`` is where strace writes, a file for each process."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    notes.mkdir()
    started = [strace, "-ff", "--seccomp-bpf", "-y", "-s", "4096", "-e", f"trace={_CALLS}", "-e", "signal=none"]
    done = subprocess.run(
        [*started, "-o", str(notes / "process"), *argv],
        cwd=directory,
        env=dict(environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    lines = [line for file in notes.iterdir() for line in file.read_text("utf-8", "surrogateescape").splitlines()]
    calls = [match for line in lines if (match := _ENDED.fullmatch(line)) and not match[3].startswith("-")]
    assert any(match[1] == "execve" for match in calls)  # the lines are understood
    return Traced(
        status=done.returncode,
        out=done.stdout,
        err=done.stderr,
        written=frozenset(path for match in calls for path in _changed(match)),
        internet=frozenset(line for line in lines if "sa_family=AF_INET" in line and not line.startswith("bind(")),
    )


def _changed(match: re.Match[str]) -> Iterator[str]:
    """The paths that a successful call changes. A relative one that strace can't place stays relative."""
    name, arguments, result = match[1], match[2], match[4]
    if name in _READING or (name in _OPENING and name != "creat" and not _WRITING.search(arguments)):
        return
    if name in _OPENING:
        yield result or arguments  # the kernel's own idea of what was opened
    elif name in _NETWORK:
        yield from _SOCKET.findall(arguments) if name == "bind" else ()
    else:
        pairs = [os.path.join(*pair) for pair in _PAIR.findall(arguments)]  # noqa: PTH118  text, not files
        found = pairs or _DESCRIPTOR.findall(arguments)[:1] or _NAME.findall(arguments) or [f"{name}({arguments})"]
        if name in _NAMING_FIRST:
            found = found[:1]
        elif name in _NAMING_LAST:
            found = found[-1:]
        yield from (os.path.normpath(path) for path in found)
