"""The licences whose texts are recognised: files of SPDX's license-list-XML, as they are, in ``licences/``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources

from twinbuild.codec.licencetext import LARGEST_TEXT, Template, is_text_of, template, words_of

__all__ = ["recognise"]


def recognise(content: bytes) -> tuple[str, ...]:
    """The identifiers that a text stands for, sorted; none for a text that is not wholly that of one known licence.

    One text has several where SPDX has them: that of the GPL stands for ``-only`` and for ``-or-later``.
    """
    if len(content) > LARGEST_TEXT:
        return ()
    try:
        words = words_of(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return ()
    return tuple(sorted(name for each in _templates() if is_text_of(words, each) for name in _names(each.licence)))


def _names(licence: str) -> Iterator[str]:
    yield licence
    if licence.endswith("-or-later"):
        yield licence.removesuffix("-or-later") + "-only"


@cache
def _templates() -> tuple[Template, ...]:
    directory = resources.files("twinbuild.resolve") / "licences"
    files = sorted((each for each in directory.iterdir() if each.name.endswith(".xml")), key=lambda each: each.name)
    return tuple(template(each.read_bytes()) for each in files)
