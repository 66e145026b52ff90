"""What a wheel says of its licence and its makers: METADATA (PEP 639 and before it) and its licence files.

Nothing is guessed. An expression is taken where METADATA gives one, or where an older field leaves one reading only;
otherwise the licence keeps the name by which the wheel calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from twinbuild.codec.spdx import licences_in, one_line, spdx_expression
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Licensing
from twinbuild.wheel.contents import Wheel, WheelFile
from twinbuild.wheel.metadata import Metadata

__all__ = ["licence_files", "other_licence_files", "stated_authors", "stated_licences", "wheel_licensing"]

_PREFIX: Final = "License :: "
_NO_NAMES: Final = frozenset({"", "OSI Approved"})
_PLACEHOLDERS: Final = frozenset({"", "unknown", "none", "n/a", "todo"})
_LONGEST_NAME: Final = 120
_LONGEST_LIST: Final = 10_000
_PERSON: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,"<>])+')
_FILES: Final = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")  # what setuptools takes by default
_TERMS: Final = ("LICENSE", "LICENCE", "COPYING", "EULA", "TERMS")
_CODE: Final = (".py", ".pyi", ".pyc", ".so")
# Classifiers that name one licence of SPDX (PEP 639, appendix "Mapping License Classifiers", the unambiguous ones);
# "BSD License", "Apache Software License", "GNU General Public License (GPL)" and their like name several.
_CLASSIFIERS: Final = {
    "Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
    "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Mulan Permissive Software License v2 (MulanPSL-2.0)": "MulanPSL-2.0",
    "PostgreSQL License": "PostgreSQL",
    "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
    "The Unlicense (Unlicense)": "Unlicense",
    "Universal Permissive License (UPL)": "UPL-1.0",
    "University of Illinois/NCSA Open Source License": "NCSA",
    "Zero-Clause BSD (0BSD)": "0BSD",
}
# What people write into License for a licence whose version is beyond doubt.
_NAMES: Final = {
    "2-clause bsd license": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "isc license": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "the mit license": "MIT",
}


def wheel_licensing(wheel: Wheel, sha256: Digest) -> Licensing:
    """The statement of a wheel whose file has that digest."""
    expressions, names = stated_licences(wheel.metadata)
    return Licensing(
        filename=wheel.filename,
        sha256=sha256,
        expressions=expressions,
        names=names,
        files=tuple(path for path, _ in licence_files(wheel)),
        authors=stated_authors(wheel.metadata),
    )


def licence_files(wheel: Wheel) -> list[tuple[str, WheelFile]]:
    """The licence files of a wheel by their path below dist-info, in its order."""
    prefix = f"{wheel.dist_info}/"
    files = ((file.path.removeprefix(prefix), file) for file in wheel.files if file.path.startswith(prefix))
    found = [(path, file) for path, file in files if _is_licence(path) and path == one_line(path)]
    return sorted(found, key=lambda each: each[0])


def other_licence_files(wheel: Wheel) -> list[tuple[str, WheelFile]]:
    """Files with terms that ``licence_files`` leaves out, by their path in the wheel, sorted.

    Those of what others made and the wheel brings along, those that METADATA names as earlier versions of it did, and
    those whose name cannot be printed.
    """
    told = {f"{wheel.dist_info}/{path}" for path, _ in licence_files(wheel)}
    stated = {f"{wheel.dist_info}/{path}" for path in wheel.metadata.licence_files}
    found = ((file.path, file) for file in wheel.files if file.path not in told and not file.path.endswith("/"))
    return sorted(
        ((path, file) for path, file in found if path in stated or _has_terms(wheel, path)), key=lambda each: each[0]
    )


def _has_terms(wheel: Wheel, path: str) -> bool:
    own = path.removeprefix(f"{wheel.dist_info}/")
    name = path.rpartition("/")[2]
    return (own != path and _is_licence(own)) or (name.upper().startswith(_TERMS) and not name.endswith(_CODE))


def _is_licence(path: str) -> bool:
    if path.startswith("licenses/"):
        return True
    return "/" not in path and PurePosixPath(path).name.upper().startswith(_FILES)


def stated_licences(metadata: Metadata) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """SPDX expressions and plain names; all of them apply. Both are empty where METADATA says nothing."""
    if metadata.licence_expression:
        found = spdx_expression(metadata.licence_expression)
        return ((found,), ()) if found else ((), _unlike(metadata.licence_expression))
    leaves = [text.removeprefix(_PREFIX) for text in metadata.classifiers if text.startswith(_PREFIX)]
    leaves = [text.rpartition(" :: ")[2].strip() for text in leaves]
    classified = [text for text in dict.fromkeys(leaves) if text not in _NO_NAMES]
    certain = {_CLASSIFIERS[text] for text in classified if text in _CLASSIFIERS}
    field = metadata.licence.strip()
    if field.casefold() in _PLACEHOLDERS:
        if len(classified) == 1 and certain:
            return tuple(certain), ()
        return (), _unlike(*classified)
    line = one_line(field, longest=_LONGEST_NAME) if "\n" not in field else ""
    known = _NAMES.get(line.casefold(), "") or spdx_expression(line)
    if known and certain <= licences_in(known):
        return (known,), ()
    return (), _unlike(*([line] if line else []), *classified)


def _unlike(*texts: str) -> tuple[str, ...]:
    return tuple(sorted({line for text in texts if (line := one_line(text, longest=_LONGEST_NAME))}))


def stated_authors(metadata: Metadata) -> tuple[str, ...]:
    """Names of those who made it (addresses where there is no name), in METADATA's order: authors, else maintainers."""
    for plain, addresses in (
        (metadata.author, metadata.author_email),
        (metadata.maintainer, metadata.maintainer_email),
    ):
        if name := one_line(plain):
            return (name,)
        found = (one_line(each) for each in _people(addresses))
        if names := tuple(dict.fromkeys(each for each in found if each)):
            return names
    return ()


def _people(addresses: str) -> Iterator[str]:
    """The name, or else the address, of each of ``"A, B" <a@x>, C <c@x>, d@x``.

    The standard library's parser is not taken: it judges bad addresses differently from version to version.
    """
    for part in _PERSON.findall(addresses[:_LONGEST_LIST]):
        name, bracket, rest = part.partition("<")
        address = rest.partition(">")[0] if bracket else ""
        name = name.strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = re.sub(r"\\(.)", r"\1", name[1:-1])
        yield name.strip() or address.strip()
