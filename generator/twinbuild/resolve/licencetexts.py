"""The licences whose texts are recognised: files of SPDX's license-list-XML, as they are, in ``licences/``.

They are those of its commit e4c1f276b8befa364960e288c6a17f5433353b1b (16 July 2026). Another file is another licence
that is known; what an inspection found before is looked for again only where ``inspection._RULES`` is raised with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Final

from twinbuild.codec.licencetext import (
    LARGEST_TEXT,
    Template,
    Text,
    is_text_of,
    speaks_of_terms,
    template,
    words_of,
)
from twinbuild.model.inspection import LicenceText
from twinbuild.wheel.contents import Wheel, WheelFile
from twinbuild.wheel.licence import licence_files, other_licence_files

__all__ = ["licence_texts", "other_licence_texts", "recognise"]

_NOTICES: Final = ("NOTICE", "AUTHORS")  # of licence files, those that are no licences


def licence_texts(wheel: Wheel) -> tuple[LicenceText, ...]:
    """The licence files of a wheel, sorted by path, each with what its words are. Raises IntegrityError as its reader.

    A file that is larger than any licence is named with the digest of its bytes like the others.
    """
    return _texts(licence_files(wheel))


def other_licence_texts(wheel: Wheel) -> tuple[LicenceText, ...]:
    """Licence files elsewhere in a wheel, sorted by path, but for copies of its own. Raises as ``licence_texts``."""
    own = {text.sha256 for text in licence_texts(wheel)}
    return tuple(text for text in _texts(other_licence_files(wheel)) if text.sha256 not in own)


def _texts(files: Iterable[tuple[str, WheelFile]]) -> tuple[LicenceText, ...]:
    found = []
    for path, file in files:
        hasher = hashlib.sha256()
        content = b""
        with file.open() as stream:
            while chunk := stream.read(1 << 20):
                hasher.update(chunk)
                content = content + chunk if len(content) <= LARGEST_TEXT else content
        text = _text(content)
        named = path.rpartition("/")[2].upper().startswith(_NOTICES)
        found.append(
            LicenceText(
                path=path,
                sha256=hasher.hexdigest(),
                licences=recognise(content),
                harmless=named and text is not None and not speaks_of_terms(text),
            )
        )
    return tuple(found)


def recognise(content: bytes) -> tuple[str, ...]:
    """The identifiers that a text stands for, sorted; none for a text that is not wholly that of one known licence.

    One text has several where SPDX has them: that of the GPL stands for ``-only`` and for ``-or-later``.
    """
    words = _text(content)
    if words is None:
        return ()
    return tuple(sorted(name for each in _templates() if is_text_of(words, each) for name in _names(each.licence)))


def _text(content: bytes) -> Text | None:
    if len(content) > LARGEST_TEXT:
        return None
    try:
        return words_of(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def _names(licence: str) -> Iterator[str]:
    yield licence
    if licence.endswith("-or-later"):
        yield licence.removesuffix("-or-later") + "-only"


@cache
def _templates() -> tuple[Template, ...]:
    directory = resources.files("twinbuild.resolve") / "licences"
    files = sorted((each for each in directory.iterdir() if each.name.endswith(".xml")), key=lambda each: each.name)
    return tuple(template(each.read_bytes()) for each in files)
