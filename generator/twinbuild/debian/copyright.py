"""What a Debian package says of its licence: ``/usr/share/doc/PACKAGE/copyright`` (Policy, 12.5).

The machine-readable form ("DEP-5") names a licence for each group of files of the source package. Its short names are
turned into SPDX where the two mean the same; ``MIT``, ``Artistic``, ``GPL`` without a version and exceptions in prose
don't say which text is meant, so they stay as they are. A file in free form says nothing but its digest.
"""

from __future__ import annotations

import posixpath
import re
from typing import BinaryIO, Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.spdx import conjunction, is_identifier, one_line, spdx_expression
from twinbuild.codec.untar import Kind, untar
from twinbuild.debian.archive import Deb, open_payload, read_deb
from twinbuild.debian.maintainer import maintainer_name
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Licensing, LockedDeb

__all__ = ["DOCUMENTATION", "LARGEST_COPYRIGHT", "copyright_licences", "deb_licensing"]

DOCUMENTATION: Final = "usr/share/doc"
LARGEST_COPYRIGHT: Final = 8 << 20  # bytes; the largest in Debian 12 has 2 MiB
_STANZAS: Final = re.compile(r"\n[ \t\r]*(?:\n[ \t\r]*)*(?=\n)")
_FIELD: Final = re.compile(r"^([A-Za-z][A-Za-z-]*):(.*)$", re.MULTILINE)
_FORMAT: Final = re.compile(r"^format(-specification)?:", re.IGNORECASE)
_GNU: Final = re.compile(
    r"(?P<family>GPL|LGPL|AGPL|GFDL)(?P<bare>-NIV)?-(?P<version>[0-9.]+)(?P<later>\+|-or-later|-only)?"
)
_GNU_VERSIONS: Final = {
    "GPL": {"1": "1.0", "2": "2.0", "3": "3.0"},
    "LGPL": {"2": "2.0", "2.1": "2.1", "3": "3.0"},
    "AGPL": {"3": "3.0"},
    "GFDL": {"1.1": "1.1", "1.2": "1.2", "1.3": "1.3"},
}
# Short names of the format's own list that SPDX spells otherwise. "Expat" is what it calls the licence of SPDX's MIT.
_SHORT: Final = {
    "expat": "MIT",
    "apache-2": "Apache-2.0",
    "bsd-2-clause": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause",
    "bsd-4-clause": "BSD-4-Clause",
    "isc": "ISC",
    "zlib": "Zlib",
}
# Identifiers of SPDX that Debian's files use for a family of texts.
_VAGUE: Final = frozenset({"mit", "tcl", "unicode", "pd", "python-2.0"})


def deb_licensing(file: BinaryIO, deb: LockedDeb) -> Licensing:
    """The statement of a package, whose file is open for reading and seeking.

    Raises IntegrityError as ``read_deb`` and ``untar`` do.
    """
    opened = read_deb(file, expected=deb)
    content, same_as = _copyright(file, opened)
    expressions, names = copyright_licences(content) if content is not None else ((), ())
    maintainer = maintainer_name(opened.field("Maintainer"))
    return Licensing(
        filename=deb.filename,
        sha256=deb.sha256,
        expressions=expressions,
        names=names,
        files=(f"{DOCUMENTATION}/{deb.name}/copyright",) if content is not None else (),
        notice=Digest.of(content) if content is not None else None,
        same_as=same_as,
        authors=(maintainer,) if maintainer else (),
    )


def _copyright(file: BinaryIO, deb: Deb) -> tuple[bytes | None, str]:
    """The copyright file's content, or the package whose documentation directory this one's leads to."""
    directory = f"{DOCUMENTATION}/{deb.name}"
    for member, body in untar(open_payload(file, deb), subject=str(deb)):
        if member.path == f"{directory}/copyright" and member.kind is Kind.FILE:
            if member.size > LARGEST_COPYRIGHT:
                raise IntegrityError.of(
                    "TB4208",
                    f"the copyright file has {counted(member.size, 'byte')}, at most {LARGEST_COPYRIGHT} are read",
                    hint="do not use the package; report it to its maintainer",
                    where=str(deb),
                )
            return body.read(), ""
        if member.kind is Kind.SYMLINK and member.path in (directory, f"{directory}/copyright"):
            target = posixpath.normpath(posixpath.join("/", posixpath.dirname(member.path), member.target))
            if member.path != directory:
                target, _, name = target.rpartition("/")
                if name != "copyright":
                    continue
            parent, _, package = target.rpartition("/")
            if parent == f"/{DOCUMENTATION}" and re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", package) and package != deb.name:
                return None, package
    return None, ""


def copyright_licences(content: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """SPDX expressions and plain names of the licences of all files; all of them apply. Free form has neither."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return (), ()
    if not _FORMAT.match(text.lstrip("\ufeff\n ")):
        return (), ()
    stated = _stated(text)
    if stated is None:
        return (), ()
    expressions: set[str] = set()
    names: set[str] = set()
    for name in stated:
        found = _expression(name)
        if found:
            expressions |= set(found.split(" AND ")) if "(" not in found else {found}
        else:
            names.add(name)
    return tuple(sorted(expressions)), tuple(sorted(names))


def _stated(text: str) -> set[str] | None:
    """The first line of License in every stanza about files; None where one has none, so that the whole is prose."""
    found: set[str] = set()
    files = False
    for stanza in _STANZAS.split(text):
        fields = {name.casefold(): value for name, value in _FIELD.findall(stanza)}
        if "files" not in fields:
            continue  # the header, a licence that others name, or the rest of a text with an empty line in it
        files = True
        name = one_line(fields.get("license", ""), longest=200)
        if not name:
            return None
        found.add(name)
    return found if files else None


def _expression(name: str) -> str:
    """The SPDX expression of a short name, or "". ``or`` binds weaker than ``and``, and a comma weaker than both."""
    parts = re.split(r", (and|or) ", name)
    if len(set(parts[1::2])) > 1:
        return ""
    alternatives = [_alternatives(part) for part in parts[::2]]
    if not all(alternatives):
        return ""
    if len(alternatives) == 1:
        return alternatives[0]
    if parts[1] == "and":
        return conjunction(alternatives)
    return " OR ".join(f"({each})" if " AND " in each else each for each in alternatives)


def _alternatives(text: str) -> str:
    alternatives = []
    for part in text.split(" or "):
        licences = [_single(each) for each in part.split(" and ")]
        if not all(licences):
            return ""
        alternatives.append(" AND ".join(licences))
    if len(alternatives) == 1:
        return alternatives[0]
    return " OR ".join(f"({each})" if " AND " in each else each for each in alternatives)


def _single(text: str) -> str:
    name = text.strip()
    if match := _GNU.fullmatch(name):
        return _gnu(match)
    lowered = name.casefold()
    if lowered in _SHORT:
        return _SHORT[lowered]
    found = spdx_expression(name)
    return found if found and is_identifier(found) and lowered not in _VAGUE else ""


def _gnu(match: re.Match[str]) -> str:
    family, later = match["family"], match["later"] in ("+", "-or-later")
    version = match["version"]
    while version.endswith(".0"):  # the format: GPL-2 and GPL-2.0 are one
        version = version[:-2]
    known = _GNU_VERSIONS[family].get(version, "")
    if not known or (match["bare"] and family != "GFDL"):
        return ""
    bare = "-no-invariants" if match["bare"] else ""
    return f"{family}-{known}{bare}-{'or-later' if later else 'only'}"
