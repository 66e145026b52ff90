"""What an installation leaves, as entries of a tree: the same files and bytes as pip 26 with ``--no-compile``.

pip is given a list of all wheels of the lock, with hashes, and so marks each as REQUESTED (PEP 376); byte code that is
made afterwards is in no RECORD, and pip removes it with its source all the same.

pypa/installer walks the wheel and maps its schemes; here are its source (a checked wheel) and its destination, which
writes nothing but collects entries. Content stays in the wheel until the layer is written: memory is flat, and what
is written is checked against RECORD as it passes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, cast

from installer.destinations import WheelDestination
from installer.records import Hash, RecordEntry
from installer.sources import WheelContentElement, WheelSource

from twinbuild.model.tree import BytesContent, Content, Directory, Entry, File
from twinbuild.wheel.contents import Wheel, WheelFile
from twinbuild.wheel.layout import Layout, headers_name, place
from twinbuild.wheel.names import parents
from twinbuild.wheel.record import Row, encode_hash, write_record
from twinbuild.wheel.scripts import commands, patch, stub
from twinbuild.wheel.together import check_together

if TYPE_CHECKING:
    from installer.utils import Scheme

__all__ = ["LARGEST_SOURCE", "bytecode_path", "install", "sources"]

_INSTALLER: Final = b"pip\n"  # programs judge an installation by this file, and know pip's
LARGEST_SOURCE: Final = 8 << 20  # bytes: a larger source is data in disguise, and stays uncompiled


def sources(wheel: Wheel, layout: Layout) -> Iterator[tuple[str, bytes]]:
    """The Python sources that the wheel brings to site-packages: (path of the tree, bytes), in the archive's order.

    These are what ``install`` accepts byte code for. Sources above 8 MiB and test suites, which get none, are left out.
    """
    for placed in place(wheel, layout):
        path = placed.path
        library = path.startswith(f"{layout.site_packages}/") and path.endswith(".py")
        if library and "/tests/" not in path and placed.file.size <= LARGEST_SOURCE:
            yield path, placed.file.read()


def bytecode_path(path: str, python: str) -> str:
    """Where the byte code of a source lies (PEP 3147): ``a/b.py`` → ``a/__pycache__/b.cpython-311.pyc``."""
    directory, slash, name = path.rpartition("/")
    return f"{directory}{slash}__pycache__/{name.removesuffix('.py')}.cpython-{python.replace('.', '')}.pyc"


def install(
    wheels: Sequence[Wheel], layout: Layout, *, bytecode: Mapping[str, Content] | None = None
) -> Iterator[Entry]:
    """The entries of these wheels, sorted by path, each path once, with all parent directories.

    ``bytecode`` maps paths of sources (as ``sources`` names them) to compiled files; each becomes an entry beside its
    source. A source without byte code simply has none. The wheels' files must stay open until the last content is read.
    Raises as ``check_together`` does, before the first entry; reading a content raises IntegrityError TB4014 or TB4107
    where its bytes are wrong.
    """
    check_together(wheels, layout)
    entries: dict[str, Entry] = {}
    for wheel in wheels:
        for entry in _install_one(wheel, layout, bytecode or {}):
            entries.setdefault(entry.path, entry)
    for directory in parents(tuple(entries)):
        entries[directory] = Directory(path=directory)
    for path in sorted(entries):
        yield entries[path]


def _install_one(wheel: Wheel, layout: Layout, bytecode: Mapping[str, Content]) -> Iterable[Entry]:
    import installer

    destination = _Destination(wheel, layout, bytecode)
    additional = {"INSTALLER": _INSTALLER, "REQUESTED": b""}
    installer.install(_Source(wheel, layout), destination, additional)
    return destination.entries


class _Pending(io.RawIOBase):
    """Stands for the content of a wheel's file on its way through pypa/installer, which hands it on unread."""

    def __init__(self, file: WheelFile) -> None:
        super().__init__()
        self.file = file


class _Source(WheelSource):
    """A checked wheel as pypa/installer sees it. Entry points come from our parse, so there is one reading of them."""

    def __init__(self, wheel: Wheel, layout: Layout) -> None:
        name, _, version = wheel.stem.rpartition("-")
        super().__init__(name, version)
        self._wheel = wheel
        self._layout = layout

    @property
    def dist_info_filenames(self) -> list[str]:
        return ["WHEEL", "entry_points.txt"]

    def read_dist_info(self, filename: str) -> str:
        if filename == "WHEEL":
            return f"Wheel-Version: 1.0\nRoot-Is-Purelib: {str(self._wheel.purelib).lower()}\n"
        assert filename == "entry_points.txt"
        lines = {False: ["[console_scripts]"], True: ["[gui_scripts]"]}
        for name, point in commands(self._wheel, self._layout):
            lines[point.gui].append(f"{name} = {point.module}:{point.attribute}")
        return "\n".join(lines[False] + lines[True])

    def validate_record(self) -> None:
        """Done by ``open_wheel``, and for content while it is read."""

    def get_contents(self) -> Iterator[WheelContentElement]:
        for placed in place(self._wheel, self._layout):
            row = placed.file.row
            elements = (row.path, row.hash, "" if row.size < 0 else str(row.size))
            yield elements, cast("BinaryIO", _Pending(placed.file)), placed.file.executable


class _Destination(WheelDestination):
    """Collects entries instead of writing files."""

    def __init__(self, wheel: Wheel, layout: Layout, bytecode: Mapping[str, Content]) -> None:
        self.entries: list[Entry] = []
        self._layout = layout
        self._directories = layout.directories(headers_name(wheel))
        self._bytecode = bytecode
        self._points = {(name, point.gui): point for name, point in commands(wheel, layout)}

    def write_script(self, name: str, module: str, attr: str, section: Literal["console", "gui"]) -> RecordEntry:
        point = self._points[name, section == "gui"]
        assert (point.module, point.attribute) == (module, attr)
        content = stub(point, self._layout.executable)
        return self._add("scripts", name, BytesContent(content), _hash(content), len(content), executable=True)

    def write_file(
        self,
        scheme: Scheme,
        path: object,
        stream: BinaryIO,
        is_executable: bool,  # noqa: FBT001
    ) -> RecordEntry:
        if not isinstance(stream, _Pending):
            content = stream.read()
            return self._add(scheme, str(path), BytesContent(content), _hash(content), len(content), executable=False)
        file = stream.file
        if scheme == "scripts":
            script = patch(file, self._layout.executable)
            if script is not None:
                return self._add(scheme, str(path), script, script.hash, script.size, executable=is_executable)
        size = None if file.row.size < 0 else file.row.size
        return self._add(scheme, str(path), file, file.row.hash, size, executable=is_executable)

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        rows = []
        for where, record in records:
            path = self._path(where, record.path)
            size = -1 if record.size is None else record.size
            rows.append(Row(path=self._layout.record_path(path), hash=str(record.hash_ or ""), size=size))
            compiled = self._bytecode.get(path)
            if compiled is not None:
                self.entries.append(File(path=bytecode_path(path, self._layout.python), content=compiled))
        content = write_record(rows)
        self.entries.append(File(path=self._path(scheme, record_file_path), content=BytesContent(content)))

    def _path(self, scheme: str, below: str) -> str:
        return f"{self._directories[scheme]}/{below}"

    def _add(
        self, scheme: str, below: str, content: Content, hash_: str, size: int | None, *, executable: bool
    ) -> RecordEntry:
        path = self._path(scheme, below)
        self.entries.append(File(path=path, content=content, mode=0o755 if executable else 0o644))
        return RecordEntry(below, Hash.parse(hash_), size)


def _hash(content: bytes) -> str:
    return encode_hash(hashlib.sha256(content).digest())
