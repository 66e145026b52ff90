"""What counts as a secret in files that others publish for all: Debian packages, wheels, a base image's libraries.

Their manuals and tests are full of passwords and keys that are none, and known to all.
"""

from __future__ import annotations

import re
from typing import Final

from twinbuild.codec.leaks.scan import Leak

__all__ = ["is_others", "is_sample", "without_self_tests"]

# Where package managers put things, and no person does by hand; not /etc, /opt/app, /root, /srv, /usr/local/bin.
_PACKAGED: Final = re.compile(
    r"^(?:usr/)?(?:lib(?:32|64|x32|exec)?|share|include|s?bin)/"
    r"|^usr/local/(?:lib(?:32|64|exec)?|share|include|cuda[^/]*)/"
    r"|(?:^|/)(?:(?:site|dist)-packages|node_modules|(?:mini|micro)?conda3?)/"
)
_SAMPLES: Final = re.compile(
    r"(?:^|/)(?:[^/]*[_-])?(?:tests?|testing|testdata|fixtures|examples?)(?:[_-][^/]*)?/"
    r"|^usr/(?:local/)?share/(?:doc|man|info|help)/"
    r"|(?:^|/)(?:test|conftest)[^/]*$|[_-]tests?\.[^/.]*$"
)
_PROGRAMS: Final = (b"\x7fELF", b"!<arch>\n")


def is_others(path: str) -> bool:
    """Whether a path of an image (``usr/lib/a``) is a place of packages."""
    return _PACKAGED.search(path) is not None


def is_sample(path: str) -> bool:
    """Whether it is a package's own test, example or manual, or lies in a directory of such."""
    return _SAMPLES.search(path) is not None


def without_self_tests(leaks: tuple[Leak, ...], head: bytes) -> tuple[Leak, ...]:
    """The leaks of a file that begins with ``head``: none of the keys with which libraries test themselves.

    GnuTLS and librdkafka have such; FIPS 140-3 asks for self-tests of algorithms.
    """
    if not head.startswith(_PROGRAMS):
        return leaks
    return tuple(leak for leak in leaks if leak.kind != "private-key")
