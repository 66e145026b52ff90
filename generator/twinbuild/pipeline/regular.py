"""Files that others wrote, read as what they are: regular files and no links, at most so many bytes, no waiting."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

__all__ = ["LARGEST", "Irregular", "Missing", "beginning_of", "open_regular", "read_regular"]

LARGEST: Final = 64 << 20  # bytes of a release manifest, or of a file beside it that is read at once
_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_REASONS: Final = {errno.ELOOP: "is a link"}
_NO_FILE: Final = "is no file"


class Irregular(Exception):
    """A file is not one that can be read; the text says why, as what follows its name: "is a link"."""


class Missing(Irregular):
    """There is no such file."""


def open_regular(path: Path, *, follow: bool = False) -> BufferedReader:
    """A stream over a regular file. ``follow``: the path may be a link to one. Raises Irregular."""
    try:
        descriptor = os.open(path, _FLAGS | (0 if follow else os.O_NOFOLLOW))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise Missing("is missing") from None
        why = _NO_FILE if error.errno in (errno.ENXIO, errno.ENODEV) else _REASONS.get(error.errno or 0)
        raise Irregular(why or f"cannot be read: {(error.strerror or '').lower()}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Irregular(_NO_FILE)
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most: int, *, follow: bool = False) -> bytes:
    """The content of a regular file of at most ``most`` bytes, of which no more are read. Raises Irregular."""
    with open_regular(path, follow=follow) as stream:
        try:
            content = stream.read(most + 1)
        except OSError as error:
            raise Irregular(f"cannot be read: {(error.strerror or '').lower()}") from None
    if len(content) > most:
        raise Irregular(f"has more than {most} bytes")
    return content


def beginning_of(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a regular file; nothing where there is none that can be opened."""
    try:
        with open_regular(path) as stream:
            return stream.read(most)
    except Irregular:
        return b""
