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
DIGITS = b"0123456789"
WORD = DIGITS + b"_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" + bytes(range(128, 256))
NAMED = {b"True", b"False", b"None"}  # constants, too
BEFORE = NAMED | {  # words that a parenthesis may follow without being called
    b"and", b"as", b"assert", b"await", b"case", b"del", b"elif", b"else", b"for", b"from", b"if", b"in", b"is",
    b"lambda", b"match", b"not", b"or", b"raise", b"return", b"while", b"with", b"yield",
}
LARGEST = 8 << 20  # bytes: a larger source is data in disguise
REACH = 2000  # bytes around an operator; what goes beyond them counts as constant
def folded(source):
    at = source.find(b"**")
    while at >= 0:
        whole = exponent(source[at + 2 : at + 2 + REACH])
        if whole is not None:
            left = base(source[max(0, at - REACH) : at])
            if left is not None and not (whole and left):
                return True
        at = source.find(b"**", at + 2)
    return False
def exponent(after):  # of a power: None if it is no constant, else whether it is one whole number
    text = after.lstrip(SPACE)
    bare = text.lstrip(SPACE + b"-+~(")
    if not bare:
        return False if len(after) == REACH else None
    if bare[:1] == b"#":
        return False  # a comment before it
    word = bare[: len(bare) - len(bare.lstrip(WORD + b"."))]
    if word not in NAMED and (word[:1] not in NUMERIC or not word.strip(b".")):
        return None
    return word.isdigit() and bare == text
NUMERIC = {bytes((each,)) for each in DIGITS + b"."}
def base(before):  # likewise, from its end backwards
    text = before.rstrip(SPACE)
    if b"\n" in before[len(text) :] and b"#" in text[text.rfind(b"\n") + 1 :]:
        return False  # a comment may stand between it and the operator
    while text:
        last = text[-1:]
        if last in PAIRS:
            start = opening(text)
            inner = text[start + 1 : -1]
            if start < 0 or any(each in inner for each in (b"'", b'"', b"#")):
                return False if start >= 0 or len(before) == REACH else None
            text = text[:start] if last == b")" else text[:start].rstrip(SPACE)
            if last == b"]":
                if text[-1:] in PAIRS:
                    continue  # of a tuple, perhaps
                return None
            name = text[len(text.rstrip(WORD)) :]
            called = name not in BEFORE if name else text[-1:] in CLOSING
            return False if not called and constants(inner) else None
        word = text[len(text.rstrip(WORD + b".")) :]
        head = text[: len(text) - len(word)]
        if word in NAMED:
            return False
        if word[:1] not in NUMERIC or not word.strip(b".") or word[:1] == b"." and head[-1:] in CLOSING:
            return None
        return word.isdigit() and not (head[-1:] in SIGN and head[-2:-1] in EXPONENT)
    return False if len(before) == REACH else None
PAIRS = {b")": b"(", b"]": b"["}
CLOSING = {b")", b"]", b"}", b"'", b'"'}
SIGN, EXPONENT = {b"+", b"-"}, {b"e", b"E"}
def opening(text):  # where the bracket begins that ends the text, or -1
    close, depth, at = text[-1:], 0, len(text)
    while at > 0:
        at = max(text.rfind(close, 0, at), text.rfind(PAIRS[close], 0, at))
        if at < 0:
            return -1
        depth += 1 if text[at : at + 1] == close else -1
        if not depth:
            return at
    return -1
def constants(text):  # whether it has no name
    at, size = 0, len(text)
    while at < size:
        if text[at] not in WORD:
            at += 1
            continue
        rest = text[at : at + REACH]
        word = rest[: len(rest) - len(rest.lstrip(WORD + b"."))]
        if word[:1] not in NUMERIC and word not in BEFORE:
            return False
        at += len(word)
    return True
def foreign(source):  # whether it declares (PEP 263) an encoding that a minimal Python may lack
    for line in source[:REACH].split(b"\n", 2)[:2]:
        bare = line.lstrip(b" \t\f\xef\xbb\xbf")
        if bare[:1] == b"#" and b"coding" in bare:
            name = bare[bare.index(b"coding") + 6 :].lower().lstrip(b":= \t").replace(b"_", b"-")
            if not name.startswith((b"utf-8", b"utf8", b"ascii", b"us-ascii", b"latin-1", b"latin1", b"iso-8859-1 ")):
                if name.rstrip() != b"iso-8859-1":
                    return True
        elif bare and bare[:1] != b"#":
            return False
    return False
def compiled(path, source):
    if "/tests/" in path or len(source) > LARGEST or foreign(source) or folded(source):
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
        prefix = self.executable.rpartition("/")[0].rpartition("/")[0]
        directories = [f"{directory}/{self.platform.triplet}" for directory in ("usr/lib", "lib")]
        directories += [f"{prefix}/lib", "usr/lib64", "lib64", "usr/lib", "lib"]  # of other systems than Debian
        libraries = ":".join(str(self.root / directory) for directory in dict.fromkeys(directories))
        completed = self.runner.run(
            (
                *_confined(self.root),
                str(located(self.root, self.platform.loader)),
                *("--library-path", libraries),
                str(located(self.root, self.executable)),
                *("-S", "-s", "-P", "-W", "ignore", "-c", PROGRAM),
            ),
            environment=(
                ("PYTHONHOME", str(self.root / prefix)),
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
