"""The stamp of a release or a build: all that its result came from, so that a later run sees that it still stands.

A stamp names the tool and its settings (digests), every file and directory that was read (status, and the digest of the
bytes that were used), the blobs that must be in the store, and the output file by file. It is a record of the store,
under a key made of where spec, overlays and output lie.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.model.digest import Digest
from twinbuild.pipeline.fresh.status import Facts
from twinbuild.pipeline.fresh.summary import ReleasedImage, ReleasedIndex, Summary

__all__ = ["BUILD_STAMP", "EVIDENCE", "IMAGE", "STAMP", "Entry", "Stamp", "decode_stamp", "encode_stamp", "stamp_key"]

STAMP: Final = "release-stamp"
BUILD_STAMP: Final = "build-stamp"
IMAGE: Final = "image"  # the kind of record that says what a derivation was built to
EVIDENCE: Final = "verification"  # the kind of record that says which images were built twice
_FORMAT: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A path (absolute), its status, and the SHA-256 of the bytes that were used ("" where only the status counts)."""

    path: str
    facts: Facts
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a release came from and what it came to. ``started`` and ``seen``: when it began, when this was gathered.

    Times in ns since 1970. ``blobs`` are digests (hexadecimal) and sizes; ``output`` holds paths relative to the
    summary's directory, without ``run.json``; ``commit``, ``verification`` and ``sources`` are what ``run.json`` says
    of them, JSON.
    ``derivations`` are the keys (hexadecimal) under which the images are remembered, ``evidence`` is that of the
    evidence that they were built twice. A build has no evidence and no output but the blobs: its ``evidence`` and
    its summary's directory are "".
    """

    tool: str
    environment: str
    started: int
    seen: int
    inputs: tuple[Entry, ...]
    blobs: tuple[tuple[str, int], ...]
    derivations: tuple[str, ...]
    output: tuple[Entry, ...]
    evidence: str
    summary: Summary
    commit: str
    verification: str
    sources: str


def stamp_key(spec: str, overlays: tuple[str, ...], output: str, variants: tuple[str, ...] = ()) -> Digest:
    """Where the stamp lies: by absolute paths, "" for the output's usual place; ``variants``: the only ones, () all."""
    content = json.dumps([_FORMAT, spec, overlays, output, sorted(set(variants))]).encode("utf-8", "surrogateescape")
    return Digest(hashlib.sha256(content).hexdigest())


def encode_stamp(stamp: Stamp) -> bytes:
    """A stamp as JSON."""
    return json.dumps({"format": _FORMAT, **dataclasses.asdict(stamp)}, sort_keys=True).encode()


def decode_stamp(content: bytes) -> Stamp | None:
    """The stamp of a record, or None if the record is not one."""
    try:
        document: dict[str, Any] = json.loads(content)
        if document.pop("format") != _FORMAT:
            return None
        summary = document["summary"]
        return Stamp(
            **{
                **document,
                "inputs": tuple(_entry(entry) for entry in document["inputs"]),
                "output": tuple(_entry(entry) for entry in document["output"]),
                "blobs": tuple((str(digest), int(size)) for digest, size in document["blobs"]),
                "derivations": tuple(map(str, document["derivations"])),
                "summary": Summary(
                    **{
                        **summary,
                        "untested": tuple(map(str, summary["untested"])),
                        "images": tuple(ReleasedImage(**image) for image in summary["images"]),
                        "indexes": tuple(
                            ReleasedIndex(**{**index, "platforms": tuple(index["platforms"])})
                            for index in summary["indexes"]
                        ),
                    }
                ),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _entry(document: dict[str, Any]) -> Entry:
    return Entry(path=document["path"], facts=tuple(document["facts"]), digest=document["digest"])
