"""Impurities: what a careless assembler would do, put into the code itself, for both builds of a release.

Each one either writes something of its surroundings into a layer, or takes out one of the means by which the assembler
keeps its surroundings out. ``Arranged`` starts ``twinbuild`` with one of them in effect, in the second build too: by a
``sitecustomize`` that only these processes see.
"""

from __future__ import annotations

import datetime as dt
import getpass
import gzip
import os
import py_compile
import random
import socket
import struct
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from twinbuild.model.tree import BytesContent, Directory, Entry, File

__all__ = ["IMPURITIES", "Impurity", "apply", "sitecustomize", "together"]

_TESTS: Final = Path(__file__).resolve().parents[1]
_AT_ONCE: Final = 7
_FIRST_USER: Final = int(os.environ.get("TWINBUILD_TEST_USER", "-1"))  # known to the first build alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Impurity:
    """What is done, where the report must find it and what it must call the cause."""

    cause: str
    path: str  # in the layer; "" where the archive or its compressed form is what differs
    take: Callable[[], None]  # brings it about in this process
    layer: str = "Python environment"
    compression: str = "zstd"
    bytecode: bool = False
    alone: bool = True  # otherwise it is a file that others leave as it is


def apply(*names: str) -> None:
    """Bring impurities about in this process."""
    for name in names:
        IMPURITIES[name].take()


def together(name: str) -> tuple[str, ...]:
    """The impurities that one release has at once: each is a file of its own, and is caught by itself."""
    if IMPURITIES[name].alone:
        return (name,)
    files = [each for each, impurity in IMPURITIES.items() if not impurity.alone]
    first = files.index(name) // _AT_ONCE * _AT_ONCE
    return tuple(files[first : first + _AT_ONCE])


def sitecustomize(names: tuple[str, ...], interpreter: Path) -> str:
    """The text of a module that Python imports when it starts: impurities, for this process and the second build."""
    return (
        "import sys\n"
        f"sys.path[:0] = [{str(_TESTS)!r}]\n"
        f"sys.executable = {str(interpreter)!r}\n"
        "from fakes.impurities import apply\n"
        f"apply(*{names!r})\n"
    )


def _file(cause: str, path: str, make: Callable[[], bytes | str]) -> Impurity:
    """The code that makes the virtual environment also writes a file, with what ``make`` gives when it runs."""

    def take() -> None:
        _skeleton(lambda entries: [*entries, *_with_parents(path, _encoded(make()), entries)])

    return Impurity(cause=cause, path=path, take=take, alone=False)


def _encoded(content: bytes | str) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def _with_parents(path: str, content: bytes, entries: list[Entry]) -> list[Entry]:
    known = {entry.path for entry in entries}
    parts = path.split("/")
    above = ["/".join(parts[:end]) for end in range(1, len(parts))]
    directories: list[Entry] = [Directory(path=name) for name in above if name not in known]
    return [*directories, File(path=path, content=BytesContent(content))]


def _skeleton(change: Callable[[list[Entry]], list[Entry]]) -> None:
    from twinbuild.build import recipes

    original = recipes.skeleton

    def changed(recipe: Any) -> Iterator[Entry]:
        return iter(sorted(change(list(original(recipe))), key=lambda entry: entry.path))

    recipes.skeleton = changed


def _changed_modes(entries: list[Entry]) -> list[Entry]:
    """Modes as the system gives them to a new file, umask and all."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "file")
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o666))
        mode = path.stat().st_mode & 0o777
    return [replace(entry, mode=mode) if isinstance(entry, File) else entry for entry in entries]


def _changed_owners(entries: list[Entry]) -> list[Entry]:
    return [replace(entry, uid=os.getuid()) if isinstance(entry, File) else entry for entry in entries]


def _executable_for_some(entries: list[Entry]) -> list[Entry]:
    mode = 0o755 if os.getuid() == _FIRST_USER else 0o644
    return [replace(entry, mode=mode) if isinstance(entry, File) else entry for entry in entries]


def _record_in_any_order() -> None:
    from twinbuild.wheel import install, record

    def unsorted(rows: Iterable[record.Row]) -> bytes:
        lines = {f"{row.path},{row.hash},{'' if row.size < 0 else row.size}\r\n" for row in rows}
        return "".join(lines).encode()

    install.write_record = unsorted


def _entries_in_any_order() -> None:
    from twinbuild.build import embedded
    from twinbuild.oci.layer import write_layer

    def unsorted(entries: Iterable[Entry], **options: Any) -> Any:
        tree = list(entries)
        files = [entry for entry in tree if isinstance(entry, File)]
        random.shuffle(files)
        return write_layer([*(entry for entry in tree if not isinstance(entry, File)), *files], **options)

    embedded.write_layer = unsorted


def _own_time() -> None:
    from twinbuild.build import embedded
    from twinbuild.oci.layer import write_layer

    def now(entries: Iterable[Entry], **options: Any) -> Any:
        return write_layer(entries, **{**options, "mtime": int(time.time())})

    embedded.write_layer = now


def _time_in_layer_header() -> None:
    from twinbuild.oci import compress

    class Timed(compress._Gzip):
        def __init__(self) -> None:
            super().__init__()
            self._ready = [b"\x1f\x8b\x08\x00" + struct.pack("<I", int(time.time())) + b"\x00\xff"]

    compress._Gzip = Timed  # type: ignore[misc]


def _level_by_processors() -> None:
    from twinbuild.oci import compress

    class Scaled(compress._Zstd):
        def __init__(self, size: int, workers: int) -> None:
            import zstandard

            level = 1 + len(os.sched_getaffinity(0))
            self._stream = zstandard.ZstdCompressor(level=level, threads=workers).compressobj(size=size)

    compress._Zstd = Scaled  # type: ignore[misc]


def _byte_code_with_times() -> None:
    """Byte code as Python writes it by itself: with the time of modification of its source, just unpacked."""
    from twinbuild.build.bytecode import Compiler

    def compile_timed(_: Compiler, sources: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        with tempfile.TemporaryDirectory() as directory:
            for path, source in sources:
                file, target = Path(directory, "source.py"), Path(directory, "code.pyc")
                file.write_bytes(source)
                os.utime(file, (time.time(), time.time()))
                mode = py_compile.PycInvalidationMode.TIMESTAMP
                py_compile.compile(str(file), str(target), dfile=path, doraise=True, invalidation_mode=mode)
                yield path, target.read_bytes()

    Compiler.compile = compile_timed  # type: ignore[method-assign]


def _time_in_configuration() -> None:
    from twinbuild.build import embedded
    from twinbuild.codec.canonical import canonical

    original = embedded.image_config

    def dated(*arguments: Any) -> bytes:
        import json

        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return canonical({**json.loads(original(*arguments)), "created": created})

    embedded.image_config = dated


def _listing() -> str:
    """Names of a directory in the order in which the system gives them."""
    with tempfile.TemporaryDirectory() as directory:
        for name in ("a", "b", "c", "d", "e", "f", "g", "h"):
            Path(directory, name).touch()
        return "".join(f"{path.name}\n" for path in Path(directory).iterdir())


def _sorted_by_locale() -> str:
    """Words in the order of the environment's language; in Turkish a capital I is another letter than i."""
    turkish = os.environ.get("LC_ALL", "").startswith("tr")
    words = ("Ida", "ilk", "Ikd", "ijk")
    return "".join(
        f"{word}\n" for word in sorted(words, key=lambda word: word.replace("I", "h~" if turkish else "i").lower())
    )


def _log() -> str:
    return f"Start-Date: {time.strftime('%Y-%m-%d  %H:%M:%S')}\nCommandline: apt-get install demo\n"


IMPURITIES: Final[dict[str, Impurity]] = {
    "a time stamp in a file": _file("timestamp", "opt/venv/built", lambda: f"built={int(time.time())}\n"),
    "a date in a file": _file("timestamp", "opt/venv/dated", lambda: time.strftime("on %Y-%m-%d\n")),
    "today's date": _file(
        "timestamp",
        "opt/venv/today",
        lambda: f"on {dt.datetime.now():%Y-%m-%d}\n",  # noqa: DTZ005  so it is
    ),
    "a time stamp in binary": _file(
        "timestamp", "opt/venv/binary", lambda: b"BIN\0" + struct.pack("<I", int(time.time())) + bytes(8)
    ),
    "a date in the configuration": Impurity(cause="timestamp", path="", layer="config", take=_time_in_configuration),
    "byte code with times": Impurity(
        cause="bytecode-timestamp",
        path="opt/venv/lib/python3.11/site-packages/alpha/__pycache__/a.cpython-311.pyc",
        layer="2 small wheels",
        bytecode=True,
        take=_byte_code_with_times,
    ),
    "RECORD in any order": Impurity(
        cause="record-order",
        path="opt/venv/lib/python3.11/site-packages/alpha-1.dist-info/RECORD",
        layer="2 small wheels",
        take=_record_in_any_order,
    ),
    "an identifier": _file("uuid", "opt/venv/identifier", lambda: f"id = {uuid.uuid4()}\n"),
    "the host's name": _file("host-name", "etc/host", lambda: f"{socket.gethostname()}\n"),
    "random bytes": _file("random", "opt/venv/salt", lambda: b"\x00\xff" + os.urandom(64)),
    "a random number in a text": _file("random", "opt/venv/number", lambda: f"salt={os.urandom(12).hex()}\n"),
    "sorting by language": _file("locale", "opt/venv/words", _sorted_by_locale),
    "the language": _file("locale", "opt/venv/locale", lambda: f"locale={os.environ.get('LC_ALL', 'C')}\n"),
    "the time zone": _file(
        "time-zone", "opt/venv/zone", lambda: f"offset {time.strftime('%z')} of {os.environ.get('TZ', 'UTC')}\n"
    ),
    "modes left to the umask": Impurity(
        cause="umask", path="opt/venv/pyvenv.cfg", take=lambda: _skeleton(_changed_modes)
    ),
    "a mode that the surroundings decide": Impurity(
        cause="file-mode", path="opt/venv/pyvenv.cfg", take=lambda: _skeleton(_executable_for_some)
    ),
    "owners left to the user": Impurity(
        cause="ownership", path="opt/venv/pyvenv.cfg", take=lambda: _skeleton(_changed_owners)
    ),
    "a compressed file with a time": _file("gzip-timestamp", "opt/venv/notes.gz", lambda: gzip.compress(b"notes" * 20)),
    "a compressed layer with a time": Impurity(
        cause="gzip-timestamp", path="", layer="Debian packages", compression="gzip", take=_time_in_layer_header
    ),
    "a compressor that the machine decides": Impurity(
        cause="compressor", path="", layer="Debian packages", take=_level_by_processors
    ),
    "a set as it comes": _file("item-order", "opt/venv/set", lambda: f"{set('abcdefghijk')}\n"),
    "a directory as it comes": _file("line-order", "opt/venv/listing", _listing),
    "a path of the build": _file("absolute-path", "opt/venv/where", lambda: f"cwd={Path.cwd()}\n"),
    "a temporary path": _file("absolute-path", "opt/venv/prefix", lambda: f"prefix={tempfile.mkdtemp()}/x\n"),
    "a package tool's log": _file("apt-log", "var/log/apt/history.log", _log),
    "a machine's identity": _file("machine-id", "etc/machine-id", lambda: f"{uuid.uuid4().hex}\n"),
    "the user's name": _file("user", "opt/venv/by", lambda: f"by {getpass.getuser()}\n"),
    "the environment": _file(
        "environment",
        "opt/venv/env",
        lambda: f"home {os.environ.get('HOME')}, {os.environ.get('TWINBUILD_VARIATION')}\n",
    ),
    "the number of processors": _file(
        "processor-count", "opt/venv/jobs", lambda: f"built with -j{len(os.sched_getaffinity(0))}\n"
    ),
    "an address in memory": _file("memory-address", "opt/venv/repr", lambda: f"{object()!r} made it\n"),
    "a file with a name of its own": Impurity(
        cause="file-set",
        path="",
        take=lambda: _skeleton(
            lambda entries: [*entries, *_with_parents(f"opt/venv/lock.{os.getpid()}", b"lock", entries)]
        ),
    ),
    "entries in any order": Impurity(cause="member-order", path="", layer="2 small wheels", take=_entries_in_any_order),
    "the time of the build on every file": Impurity(
        cause="modification-time", path="etc/passwd", layer="Debian packages", take=_own_time
    ),
}
