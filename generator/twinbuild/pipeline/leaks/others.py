"""What counts as a secret in files that others publish for all: Debian packages, wheels, a base image's libraries.

Their manuals and tests are full of passwords and keys that are none, and known to all.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

__all__ = ["Care", "care_of", "is_others", "is_sample", "self_tests"]

# Where package managers put things, and no person does by hand; not /etc, /opt/app, /root, /srv, /usr/local/bin.
_PACKAGED: Final = re.compile(
    r"^(?:usr/)?(?:lib(?:32|64|x32|exec)?|share|include|s?bin)/|^var/lib/dpkg/info/"
    r"|^usr/local/(?:lib(?:32|64|exec)?|share|include|cuda[^/]*|go)/|^opt/(?:nvidia|rocm[^/]*|intel|hpcx)/"
    r"|(?:^|/)(?:(?:site|dist)-packages|node_modules|(?:ana|mini|micro)?conda[23]?|(?:mini|mamba)forge3?)/"
    r"|(?:^|/)(?:lib(?:64)?/(?:python|pypy)[23][.\d]*t?|\.?rustup/toolchains|go/pkg/mod|\.cargo/registry)/"
)
_SAMPLES: Final = re.compile(
    r"(?:^|/)(?:[^/]*[_-])?(?:tests?|testing|testdata|fixtures|examples?)(?:[_-][^/]*)?/"
    r"|^usr/(?:local/)?share/(?:doc|man|info|help)/"
    r"|(?:^|/)(?:tests?|testing|conftest)(?:[\d_.-][^/]*)?$|[_-]tests?\.[^/.]*$"
)
_PROGRAMS: Final = (b"\x7fELF", b"!<arch>\n")


class Care(IntEnum):
    """How a file is searched, least first."""

    NONE = 0
    SURE = 1  # by the forms that are sure alone
    ALL = 2


def is_others(path: str) -> bool:
    """Whether a path of an image (``usr/lib/a``) is a place of packages."""
    return _PACKAGED.search(path) is not None


def is_sample(path: str) -> bool:
    """Whether it is a package's own test, example or manual, or lies in a directory of such."""
    return _SAMPLES.search(path) is not None


def care_of(path: str, *, own: bool = False, packaged: bool = False) -> Care:
    """How a file at a path of an image is searched; ``own`` is whatever its path is, ``packaged`` is others'."""
    if own or not (packaged or is_others(path)):
        return Care.ALL
    return Care.NONE if is_sample(path) else Care.SURE


def self_tests(head: bytes) -> frozenset[str]:
    """The kinds that are not told of others' file that begins with ``head``: keys with which libraries test themselves.

    GnuTLS and librdkafka have such; FIPS 140-3 asks for self-tests of algorithms.
    """
    return frozenset({"private-key"} if head.startswith(_PROGRAMS) else ())
