"""Texts that come out of JSON and XML alike.

XML 1.0 cannot hold most control characters, surrogates, U+FFFE and U+FFFF, and its readers turn CR into LF; a value of
the schema's type normalizedString has no line breaks at all. So one rule holds for both forms: what XML cannot hold is
U+FFFD, line ends are LF, and where the schema wants one line, white space is one space.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["line", "lines"]

_UNHELD: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_SPACES: Final = re.compile("[\t\n\r ]+")


def lines(text: str) -> str:
    """A text of any number of lines, without white space around it."""
    return _UNHELD.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")).strip("\t\n ")


def line(text: str) -> str:
    """A text of one line."""
    return _SPACES.sub(" ", lines(text)).strip(" ")
