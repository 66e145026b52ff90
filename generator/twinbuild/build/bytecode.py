"""Byte code, compiled by the image's own interpreter, the same bytes in whatever order and on whatever machine.

Files are PEP 552 hash-based and unchecked (flags 1), for the final path, and marshalled with version 2, which has no
reference flags: ordinary byte code (version 4) depends on which objects happened to be shared, and so on what was
compiled before. The interpreter only compiles: no code of a wheel or of the application runs. It is itself named by the
lock, and so it is confined (``confined``).

A compiler folds constants, and a power of literals such as ``10 ** -3`` by the C library's ``pow``, whose last bit
depends on the processor (with FMA or without). A source that has one is left without byte code, so that neither the
machine nor the architecture that compiles changes a byte: Python compiles that file itself when it is imported.

Test suites inside of packages (what lies below a directory ``tests``) get none either: no service imports them, and in
the usual scientific packages they are half of all byte code.
"""

from __future__ import annotations

import base64
import io
import os
import struct
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Self

from twinbuild.build import confined, seccomp
from twinbuild.build.rootfs import located
from twinbuild.errors import BuildError
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.ports import Runner

__all__ = ["PROGRAM", "PROGRAM_DIGEST", "TREE_PROGRAM", "Compiler", "Spool"]

# What both programs below share: a source to a file of byte code, or to nothing if it is left out. Without regular
# expressions, whose library would take longer to import than the sources of a small wheel to compile.
_COMPILE: Final = r"""
import _imp, gc, marshal, struct, sys
gc.disable()  # nothing here is cyclic, and looking for cycles takes a tenth of the time
from _frozen_importlib_external import MAGIC_NUMBER, _RAW_MAGIC_NUMBER
SPACE = b" \t\n\r\f\v\\"
FIRST = b"0123456789."
WORD = FIRST + b"_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SIGNS = b"+-*/%<>|^&~()" + SPACE
def folded(source):
    at = source.find(b"**")
    while at >= 0:
        after = source[at + 2 : at + 202].lstrip(SPACE)
        if after.lstrip(SPACE + b"-+~(")[:1] in DIGITS:
            whole = base(source[max(0, at - 200) : at].rstrip(SPACE))
            if whole is not None and not (whole and (after[: len(after) - len(after.lstrip(WORD))]).isdigit()):
                return True
        at = source.find(b"**", at + 2)
    return False
DIGITS = {bytes((each,)) for each in FIRST}
def base(before):  # of a power: None if it is not of literals, else whether it is one whole number
    if before[-1:] == b")":
        start, depth = len(before), 0
        while start and (depth or start == len(before)):
            start -= 1
            depth += (before[start] == 41) - (before[start] == 40)
        if depth or not literals(before[start + 1 : -1]):
            return None
        word = b""
    else:
        start = len(before.rstrip(WORD))
        word = before[start:]
        if word[:1] not in DIGITS:
            return None
        if before[start - 1 : start] in (b"+", b"-") and before[start - 2 : start - 1] in (b"e", b"E"):
            return False  # 1e-3, or a name that looks like it
    if before[start - 1 : start] and before[start - 1] in WORD + b")]}'\"":
        return None  # a call, or an attribute
    return word.isdigit()
def literals(text):  # whether it is numbers and operators alone
    word = False
    for each in text:
        if each in FIRST:
            word = True
        elif each in SIGNS:
            word = False
        elif not word or each not in WORD:
            return False
    return True
def compiled(path, source):
    if "/tests/" in path or folded(source):
        return b""
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError):
        return b""
    return MAGIC_NUMBER + struct.pack("<I", 1) + _imp.source_hash(_RAW_MAGIC_NUMBER, source) + marshal.dumps(code, 2)
"""
# Runs in the image's interpreter. Frames: path length, source length (big-endian 32 bits each), path, source in;
# length and file out, 0 for a source that this Python cannot compile (pip skips such files too) or that is left out.
PROGRAM: Final = (
    _COMPILE
    + r"""
read, write = sys.stdin.buffer.read, sys.stdout.buffer.write
while header := read(8):
    path_length, length = struct.unpack(">II", header)
    path, source = read(path_length).decode(), read(length)
    file = compiled(path, source)
    write(struct.pack(">I", len(file)) + file)
"""
)
# The same for trees on disk, which a Dockerfile runs: directories as arguments, a process for each processor.
TREE_PROGRAM: Final = (
    _COMPILE
    + r"""
import os
files = sorted(
    os.path.join(directory, name)
    for top in sys.argv[1:] for directory, _, names in os.walk(top) for name in names if name.endswith(".py")
)
jobs = len(os.sched_getaffinity(0))
children = []
for job in range(jobs):
    child = os.fork()
    if child == 0:
        for path in files[job::jobs]:
            with open(path, "rb") as stream:
                file = compiled(path, stream.read())
            if file:
                directory, name = os.path.split(path)
                cache = os.path.join(directory, "__pycache__")
                os.makedirs(cache, exist_ok=True)
                with open(os.path.join(cache, f"{name[:-3]}.{sys.implementation.cache_tag}.pyc"), "wb") as stream:
                    stream.write(file)
        os._exit(0)
    children.append(child)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children) and 1)
"""
)
PROGRAM_DIGEST: Final = Digest.of(PROGRAM.encode())
_SIDE_BY_SIDE: Final = 2
_BATCH: Final = 4 << 20  # bytes of source in one process: bounds memory, and hides its start


@dataclass(frozen=True, slots=True)
class _Slice:
    """Content that lies in a spool."""

    spool: IO[bytes]
    offset: int
    size: int

    def open(self) -> BinaryIO:
        """A stream over the slice."""
        return io.BytesIO(os.pread(self.spool.fileno(), self.size, self.offset))


class Spool:
    """Small files on disk instead of in memory, gone when it is closed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, chunk: bytes) -> _Slice:
        """Keep a file's bytes and return its content."""
        os.pwrite(self._file.fileno(), chunk, self._end)
        piece = _Slice(self._file, self._end, len(chunk))
        self._end += len(chunk)
        return piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """An interpreter at ``root`` that runs on this machine: it needs the machine's architecture but no namespace."""

    runner: Runner
    root: Path
    platform: Platform  # of the interpreter, not of what it compiles for
    executable: str  # below the root: usr/bin/python3.11

    def compile(self, sources: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """Compile (final absolute path, source) pairs; yields (path, byte code file) in the same order.

        A source that this Python cannot compile, or with a constant that the machine would compute, is left out.
        Raises BuildError TB5010 if the interpreter fails.
        """
        # Two at a time: one interpreter compiles while the next sources are read, and no processor idles at the end.
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            running: deque[Future[list[tuple[str, bytes]]]] = deque()
            for batch in _batches(sources):
                running.append(pool.submit(self._run, batch))
                if len(running) > _SIDE_BY_SIDE:
                    yield from running.popleft().result()
            while running:
                yield from running.popleft().result()

    def _run(self, batch: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        frames = bytearray()
        for path, source in batch:
            name = path.encode()
            frames += struct.pack(">II", len(name), len(source)) + name + source
        libraries = ":".join(str(self.root / directory / self.platform.triplet) for directory in ("usr/lib", "lib"))
        completed = self.runner.run(
            (
                *_confined(self.root),
                str(located(self.root, self.platform.loader)),
                *("--library-path", libraries),
                str(located(self.root, self.executable)),
                *("-S", "-s", "-P", "-W", "ignore", "-c", PROGRAM),
            ),
            environment=(
                ("PYTHONHOME", str(self.root / "usr")),
                ("PYTHONHASHSEED", "0"),
                ("PYTHONUTF8", "1"),
            ),
            stdin=bytes(frames),
        )
        if completed.status != 0:
            last = completed.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise BuildError.of(
                "TB5010",
                f"the image's interpreter could not compile byte code: status {completed.status}, {last!r}",
                hint="see `twinbuild doctor`; `build: {bytecode: false}` in the spec leaves byte code out",
                where=self.executable,
            )
        return list(_answered(batch, completed.stdout))


def _confined(root: Path) -> tuple[str, ...]:
    """What an interpreter that others chose is started by: it may read below its root, and that is all."""
    allowed = base64.b64encode(seccomp.program(os.uname().machine, alone=True)).decode()
    return (sys.executable, "-ISB", confined.__file__, os.path.realpath(root), allowed or "-")


def _batches(sources: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    """Sources in portions of about ``_BATCH`` bytes, in order."""
    batch: list[tuple[str, bytes]] = []
    weight = 0
    for path, source in sources:
        batch.append((path, source))
        weight += len(source)
        if weight >= _BATCH:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _answered(batch: list[tuple[str, bytes]], answer: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and byte code of each source that has some."""
    offset = 0
    for path, _ in batch:
        (length,) = struct.unpack_from(">I", answer, offset)
        offset += 4
        if length:
            yield path, answer[offset : offset + length]
        offset += length
