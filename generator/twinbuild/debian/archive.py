"""Debian binary packages, read strictly (deb(5)): an ar archive of exactly three members, and nothing behind them.

A package is a value made from its control part; its files are a tar stream that is decompressed as it is read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.untar import Kind, Limits, Readable, untar
from twinbuild.debian.compressed import Decompressed
from twinbuild.debian.control import parse_stanza
from twinbuild.debian.version import require_version
from twinbuild.errors import IntegrityError
from twinbuild.model.lock import LockedDeb
from twinbuild.model.plan import DebInput

__all__ = ["SCRIPTS", "Deb", "open_payload", "read_deb"]

_MAGIC: Final = b"!<arch>\n"
_HEADER: Final = re.compile(
    rb"([!-.0-~]{1,15})/? *(?<=^.{16})[0-9]{1,12} *(?<=^.{28})[0-9]{0,6} *(?<=^.{34})[0-9]{0,6} *(?<=^.{40})"
    rb"[0-7]{0,8} *(?<=^.{48})([0-9]{1,10}) *(?<=^.{58})`\n",
    re.ASCII | re.DOTALL,
)
_FORMAT: Final = re.compile(rb"2\.[0-9]{1,4}\n", re.ASCII)
_COMPRESSIONS: Final = {"": "", ".gz": "gz", ".xz": "xz", ".zst": "zst"}
_CONTROL: Final = Limits(members=200, file_size=16 << 20, total_size=64 << 20, header_size=4096)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9+.-]+", re.ASCII)  # Policy, 5.6.1
_ARCHITECTURE: Final = re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII)
_FIELD: Final = re.compile(r"^([^\s:]+):(.*(?:\n[ \t].*)*)", re.MULTILINE)  # of a stanza that was found well-formed
_MEMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_HINT: Final = "do not use the package; fetch it again from the archive, and report it if it stays so"
SCRIPTS: Final = ("preinst", "postinst", "prerm", "postrm", "config")  # deb-preinst(5) … and debconf's


@dataclass(frozen=True, slots=True, kw_only=True)
class Deb:
    """A package without its files: its control fields as spelled and in order, and the other control members.

    ``offset`` and ``size`` are where data.tar lies in the file, in bytes; ``compression`` is "", "gz", "xz" or "zst".
    """

    name: str
    version: str
    architecture: str
    fields: tuple[tuple[str, str], ...]  # continuation lines stand after a newline, as written
    members: tuple[tuple[str, bytes, int], ...]  # name, content, mode; sorted by name; without "control"
    compression: str
    offset: int
    size: int

    def __str__(self) -> str:
        return f"{self.name}={self.version}"

    def field(self, name: str) -> str:
        """The value of a control field, whatever its case; empty if there is none."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), "")

    def member(self, name: str) -> bytes | None:
        """A control member such as ``md5sums``, or None."""
        return next((content for key, content, _ in self.members if key == name), None)

    @property
    def multi_arch(self) -> str:
        """The Multi-Arch field: "", "no", "same", "foreign" or "allowed"."""
        return self.field("Multi-Arch")

    @property
    def conffiles(self) -> tuple[str, ...]:
        """Absolute paths of the configuration files, in the package's order; without those marked for removal."""
        lines = (self.member("conffiles") or b"").decode().splitlines()
        return tuple(line for line in lines if line.startswith("/"))


def read_deb(file: BinaryIO, *, expected: LockedDeb | DebInput | None = None, where: str = "") -> Deb:
    """Read a package's control part from a seekable file.

    Raises IntegrityError: TB4201 not such an archive (members, order, compression, cut off), TB4202 a control part
    that is malformed, TB4203 another package, version or architecture than ``expected``; TB44xx for its tar.
    """
    subject = where or (f"{expected.name}_{expected.version}_{expected.architecture}.deb" if expected else "package")
    members = _members(file, subject)
    _binary(file, members, subject)
    _, offset, size = members[1]
    stream = Decompressed(file, offset, size, _compression(members[1][0], "control.tar", subject), subject)
    text, others = _control(stream, subject)
    compression = _compression(members[2][0], "data.tar", subject)
    return _deb(text, others, compression, members[2], expected=expected, subject=subject)


def open_payload(file: BinaryIO, deb: Deb, *, copy: IO[bytes] | None = None) -> Readable:
    """The data.tar of a package, decompressed while it is read; what is read also goes to ``copy``.

    Reading raises IntegrityError TB4204 if the compressed stream is malformed, cut off or followed by more bytes.
    """
    return Decompressed(file, deb.offset, deb.size, deb.compression, str(deb), copy=copy)


def _refuse(code: str, message: str, subject: str) -> IntegrityError:
    return IntegrityError.of(code, message, hint=_HINT, where=subject)


def _members(file: BinaryIO, subject: str) -> tuple[tuple[str, int, int], ...]:
    """Name, offset and size of the members of the ar archive, which must fill the file exactly."""
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _refuse("TB4201", "not an ar archive", subject)
    members: list[tuple[str, int, int]] = []
    position = len(_MAGIC)
    while position < end:
        file.seek(position)
        match = _HEADER.fullmatch(file.read(60))
        if match is None:
            raise _refuse("TB4201", f"no member header at byte {position}", subject)
        size = int(match[2])
        members.append((match[1].decode("ascii"), position + 60, size))
        position += 60 + size + size % 2
        if position - size % 2 > end:
            raise _refuse("TB4201", f"member {members[-1][0]!r} is cut off", subject)
        if len(members) > 3:
            raise _refuse("TB4201", f"more than three members: {[name for name, _, _ in members]}", subject)
    if len(members) != 3:
        got = counted(len(members), "member")
        raise _refuse("TB4201", f"{got}, expected debian-binary, control.tar and data.tar", subject)
    return tuple(members)


def _binary(file: BinaryIO, members: tuple[tuple[str, int, int], ...], subject: str) -> None:
    name, offset, size = members[0]
    file.seek(offset)
    if name != "debian-binary" or size > 16 or not _FORMAT.fullmatch(file.read(size)):
        raise _refuse("TB4201", f"the first member is {name!r}, expected debian-binary with format 2.x", subject)


def _compression(name: str, stem: str, subject: str) -> str:
    found = _COMPRESSIONS.get(name.removeprefix(stem)) if name.startswith(stem) else None
    if found is None:
        raise _refuse("TB4201", f"member {name!r}, expected {stem} with no suffix, .gz, .xz or .zst", subject)
    return found


def _control(stream: Readable, subject: str) -> tuple[str, Iterator[tuple[str, bytes, int]]]:
    """The control file and the other members of control.tar, which is flat."""
    found: dict[str, tuple[bytes, int]] = {}
    for member, body in untar(stream, subject=f"{subject}!control.tar", limits=_CONTROL):
        if member.kind is Kind.DIRECTORY and not member.path:
            continue
        if member.kind is not Kind.FILE or not _MEMBER.fullmatch(member.path):
            raise _refuse("TB4202", f"control member {member.path!r} is not a plain file", subject)
        found[member.path] = body.read(), member.mode
    if "control" not in found:
        raise _refuse("TB4202", "no control file", subject)
    try:
        text = found.pop("control")[0].decode("utf-8")
        found.get("conffiles", (b"", 0))[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse("TB4202", "the control file is not UTF-8", subject) from error
    return text, ((name, content, mode) for name, (content, mode) in sorted(found.items()))


def _deb(
    text: str,
    others: Iterator[tuple[str, bytes, int]],
    compression: str,
    payload: tuple[str, int, int],
    *,
    expected: LockedDeb | DebInput | None,
    subject: str,
) -> Deb:
    stanza = parse_stanza(text, where=f"{subject}!control")
    fields = tuple((name, value.lstrip(" \t").rstrip("\n")) for name, value in _FIELD.findall(text))
    name, version, architecture = (stanza.get(key, "") for key in ("package", "version", "architecture"))
    if not _NAME.fullmatch(name) or not _ARCHITECTURE.fullmatch(architecture):
        raise _refuse("TB4202", f"package {name[:80]!r} for {architecture[:40]!r} is no package", subject)
    require_version(version)
    if expected and (name, version, architecture) != (expected.name, expected.version, expected.architecture):
        raise _refuse(
            "TB4203",
            f"the package is {name}={version} for {architecture}, "
            f"expected {expected.name}={expected.version} for {expected.architecture}",
            subject,
        )
    return Deb(
        name=name,
        version=version,
        architecture=architecture,
        fields=fields,
        members=tuple(others),
        compression=compression,
        offset=payload[1],
        size=payload[2],
    )
