"""A wheel as values: what its file name, its dist-info directory and its RECORD say, checked against each other.

Lenient installers install what a wheel holds; here a wheel must also be what it says: one project, one version, and no
file without a SHA-256 in RECORD. Hashes are checked while the bytes are read. Tags are those of the file name, by which
an index offers and a lock chooses it: WHEEL often states what it was built as, before it was found to be manylinux.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from twinbuild.codec.amounts import counted
from twinbuild.errors import Finding, IntegrityError
from twinbuild.wheel.archive import Archive, open_archive
from twinbuild.wheel.entrypoints import EntryPoint, parse_entry_points
from twinbuild.wheel.faults import fault, finding
from twinbuild.wheel.member import LIMITS, Limits, Member
from twinbuild.wheel.metadata import Metadata, parse_metadata
from twinbuild.wheel.record import ALGORITHMS, Row, parse_record

__all__ = ["Wheel", "WheelFile", "open_wheel"]

_SIGNATURES: Final = ("RECORD.jws", "RECORD.p7s")  # PEP 427: may not stand in RECORD
_INSTALLERS: Final = ("INSTALLER", "REQUESTED", "direct_url.json")  # an installer writes these, not a wheel
_RECORD_LIMIT: Final = 64 << 20
_DOCUMENT_LIMIT: Final = 16 << 20
_MOST: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class WheelFile:
    """One file of a wheel: content that is checked against CRC, size and RECORD wherever it is read to its end."""

    archive: Archive
    member: Member
    row: Row

    @property
    def path(self) -> str:
        """Its path in the wheel."""
        return self.member.name

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.member.size

    @property
    def executable(self) -> bool:
        """Whether it is installed with the executable bits."""
        return self.member.executable

    def open(self) -> BinaryIO:
        """A stream of the bytes; the read that reaches the end raises IntegrityError TB4014 or TB4107."""
        stream = self.archive.open(self.member, hasher=ALGORITHMS[self.row.algorithm], expected=self.row.digest)
        return cast("BinaryIO", stream)

    def read(self, *, limit: int = _DOCUMENT_LIMIT) -> bytes:
        """All bytes of a small file. Raises IntegrityError TB4013 above ``limit`` bytes."""
        if self.size > limit:
            raise fault(
                "TB4013",
                f"{self.size} bytes, at most {limit} are read",
                archive=self.archive.name,
                member=self.path,
            )
        with self.open() as stream:
            return stream.read()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wheel:
    """A checked wheel, whose file must stay open while its files are read."""

    filename: str
    project: str  # normalised (PEP 503)
    version: str  # normalised (PEP 440)
    build: str  # build tag, or ""
    tags: tuple[str, ...]  # "cp311-cp311-manylinux_2_28_x86_64", expanded and sorted
    stem: str  # "Name-1.0": what dist-info and data directories begin with
    purelib: bool  # Root-Is-Purelib
    generator: str  # of the WHEEL file
    metadata: Metadata
    entry_points: tuple[EntryPoint, ...]
    files: tuple[WheelFile, ...]  # that an installation takes, in the archive's order, without RECORD
    dropped: tuple[str, ...]  # paths that no installation takes: byte code, signatures, an installer's own files
    archive: Archive

    @property
    def dist_info(self) -> str:
        """The name of the dist-info directory."""
        return f"{self.stem}.dist-info"

    @property
    def data_directory(self) -> str:
        """The name that the data directory has, if there is one."""
        return f"{self.stem}.data"

    @property
    def sboms(self) -> tuple[WheelFile, ...]:
        """The SBOM documents that the wheel ships (PEP 770)."""
        return self.below("sboms/")

    @property
    def licences(self) -> tuple[WheelFile, ...]:
        """The licence files that the wheel ships (PEP 639)."""
        return self.below("licenses/")

    def below(self, directory: str) -> tuple[WheelFile, ...]:
        """The files below a directory of dist-info, named with its slash."""
        prefix = f"{self.dist_info}/{directory}"
        return tuple(file for file in self.files if file.path.startswith(prefix))

    def file(self, path: str) -> WheelFile | None:
        """The file at a path of the wheel, if an installation takes it."""
        return next((file for file in self.files if file.path == path), None)

    def verify(self) -> None:
        """Read everything once. Raises IntegrityError TB4014 or TB4107 for the first wrong file."""
        for file in self.files:
            with file.open() as stream:
                while stream.read(1 << 20):
                    pass


def open_wheel(file: BinaryIO, filename: str, *, limits: Limits = LIMITS) -> Wheel:
    """Read a wheel's documents and check all of its structure; other content is read and checked later, once.

    ``file`` is open for reading and seeking. Raises IntegrityError: TB4001 to TB4014 (archive), TB4101 (file name),
    TB4102 (dist-info), TB4103 (WHEEL), TB4104 (METADATA), TB4105 and TB4106 (RECORD), TB4107 (hashes), TB4108 (entry
    points), TB4109 (data directory).
    """
    project, version, build, tags = _parse_filename(filename)
    archive = open_archive(file, name=filename, limits=limits)
    stem = _find_stem(archive, project, version)
    files, dropped = _match(archive, stem)
    documents = {item.path: item for item in files if item.path.startswith(f"{stem}.dist-info/")}

    def document(name: str, code: str) -> bytes:
        item = documents.get(f"{stem}.dist-info/{name}")
        if item is None:
            raise fault(code, f"the wheel has no {name}", archive=filename, member=f"{stem}.dist-info/{name}")
        return item.read()

    purelib, generator = _read_wheel_file(document("WHEEL", "TB4103"), filename, f"{stem}.dist-info/WHEEL")
    where = f"{stem}.dist-info/METADATA"
    metadata = parse_metadata(document("METADATA", "TB4104"), archive=filename, member=where)
    _check_identity(metadata, project, version, filename, where)
    where = f"{stem}.dist-info/entry_points.txt"
    points = documents.get(where)
    return Wheel(
        filename=filename,
        project=project,
        version=version,
        build=build,
        tags=tags,
        stem=stem,
        purelib=purelib,
        generator=generator,
        metadata=metadata,
        entry_points=parse_entry_points(points.read(), archive=filename, member=where) if points else (),
        files=files,
        dropped=dropped,
        archive=archive,
    )


def _parse_filename(filename: str) -> tuple[str, str, str, tuple[str, ...]]:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise fault("TB4101", str(error), archive=filename) from None
    return str(name), str(version), "".join(map(str, build)), tuple(sorted(map(str, tags)))


def _find_stem(archive: Archive, project: str, version: str) -> str:
    """``Name-1.0`` of the one dist-info directory. Raises TB4102, and TB4109 for a foreign data directory."""
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    roots = sorted({member.name.split("/", 1)[0] for member in archive.members})
    found = [root for root in roots if root.casefold().endswith(".dist-info")]
    if len(found) != 1 or not found[0].endswith(".dist-info"):
        raise fault("TB4102", f"dist-info directories {found}, expected exactly one", archive=archive.name)
    stem = found[0].removesuffix(".dist-info")
    name, dash, number = stem.rpartition("-")
    try:
        equal = bool(dash) and canonicalize_name(name) == project and str(Version(number)) == version
    except InvalidVersion:
        equal = False
    if not equal:
        raise fault("TB4102", f"{found[0]} is not that of {project} {version}", archive=archive.name)
    for root in roots:
        if root.casefold().endswith(".data") and root != f"{stem}.data":
            raise fault("TB4109", f"data directory {root!r}, expected '{stem}.data'", archive=archive.name)
    return stem


def _match(archive: Archive, stem: str) -> tuple[tuple[WheelFile, ...], tuple[str, ...]]:
    """The files that an installation takes, each with its row of RECORD, and the paths that it drops."""
    where = f"{stem}.dist-info/RECORD"
    by_name = {member.name: member for member in archive.members if not member.directory}
    record = by_name.pop(where, None)
    if record is None:
        raise fault("TB4105", "the wheel has no RECORD", archive=archive.name, member=where)
    rows = parse_record(archive.read(record, limit=_RECORD_LIMIT), archive=archive.name, member=where)
    own = rows.pop(where, None)
    objections = [] if own is not None and not own.hash else [(where, "RECORD must list itself, without a hash")]
    files = []
    dropped = []
    for path, member in by_name.items():
        row = rows.pop(path, None)
        objection = _disagreement(path, member, row, stem)
        if objection:
            objections.append((path, objection))
        elif row is None or _is_dropped(path, stem):
            dropped.append(path)
        else:
            _check_scheme(path, stem, archive.name)
            files.append(WheelFile(archive, member, row))
    objections += [(path, "listed in RECORD, but not in the wheel") for path in rows]
    if objections:
        raise IntegrityError(
            tuple(finding("TB4106", text, archive=archive.name, member=path) for path, text in objections[:_MOST])
        )
    return tuple(files), tuple(sorted(dropped))


def _disagreement(path: str, member: Member, row: Row | None, stem: str) -> str:
    """What is wrong between a member and its row, which is None for signatures only."""
    if path.endswith(_SIGNATURES) and path in {f"{stem}.dist-info/{name}" for name in _SIGNATURES}:
        return "RECORD lists its own signature" if row is not None else ""
    if row is None or not row.hash:
        return "not in RECORD with a hash"
    if row.size not in (-1, member.size):
        return f"has {counted(member.size, 'byte')}, RECORD states {row.size}"
    return ""


def _is_dropped(path: str, stem: str) -> bool:
    directory, _, name = path.rpartition("/")
    return "__pycache__" in directory.split("/") or (name in _INSTALLERS and directory == f"{stem}.dist-info")


def _check_scheme(path: str, stem: str, archive: str) -> None:
    root, _, rest = path.partition("/")
    if root != f"{stem}.data":
        return
    scheme, slash, below = rest.partition("/")
    if scheme not in ("purelib", "platlib", "headers", "scripts", "data") or not (slash and below):
        raise fault(
            "TB4109",
            f"data directory has {rest[:80]!r}, expected purelib/, platlib/, headers/, scripts/ or data/",
            archive=archive,
            member=path,
        )


def _read_wheel_file(content: bytes, archive: str, member: str) -> tuple[bool, str]:
    """Root-Is-Purelib and Generator. Raises TB4103 with all that is wrong with the WHEEL file."""
    from packaging.tags import parse_tag

    fields: dict[str, list[str]] = {}
    findings: list[Finding] = []

    def object_to(message: str) -> None:
        findings.append(finding("TB4103", message, archive=archive, member=member))

    for line in content.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        if line.strip() and (not colon or not re.fullmatch(r"[A-Za-z-]+", key)):
            object_to(f"line {line[:80]!r} is not a field")
        fields.setdefault(key.lower(), []).append(value.strip())
    versions, pure = fields.get("wheel-version", []), fields.get("root-is-purelib", [])
    if len(versions) != 1 or not re.fullmatch(r"1\.\d{1,4}", versions[0]):
        object_to(f"Wheel-Version {versions}, expected one of 1.x")
    if len(pure) != 1 or pure[0].lower() not in ("true", "false"):
        object_to(f"Root-Is-Purelib {pure}, expected true or false")
    for text in fields.get("tag", []):
        try:
            parse_tag(text)
        except ValueError:
            object_to(f"Tag {text[:80]!r} is not a tag")
    if findings:
        raise IntegrityError(tuple(findings))
    return pure[0].lower() == "true", " ".join(fields.get("generator", [])[:1])


def _check_identity(metadata: Metadata, project: str, version: str, archive: str, member: str) -> None:
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    try:
        number = str(Version(metadata.version))
    except InvalidVersion:
        number = metadata.version
    if (canonicalize_name(metadata.name), number) != (project, version):
        raise fault(
            "TB4104",
            f"METADATA is that of {metadata.name!r} {metadata.version!r}, the file name says {project} {version}",
            archive=archive,
            member=member,
        )
