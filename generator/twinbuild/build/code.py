"""Which code makes layers: a part of every key under which this machine remembers a layer, or that it is proven.

A derivation says what a layer is made of. Of the code that makes it, it says a few names with versions, which somebody
must remember to raise. A cache that relied on them would, after an update, give what the older twinbuild had built,
and call it proven: another digest than on a machine with an empty cache. So the code itself counts here. It is no part
of the derivation: two versions that write the same bytes still arrive at the same image.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import Final

import installer
import zstandard
from zlib_ng import zlib_ng

import twinbuild
from twinbuild.codec.canonical import digest_of
from twinbuild.model.digest import Digest

__all__ = ["ROOMS", "code_digest", "remembered_as"]

# What writes bytes, and what decides them.
ROOMS: Final = ("build", "codec", "debian", "model", "oci", "process", "wheel")


def remembered_as(derivation: Digest) -> Digest:
    """The key of what this machine remembers of a derivation that this code realised."""
    return digest_of({"derivation": str(derivation), "code": code_digest()})


@cache
def code_digest() -> str:
    """SHA-256 of the sources of ``ROOMS``, with the versions of the interpreter and the libraries that they run on."""
    package = Path(twinbuild.__file__).parent
    versions = (sys.version_info[:3], zstandard.ZSTD_VERSION, zlib_ng.ZLIBNG_VERSION, installer.__version__)
    digest = hashlib.sha256(repr(versions).encode())
    for room in ROOMS:
        for path in sorted(package.joinpath(room).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()
