"""Which twinbuild this is: code and templates file by file, libraries and interpreter, and the variables it reads.

A checkout that is installed as editable changes without a change of version, so the version alone says too little.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import twinbuild
from twinbuild.model.settings import AUDIT_KEY, PASSPHRASE, SIGNING_KEY
from twinbuild.pipeline.fresh.status import Facts, facts_of, settles_at

__all__ = ["Identity", "environment_digest", "tool_identity"]

_NAMED: Final = frozenset(
    {"HOME", "XDG_CACHE_HOME", "NETRC", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "REQUEST_METHOD", "SOURCE_DATE_EPOCH"}
)
# A digest of a passphrase is one to guess it by.
_OF_KEYS: Final = frozenset({AUDIT_KEY, PASSPHRASE, SIGNING_KEY})
_PREFIXES: Final = ("TWINBUILD_", "PIP_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A digest of the status of everything that runs, and from when on (ns since 1970) that status vouches for it."""

    digest: str
    settles_at: int


def tool_identity() -> Identity:
    """The identity of what runs now."""
    package = os.path.dirname(os.path.abspath(twinbuild.__file__))  # noqa: PTH100, PTH120  start-up is measured
    found: list[tuple[str, Facts]] = [(sys.executable, facts_of(os.path.realpath(sys.executable)))]
    for directory in (package, f"{os.path.dirname(os.path.dirname(package))}/templates"):  # noqa: PTH120  as above
        found += ((path, facts_of(path)) for path in sorted(_files(directory)))
    found += ((path, facts_of(path)) for path in sorted(_distributions()))
    content = json.dumps([twinbuild.__version__, sys.version, sys.path, found], sort_keys=True)
    return Identity(
        digest=hashlib.sha256(content.encode("utf-8", "surrogateescape")).hexdigest(),
        settles_at=max(settles_at(facts) for _, facts in found),
    )


def _files(directory: str) -> Iterator[str]:
    """The files below a directory but for byte code, which the interpreter checks against them by itself."""
    for top, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name != "__pycache__"]
        yield from (os.path.join(top, name) for name in names)  # noqa: PTH118  start-up is measured


def _distributions() -> Iterator[str]:
    """The records of installed libraries: what an installer replaces, the names with versions included."""
    for place in dict.fromkeys(sys.path):
        try:
            names = os.listdir(place or ".")  # noqa: PTH208  start-up is measured
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".pth", ".egg-link")):
                yield f"{place}/{name}"


def environment_digest(environment: Mapping[str, str]) -> str:
    """A digest of every variable that a setting may come from; the values themselves may be secret."""
    chosen = {name: value for name, value in environment.items() if _counts(name)}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()


def _counts(name: str) -> bool:
    if name in _OF_KEYS:
        return False
    return name in _NAMED or name.startswith(_PREFIXES) or name.lower().endswith("_proxy")
