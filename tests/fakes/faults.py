"""Pairs of real archives that should be the same bytes, each with one fault put into it; and pairs without any.

A fault changes what a build would have written (a content, a header, the writer's parameters); nothing here knows how
causes are found. Trees, containers and places are drawn from a seed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import random
import sqlite3
import struct
import tarfile
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import zstandard

__all__ = ["FAULTS", "ZIPPED", "Pair", "clean_pairs", "faulty_pairs"]

_EPOCH = 1_793_491_200
_WORDS = [
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau"),
]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two places; ``causes`` are the names that are right, none for a clean pair."""

    name: str
    causes: tuple[str, ...]
    first: Path
    second: Path


@dataclass(kw_only=True)
class _File:
    content: bytes = b""
    mode: int = 0o644
    mtime: int = _EPOCH
    owner: tuple[int, int, str, str] = (0, 0, "root", "root")
    link: str = ""
    directory: bool = False
    xattr: bytes = b""
    pax: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class _Build:
    """What a build would write: a tree, and how."""

    files: dict[str, _File]
    order: list[str] = field(default_factory=list)
    format: int = tarfile.PAX_FORMAT
    padding: int = 0
    level: int = 6
    gzip_mtime: int = 0
    gzip_name: str = ""
    gzip_system: int = 255
    zip_level: int = 6
    zip_system: int = 3
    zip_dates: int = 0  # seconds that the clock of the zip's writer is off
    zip_extra: bytes = b""
    blob_damage: Callable[[bytes], bytes] | None = None


def _text(rng: random.Random, lines: int = 12) -> str:
    return "".join(" ".join(rng.choices(_WORDS, k=rng.randint(3, 8))) + "\n" for _ in range(lines))


def _base(rng: random.Random) -> _Build:
    files: dict[str, _File] = {}
    for number in range(rng.randint(4, 9)):
        name = f"opt/{rng.choice(_WORDS)}{number}/{rng.choice(_WORDS)}"
        match rng.randrange(4):
            case 0:
                files[f"{name}.py"] = _File(content=_text(rng, 30).encode(), mode=rng.choice((0o644, 0o755)))
            case 1:
                document = {word: rng.random() for word in rng.sample(_WORDS, 6)}
                files[f"{name}.json"] = _File(content=json.dumps(document, sort_keys=True).encode())
            case 2:
                files[f"{name}.bin"] = _File(content=rng.randbytes(rng.randint(300, 5000)))
            case _:
                files[f"{name}.txt"] = _File(content=_text(rng).encode())
    files["usr/share/link"] = _File(link="doc/target", mode=0o777)
    return _Build(files=files)


def _add(name: str, one: bytes | str, other: bytes | str) -> Callable[[random.Random, _Build, _Build], None]:
    def fault(rng: random.Random, first: _Build, second: _Build) -> None:
        for build, content in ((first, one), (second, other)):
            build.files[name] = _File(content=content.encode() if isinstance(content, str) else content)

    return fault


def _within(make: Callable[[random.Random], tuple[str, str]], name: str = "etc/built.txt") -> _Fault:
    """Two values in the middle of the same text."""

    def fault(rng: random.Random, first: _Build, second: _Build) -> None:
        before, after = _text(rng, rng.randint(0, 8)), _text(rng, rng.randint(0, 8))
        for build, value in zip((first, second), make(rng), strict=True):
            build.files[name] = _File(content=(before + value + "\n" + after).encode())

    return fault


def _raw(make: Callable[[random.Random], tuple[bytes, bytes]], name: str) -> _Fault:
    def fault(rng: random.Random, first: _Build, second: _Build) -> None:
        for build, value in zip((first, second), make(rng), strict=True):
            build.files[name] = _File(content=value)

    return fault


def _times(rng: random.Random) -> tuple[int, int]:
    start = _EPOCH + rng.randrange(10_000_000)
    return start, start + rng.randrange(61, 3_000_000) | 1


def _moment(form: str) -> Callable[[random.Random], tuple[str, str]]:
    def make(rng: random.Random) -> tuple[str, str]:
        from datetime import UTC, datetime

        one, other = _times(rng)
        return (datetime.fromtimestamp(one, UTC).strftime(form), datetime.fromtimestamp(other, UTC).strftime(form))

    return make


def _all(change: Callable[[random.Random, _File], None], *, some: bool = False) -> _Fault:
    def fault(rng: random.Random, first: _Build, second: _Build) -> None:
        paths = [path for path in second.files if not second.files[path].link]
        for path in rng.sample(paths, 1) if some else paths:
            second.files[path] = replace(second.files[path])
            change(rng, second.files[path])

    return fault


def _set(name: str, one: object, other: object) -> _Fault:
    def fault(rng: random.Random, first: _Build, second: _Build) -> None:
        setattr(first, name, one)
        setattr(second, name, other)

    return fault


def _umask(one: int, other: int) -> _Fault:
    def fault(rng: random.Random, first: _Build, second: _Build) -> None:
        for build, mask in ((first, one), (second, other)):
            build.files = {
                path: each if each.link else replace(each, mode=(0o777 if each.mode & 0o100 else 0o666) & ~mask)
                for path, each in build.files.items()
            }

    return fault


def _shuffled(rng: random.Random, items: list[str]) -> tuple[list[str], list[str]]:
    one, other = rng.sample(items, len(items)), rng.sample(items, len(items))
    return (one, other) if one != other else (one, other[::-1])


def _set_text(rng: random.Random) -> tuple[str, str]:
    one, other = _shuffled(rng, rng.sample(_WORDS, 7))
    return "__all__ = {" + repr(one)[1:-1] + "}", "__all__ = {" + repr(other)[1:-1] + "}"


def _json_pair(rng: random.Random) -> tuple[bytes, bytes]:
    one, other = _shuffled(rng, rng.sample(_WORDS, 8))
    value = {word: {"size": rng.random(), "on": True} for word in one}
    return json.dumps(value).encode(), json.dumps({word: value[word] for word in other}).encode()


def _json_space(rng: random.Random) -> tuple[bytes, bytes]:
    value = {word: [rng.random(), word] for word in rng.sample(_WORDS, 6)}
    return json.dumps(value, indent=2).encode(), json.dumps(value, separators=(",", ":")).encode()


def _log(rng: random.Random) -> tuple[str, str]:
    jobs = {name: [f"[{name}] compiled {word}.o" for word in rng.sample(_WORDS, 6)] for name in ("cc-1", "cc-2", "ld")}

    def mixed() -> str:
        left = {name: list(rows) for name, rows in jobs.items()}
        out = []
        while any(left.values()):
            name = rng.choice([each for each in left if left[each]])
            out.append(left[name].pop(0))
        return "\n".join(out)

    one = mixed()
    other = mixed()
    return one, other


def _sorted_names(rng: random.Random) -> tuple[bytes, bytes]:
    names = [word.capitalize() if number % 2 else word for number, word in enumerate(rng.sample(_WORDS, 12))]
    return "\n".join(sorted(names)).encode() + b"\n", "\n".join(sorted(names, key=str.casefold)).encode() + b"\n"


def _pyc(rng: random.Random, *, magic: bytes = b"\xa7\x0d\r\n", flags: int = 0, mtime: int = 0) -> bytes:
    body = b"\xe3" + random.Random(7).randbytes(400)  # a code object (marshal)
    return magic + struct.pack("<III", flags, mtime or _EPOCH, 900) + body


def _pyc_times(rng: random.Random) -> tuple[bytes, bytes]:
    one, other = _times(rng)
    return _pyc(rng, mtime=one), _pyc(rng, mtime=other)


def _elf(sections: dict[str, bytes]) -> bytes:
    """A little ELF64 file: a header, sections, their table."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in (*sections, ".shstrtab"))
    body, heads = b"", [(0, 0, 0, 0)]
    for name, content in {**sections, ".shstrtab": names}.items():
        heads.append((names.index(b"\0" + name.encode() + b"\0") + 1, 1, 64 + len(body), len(content)))
        body += content + bytes(-len(content) % 8)
    table = b"".join(struct.pack("<IIQQQQIIQQ", n, k, 0, 0, start, size, 0, 0, 8, 0) for n, k, start, size in heads)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    count = len(heads)
    return (
        ident
        + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, count, count - 1)
        + body
        + table
    )


def _elves(rng: random.Random, **changed: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    fixed = {".text": rng.randbytes(600), ".rodata": b"usage: %s\0", ".comment": b"GCC: (Debian 14.2.0) 14.2.0\0"}
    fixed[".note.gnu.build-id"] = struct.pack("<III", 4, 20, 3) + b"GNU\0" + bytes(20)
    pairs = []
    for side in (0, 1):
        sections = dict(fixed)
        for name, values in changed.items():
            sections["." + name.replace("_", "." if name == "note_gnu" else "_")] = values[side]
        pairs.append(_elf(sections))
    return pairs[0], pairs[1]


def _build_ids(rng: random.Random) -> tuple[bytes, bytes]:
    head = struct.pack("<III", 4, 20, 3) + b"GNU\0"
    text = rng.randbytes(600)
    one, other = ({".text": text, ".note.gnu.build-id": head + rng.randbytes(20)} for _ in range(2))
    return _elf(one), _elf(other)


def _database(rows: list[str], *, again: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "d")
        changes = ("size = size + 1", "size = size - 1") if again else ()
        for number, change in enumerate(("", *changes)):
            connection = sqlite3.connect(path)
            if number == 0:
                connection.execute("CREATE TABLE words (word TEXT, size INTEGER)")
                connection.executemany("INSERT INTO words VALUES (?, ?)", [(row, len(row)) for row in rows])
            else:
                connection.execute(f"UPDATE words SET {change}")
            connection.commit()
            connection.close()
        return path.read_bytes()


def _floats(rng: random.Random) -> tuple[bytes, bytes]:
    values = [rng.gauss(0, 1) for _ in range(256)]
    near = [
        value * (1 + rng.choice((-1, 1)) * rng.random() * 3e-7) if rng.random() < 0.3 else value for value in values
    ]
    return struct.pack("<256f", *values), struct.pack("<256f", *near)


def _binary_times(rng: random.Random) -> tuple[bytes, bytes]:
    head, tail = rng.randbytes(64), rng.randbytes(200)
    one, other = (head + struct.pack("<I", each) + tail for each in _times(rng))
    return one, other


def _line_ends(rng: random.Random) -> tuple[bytes, bytes]:
    text = _text(rng)
    return text.encode(), text.replace("\n", "\r\n").encode()


def _temp(rng: random.Random) -> str:
    return "/tmp/tmp" + "".join(rng.choices("abcdefghijkmnpqrstuvwxyz0123456789_", k=8))


def _reverse(rng: random.Random, first: _Build, second: _Build) -> None:
    first.order = list(first.files)
    second.order = rng.sample(first.order, len(first.order))
    if first.order == second.order:
        second.order.reverse()


def _cut(rng: random.Random, first: _Build, second: _Build) -> None:
    second.blob_damage = lambda content: content[: int(len(content) * (0.3 + rng.random() * 0.6))]


def _bit(rng: random.Random, first: _Build, second: _Build) -> None:
    name = next((path for path in second.files if path.endswith(".bin")), "opt/w.bin")
    content = first.files[name].content if name in first.files else rng.randbytes(3000)
    at = rng.randrange(len(content))
    first.files[name] = _File(content=content)
    second.files[name] = _File(
        content=content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]
    )


def _flip_blob(rng: random.Random, first: _Build, second: _Build) -> None:
    def damage(content: bytes) -> bytes:
        at = len(content) // 2
        return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]

    second.blob_damage = damage


def _retarget(rng: random.Random, first: _Build, second: _Build) -> None:
    second.files["usr/share/link"] = _File(link="doc/other", mode=0o777)


def _copied(rng: random.Random, first: _Build, second: _Build) -> None:
    first.files["usr/lib/libx.so"] = _File(link="libx.so.1", mode=0o777)
    second.files["usr/lib/libx.so"] = _File(content=rng.randbytes(800))


def _renamed(rng: random.Random, first: _Build, second: _Build) -> None:
    content = rng.randbytes(500)
    first.files[f"var/cache{_temp(rng)}.idx"] = _File(content=content)
    second.files[f"var/cache{_temp(rng)}.idx"] = _File(content=content)


def _leftover(rng: random.Random, first: _Build, second: _Build) -> None:
    second.files["var/cache/ldconfig.aux"] = _File(content=rng.randbytes(90))


def _record(rng: random.Random) -> tuple[bytes, bytes]:
    rows = [f"pkg/{word}.py,sha256={hashlib.sha256(word.encode()).hexdigest()[:43]},{len(word)}" for word in _WORDS]
    one, other = _shuffled(rng, rows)
    return "\n".join(one).encode() + b"\n", "\n".join(other).encode() + b"\n"


_Fault = Callable[[random.Random, _Build, _Build], None]
_BUILD = "opt/service/version.py"
FAULTS: dict[str, tuple[tuple[str, ...], _Fault]] = {
    "time of build, ISO": (("timestamp",), _within(_moment("built at %Y-%m-%dT%H:%M:%SZ"))),
    "time of build, seconds": (("timestamp",), _within(lambda rng: tuple(f"stamp {each}" for each in _times(rng)))),
    "time of build, milliseconds": (
        ("timestamp",),
        _within(lambda rng: tuple(f'{{"ts": {each}{rng.randrange(100, 999)}}}' for each in _times(rng))),
    ),
    "time of build, ctime": (("timestamp",), _within(_moment("# generated %a %b %d %H:%M:%S %Y"))),
    "time of build, PDF": (("timestamp",), _within(_moment("/CreationDate (D:%Y%m%d%H%M%S)"), "usr/share/doc/m.pdf")),
    "date of build in C": (
        ("timestamp",),
        _within(_moment('static const char built[] = "%b %d %Y";'), "usr/include/b.h"),
    ),
    "time of build, binary": (
        ("timestamp",),
        _raw(
            _binary_times,
            "usr/share/x.db",
        ),
    ),
    "owner": (("ownership",), _all(lambda rng, each: setattr(each, "owner", (1000, 1000, "root", "root")))),
    "group of one file": (
        ("ownership",),
        _all(lambda rng, each: setattr(each, "owner", (0, 27, "root", "sudo")), some=True),
    ),
    "name of owner": (("ownership",), _all(lambda rng, each: setattr(each, "owner", (0, 0, "builder", "builder")))),
    "executable bit lost": (
        ("file-mode",),
        _all(lambda rng, each: setattr(each, "mode", each.mode ^ 0o111), some=True),
    ),
    "umask 022 and 027": (("umask",), _umask(0o022, 0o027)),
    "umask 022 and 002": (("umask",), _umask(0o022, 0o002)),
    "umask 022 and 077": (("umask",), _umask(0o022, 0o077)),
    "times of files": (
        ("modification-time",),
        _all(lambda rng, each: setattr(each, "mtime", each.mtime + rng.randrange(1, 90_000))),
    ),
    "time of one file": (
        ("modification-time",),
        _all(lambda rng, each: setattr(each, "mtime", each.mtime + 1), some=True),
    ),
    "parts of seconds": (
        ("modification-time",),
        _all(lambda rng, each: each.pax.update(mtime=f"{each.mtime}.{rng.randrange(10**9):09}")),
    ),
    "times of access": (
        ("modification-time",),
        _all(lambda rng, each: each.pax.update(atime=f"{each.mtime + rng.randrange(9**6)}")),
    ),
    "order of entries": (("member-order",), _reverse),
    "set in a text": (("item-order",), _within(_set_text, _BUILD)),
    "dictionary in JSON": (("json-key-order",), _raw(_json_pair, "etc/config.json")),
    "white space in JSON": (("json-whitespace",), _raw(_json_space, "etc/config.json")),
    "list from a set in JSON": (
        ("item-order",),
        _raw(
            lambda rng: tuple(json.dumps({"classes": side}).encode() for side in _shuffled(rng, _WORDS[:9])),
            "etc/classes.json",
        ),
    ),
    "sorted by another locale": (("locale",), _raw(_sorted_names, "usr/share/names")),
    "decimal comma": (("locale",), _within(lambda rng: ("load: 3.25", "load: 3,25"))),
    "names of months": (
        ("locale",),
        _within(lambda rng: ("Di 03 Mär 2026 11:20:01 UTC", "Tue 03 Mar 2026 11:20:01 UTC")),
    ),
    "LANG": (("locale",), _within(lambda rng: ("LANG=C.UTF-8", "LANG=tr_TR.UTF-8"))),
    "clock of another zone": (("time-zone",), _within(lambda rng: ("2026-11-03 08:15:42", "2026-11-03 22:15:42"))),
    "name of the zone": (
        ("time-zone",),
        _within(lambda rng: ("Tue Nov  3 08:15:42 UTC 2026", "Tue Nov  3 17:15:42 JST 2026")),
    ),
    "offset of the zone": (
        ("time-zone",),
        _within(lambda rng: ("2026-11-03T08:15:42+00:00", "2026-11-03T13:45:42+05:30")),
    ),
    "directory of the build": (
        ("absolute-path",),
        _within(lambda rng: ("prefix /home/ada/src/service", "prefix /build/service-1/src"), _BUILD),
    ),
    "temporary directory": (
        ("absolute-path",),
        _within(lambda rng: (f"sys.path {_temp(rng)}/lib", f"sys.path {_temp(rng)}/lib")),
    ),
    "directory in a binary": (
        ("absolute-path",),
        _raw(
            lambda rng: tuple(
                b"\x01\x02" * 30 + b"\0" + path + b"\0" + bytes(40) for path in (b"/home/ada/x.c", b"/root/work/x.c")
            ),
            "usr/lib/x.o",
        ),
    ),
    "directory in an ELF file": (
        ("absolute-path",),
        _raw(lambda rng: _elves(rng, rodata=(b"/home/ada/m/x.c\0", b"/srv/ci/m/x.c\0")), "usr/lib/libm.so"),
    ),
    "compiler": (
        ("toolchain",),
        _raw(
            lambda rng: _elves(rng, comment=(b"GCC: (Debian 14.2.0) 14.2.0\0", b"GCC: (Debian 12.2.0) 12.2.0\0")),
            "usr/lib/libm.so",
        ),
    ),
    "machine code": (
        ("cpu",),
        _raw(lambda rng: _elves(rng, text=(rng.randbytes(600), rng.randbytes(640))), "usr/lib/libm.so"),
    ),
    "build id": (("elf-build-id",), _raw(_build_ids, "usr/lib/libm.so")),
    "host": (
        ("host-name",),
        _within(lambda rng: (f"hostname: node-{rng.randrange(99)}a", f"hostname: ci-{rng.randrange(99)}b")),
    ),
    "user at host": (
        ("host-name", "user"),
        _within(lambda rng: ("compiled by root@a1b2c3", "compiled by root@build-7")),
    ),
    "user": (("user",), _within(lambda rng: ('builder = "ada"', 'builder = "grace"'))),
    "process": (
        ("process-id",),
        _within(lambda rng: (f"pid={rng.randrange(200, 900)}", f"pid={rng.randrange(1000, 9999)}")),
    ),
    "processors": (("processor-count",), _within(lambda rng: ("threads: 8", "threads: 16"))),
    "flags of the processor": (
        ("cpu",),
        _within(lambda rng: ("optimised for x86-64-v3 avx2", "optimised for x86-64-v4 avx512f")),
    ),
    "byte code, time": (("bytecode-timestamp",), _raw(_pyc_times, "opt/s/__pycache__/a.cpython-311.pyc")),
    "byte code, mode": (
        ("bytecode-mode",),
        _raw(lambda rng: (_pyc(rng), _pyc(rng, flags=3)), "opt/s/__pycache__/a.cpython-311.pyc"),
    ),
    "byte code, Python": (
        ("python-version",),
        _raw(lambda rng: (_pyc(rng), _pyc(rng, magic=b"\xcb\x0d\r\n")), "opt/s/a.pyc"),
    ),
    "gzip, time": (("gzip-timestamp",), _set("gzip_mtime", _EPOCH, _EPOCH + 77)),
    "gzip, name": (("gzip-name",), _set("gzip_name", "layer.tar", "layer-2.tar")),
    "gzip, system": (("compressor",), _set("gzip_system", 3, 255)),
    "level of compression": (("compressor",), _set("level", 1, 9)),
    "form of tar": (("tar-format",), _set("format", tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)),
    "padding of tar": (("tar-padding",), _set("padding", 0, 10_240)),
    "extended attribute": (
        ("xattr",),
        _all(lambda rng, each: each.pax.update({"SCHILY.xattr.user.note": "x"}), some=True),
    ),
    "UUID": (
        ("uuid",),
        _within(lambda rng: tuple(f"id: {uuid.UUID(int=rng.getrandbits(128), version=4)}" for _ in range(2))),
    ),
    "salt": (("random",), _within(lambda rng: (rng.randbytes(16).hex(), rng.randbytes(16).hex()))),
    "random bytes": (
        ("random",),
        _raw(lambda rng: (b"KEY1" + rng.randbytes(200), b"KEY1" + rng.randbytes(200)), "etc/seed.bin"),
    ),
    "address in memory": (
        ("memory-address",),
        _within(lambda rng: tuple(f"<function f at 0x7f{rng.getrandbits(40):010x}>" for _ in range(2))),
    ),
    "log of parallel jobs": (
        ("parallel-order",),
        _raw(lambda rng: tuple(each.encode() for each in _log(rng)), "var/build.log"),
    ),
    "rows of RECORD": (("record-order",), _raw(_record, "opt/venv/lib/a-1.dist-info/RECORD")),
    "lines of a listing": (
        ("line-order",),
        _raw(
            lambda rng: tuple("\n".join(side).encode() for side in _shuffled(rng, rng.sample(_WORDS, 15))),
            "usr/share/list",
        ),
    ),
    "target of a link": (("link-target",), _retarget),
    "link copied as a file": (("file-kind",), _copied),
    "CRLF": (
        ("line-endings",),
        _raw(
            _line_ends,
            "usr/share/notes",
        ),
    ),
    "byte order mark": (
        ("encoding",),
        _raw(lambda rng: (b"one text\n" * 7, b"\xef\xbb\xbf" + b"one text\n" * 7), "usr/share/notes"),
    ),
    "rows of a database": (
        ("sqlite",),
        _raw(lambda rng: tuple(_database(side) for side in _shuffled(rng, _WORDS)), "var/lib/w.db"),
    ),
    "counter of a database": (
        ("sqlite",),
        _raw(lambda rng: (_database(_WORDS), _database(_WORDS, again=True)), "var/lib/w.db"),
    ),
    "pickled set": (
        ("pickle-order",),
        _raw(
            lambda rng: tuple(pickle.dumps({"names": side, "n": 3}) for side in _shuffled(rng, _WORDS)), "opt/model.pkl"
        ),
    ),
    "sums in another order": (("floating-point",), _raw(_floats, "opt/weights.f32")),
    "last digits": (("floating-point",), _within(lambda rng: ('"auc": 0.8078123461', '"auc": 0.8078123459'))),
    "cut off": (("truncated",), _cut),
    "a single bit": (("corrupt",), _bit),
    "a damaged blob": (("corrupt",), _flip_blob),
    "temporary name": (("file-set", "absolute-path", "random"), _renamed),
    "a file left over": (("file-set",), _leftover),
    "identity of a machine": (
        ("machine-id",),
        _raw(lambda rng: (rng.randbytes(16).hex().encode(), rng.randbytes(16).hex().encode()), "etc/machine-id"),
    ),
}
ZIPPED: dict[str, tuple[tuple[str, ...], _Fault]] = {
    "zip, dates": (("modification-time",), _set("zip_dates", 0, 86_400 * 3 + 4242)),
    "zip, zone": (("time-zone",), _set("zip_dates", 0, 9 * 3600)),
    "zip, level": (("compressor",), _set("zip_level", 1, 9)),
    "zip, system": (("zip-format",), _set("zip_system", 3, 0)),
    "zip, order": (("member-order",), _reverse),
    "zip, extra fields": (
        ("modification-time",),
        _set("zip_extra", b"UT\x05\0\x01" + struct.pack("<I", _EPOCH), b"UT\x05\0\x01" + struct.pack("<I", _EPOCH + 5)),
    ),
}


def _tar(build: _Build) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=build.format) as archive:
        for path in build.order or sorted(build.files):
            each = build.files[path]
            member = tarfile.TarInfo(path)
            member.mode, member.mtime = each.mode, each.mtime
            member.uid, member.gid, member.uname, member.gname = each.owner
            if build.format == tarfile.PAX_FORMAT:
                member.pax_headers = dict(each.pax)
                if len(path) > 12 and build.format == tarfile.PAX_FORMAT:
                    member.pax_headers.setdefault("comment", "x")
            if each.link:
                member.type, member.linkname = tarfile.SYMTYPE, each.link
                archive.addfile(member)
            else:
                member.size = len(each.content)
                archive.addfile(member, io.BytesIO(each.content))
    return sink.getvalue() + bytes(build.padding)


def _gzip(content: bytes, build: _Build) -> bytes:
    sink = io.BytesIO()
    with gzip.GzipFile(
        filename=build.gzip_name, mode="wb", compresslevel=build.level, fileobj=sink, mtime=build.gzip_mtime
    ) as out:
        out.write(content)
    packed = bytearray(sink.getvalue())
    packed[9] = build.gzip_system
    return bytes(packed)


def _zip(build: _Build) -> bytes:
    from datetime import UTC, datetime

    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for path in build.order or sorted(build.files):
            each = build.files[path]
            moment = datetime.fromtimestamp(_EPOCH + build.zip_dates, UTC)
            member = zipfile.ZipInfo(path, moment.timetuple()[:6])
            member.create_system, member.external_attr, member.extra = (
                build.zip_system,
                (0o100000 | each.mode) << 16,
                build.zip_extra,
            )
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, each.content or each.link.encode(), compresslevel=build.zip_level)
    return sink.getvalue()


def _layout(directory: Path, builds: list[_Build], kind: str) -> None:
    """An OCI image layout with a layer of each build, written by hand."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(content: bytes, written: bytes | None = None) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content if written is None else written)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    layers, diff_ids = [], []
    for build in builds:
        tar = _tar(build)
        packed = _gzip(tar, build) if kind == "gzip" else zstandard.ZstdCompressor(level=build.level).compress(tar)
        damaged = build.blob_damage(packed) if build.blob_damage else None
        layers.append({"mediaType": f"application/vnd.oci.image.layer.v1.tar+{kind}", **put(packed, damaged)})
        diff_ids.append(f"sha256:{hashlib.sha256(tar).hexdigest()}")
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created_by": f"step {number}"} for number in range(len(builds))],
    }
    described = put(json.dumps(config).encode())
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **described},
        "layers": layers,
    }
    entry = {"mediaType": manifest["mediaType"], **put(json.dumps(manifest).encode())}
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


_FORMS = ("tar", "tar.gz", "tar.zst", "layout gzip", "layout zstd", "wheel in a tar")
_GZIP_ONLY = {"gzip, time", "gzip, name", "gzip, system"}
_NO_ZIP = {  # what a zip has not
    "owner", "group of one file", "name of owner", "times of files", "time of one file", "parts of seconds",
    "times of access", "form of tar", "padding of tar", "extended attribute", "target of a link",
    "link copied as a file", "level of compression", "cut off", "a damaged blob", "order of entries",
}  # fmt: skip


def _write(where: Path, build: _Build, form: str, rng: random.Random) -> Path:
    """One side in a form; ``rng`` is the same for both sides."""
    damage = build.blob_damage or (lambda content: content)
    match form:
        case "tar":
            where.write_bytes(damage(_tar(build)))
        case "tar.gz":
            where.write_bytes(damage(_gzip(_tar(build), build)))
        case "tar.zst":
            where.write_bytes(damage(zstandard.ZstdCompressor(level=build.level).compress(_tar(build))))
        case "wheel in a tar":
            outer = _base(rng)
            outer.files["wheels/service-1.0-py3-none-any.whl"] = _File(content=_zip(build))
            where.write_bytes(_gzip(_tar(outer), outer))
        case _:
            below = _base(rng)
            _layout(where, [below, build], form.rpartition(" ")[2])
    return where


def _forms(name: str) -> tuple[str, ...]:
    if name in ZIPPED:
        return ("wheel in a tar",)
    if name in _GZIP_ONLY:
        return ("tar.gz", "layout gzip")
    if name == "level of compression":
        return ("tar.gz", "tar.zst", "layout gzip", "layout zstd")
    if name == "a damaged blob":
        return ("layout gzip", "layout zstd")
    return _FORMS[:5] if name in _NO_ZIP else _FORMS


def faulty_pairs(directory: Path, *, seed: int, count: int = 60) -> Iterator[Pair]:
    """``count`` pairs with a fault each, drawn without repetition before any comes twice."""
    rng = random.Random(seed)
    known = {**FAULTS, **ZIPPED}
    names = rng.sample(sorted(known), min(count, len(known)))
    names += rng.choices(sorted(known), k=count - len(names))
    for number, name in enumerate(names):
        causes, fault = known[name]
        form = rng.choice(_forms(name))
        first, second = _sides(rng)
        fault(rng, first, second)
        yield _pair(directory, number, (name, form, causes), (first, second), rng)


def _sides(rng: random.Random) -> tuple[_Build, _Build]:
    state = rng.getrandbits(64)
    return _base(random.Random(state)), _base(random.Random(state))


def _pair(
    directory: Path,
    number: int,
    what: tuple[str, str, tuple[str, ...]],
    builds: tuple[_Build, _Build],
    rng: random.Random,
) -> Pair:
    name, form, causes = what
    state = rng.getrandbits(64)
    places = []
    for side, build in zip(("a", "b"), builds, strict=True):
        places.append(_write(directory / f"{number:03}-{side}", build, form, random.Random(state)))
    return Pair(name=f"{name} ({form})", causes=causes, first=places[0], second=places[1])


def clean_pairs(directory: Path, *, seed: int, count: int = 60) -> Iterator[Pair]:
    """``count`` pairs that were written twice, with nothing different but where they lie."""
    rng = random.Random(seed)
    for number in range(count):
        form = _FORMS[number % len(_FORMS)]
        pair = _pair(directory, number, ("clean", form, ()), _sides(rng), rng)
        if pair.second.is_dir():  # what a layout may have beside its image is no difference of the image
            index = json.loads((pair.second / "index.json").read_text())
            index["annotations"] = {"copied": "today"}
            (pair.second / "index.json").write_text(json.dumps(index, indent=2))
            other = rng.randbytes(20)
            (pair.second / "blobs" / "sha256" / hashlib.sha256(other).hexdigest()).write_bytes(other)
        yield pair
