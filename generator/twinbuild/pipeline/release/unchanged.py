"""Whether the last release or build stands: nothing it came from was touched, and its output is as it was written.

This is a wrapper around the stages, which know nothing of it. It costs a ``stat`` for each file, and it imports none
of the libraries that the stages need. In any doubt it says no, and the stages do their work.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.settings import store_place
from twinbuild.pipeline.alone import alone_in
from twinbuild.pipeline.fresh.identity import environment_digest, tool_identity
from twinbuild.pipeline.fresh.stamp import (
    BUILD_STAMP,
    EVIDENCE,
    IMAGE,
    STAMP,
    Entry,
    Stamp,
    decode_stamp,
    encode_stamp,
    stamp_key,
)
from twinbuild.pipeline.fresh.status import contents_digest, facts_of, settled
from twinbuild.pipeline.fresh.summary import Summary
from twinbuild.pipeline.observed import RUN, is_beside, run_document
from twinbuild.pipeline.output import write_file
from twinbuild.pipeline.place import comes_with_the_project
from twinbuild.store.disk import DiskStore

__all__ = ["output_entries", "unchanged_build", "unchanged_release"]

_SPEC = "release.yaml"
_CONFIGURATION = "twinbuild.toml"


def unchanged_release(
    where: Path,
    overlays: tuple[Path, ...],
    output: Path | None,
    environment: Mapping[str, str],
    *,
    variants: tuple[str, ...] = (),
) -> Summary | None:
    """The summary of the last release of the spec at ``where``, if that still stands; ``run.json`` is then new.

    ``variants`` are the only ones that it is about, () all. Raises nothing of its own: whatever is wrong, the stages
    say it.
    """
    started = time.time_ns()
    found = _standing(STAMP, where, overlays, output, environment, variants=variants)
    if found is None:
        return None
    stamp, place = found
    document = run_document(
        started=started / 1e9,
        seconds={"check": (time.time_ns() - started) / 1e9},
        commit=json.loads(stamp.commit),
        verification=json.loads(stamp.verification),
        store=place,
        sources=json.loads(stamp.sources),
        unchanged_since=stamp.started / 1e9,
    )
    directory = Path(stamp.summary.directory)
    with alone_in(directory):  # who reads the release meanwhile knows what is being written
        write_file(directory / RUN, document)
    return stamp.summary


def unchanged_build(
    where: Path, overlays: tuple[Path, ...], environment: Mapping[str, str], *, variants: tuple[str, ...] = ()
) -> Summary | None:
    """The summary of the last build of the spec at ``where``, if all its blobs are still there. Raises as above."""
    found = _standing(BUILD_STAMP, where, overlays, None, environment, variants=variants)
    return found[0].summary if found is not None else None


def _standing(
    kind: str,
    where: Path,
    overlays: tuple[Path, ...],
    output: Path | None,
    environment: Mapping[str, str],
    *,
    variants: tuple[str, ...],
) -> tuple[Stamp, str] | None:
    """The stamp of a kind, where it still stands, and the store's place."""
    started = time.time_ns()
    spec = where / _SPEC if where.is_dir() else where
    place = _store(spec.parent / _CONFIGURATION, environment)
    if place is None or not Path(place, "version").is_file():
        return None
    key = stamp_key(
        str(spec.absolute()),
        tuple(str(path.absolute()) for path in overlays),
        str(output.absolute()) if output else "",
        variants,
    )
    try:
        with DiskStore(Path(place)) as store:
            record = store.record(kind, key)
            stamp = decode_stamp(record) if record is not None else None
            if stamp is None or not _stands(stamp, store, environment):
                return None
            if any(not settled(entry.facts, stamp.seen) for entry in stamp.inputs):  # looked at again just now
                store.put_record(kind, key, encode_stamp(dataclasses.replace(stamp, seen=started)))
    except TwinbuildError:
        return None
    return stamp, place


def output_entries(directory: str) -> Iterator[Entry]:
    """The files below a directory of results but for what comes beside it, sorted; paths are relative to it."""
    for top, directories, names in os.walk(directory):
        directories.sort()
        links = [name for name in directories if os.path.islink(f"{top}/{name}")]  # noqa: PTH114  start-up is measured
        for name in sorted((*names, *links)):
            path = f"{top}/{name}"
            relative = path[len(directory) + 1 :]
            if not is_beside(relative):
                yield Entry(path=relative, facts=facts_of(path), digest="")


def _store(configuration: Path, environment: Mapping[str, str]) -> str | None:
    """Where the store is, read as the settings read it; None where they would complain, or know better."""
    stated: object = ""
    if configuration.exists():
        import tomllib

        try:
            stated = tomllib.loads(configuration.read_text("utf-8")).get("store", "")
        except (ValueError, OSError, RecursionError):
            return None
    home = environment.get("HOME", "")
    if not environment.get("TWINBUILD_STORE") and stated and comes_with_the_project(str(stated), configuration.parent):
        return None
    stated = environment.get("TWINBUILD_STORE") or stated
    if not isinstance(stated, str) or not home:
        return None
    place = stated or store_place(environment, home)
    return place if place.startswith("/") else None


def _stands(stamp: Stamp, store: DiskStore, environment: Mapping[str, str]) -> bool:
    return (
        not stamp.summary.difference  # of files that no commit has: whether they still lie there, git alone can say
        and stamp.environment == environment_digest(environment)
        and all(_unchanged(entry, stamp.seen) for entry in stamp.inputs)
        and (not stamp.summary.directory or _released(stamp, store))
        and all(store.record(IMAGE, Digest(key)) for key in stamp.derivations)  # a second build may have refuted it
        and all(_stored(hexadecimal, size, store) for hexadecimal, size in stamp.blobs)
        and stamp.tool == tool_identity().digest
    )


def _released(stamp: Stamp, store: DiskStore) -> bool:
    """Whether the output of a release is as it was written, and its evidence still there."""
    directory = stamp.summary.directory
    return (
        tuple(output_entries(directory)) == stamp.output
        and all(settled(entry.facts, stamp.seen) for entry in stamp.output)
        and os.path.isdir(directory)  # noqa: PTH112  start-up is measured
        and not os.path.islink(directory)  # noqa: PTH114
        and bool(store.record(EVIDENCE, Digest(stamp.evidence)))
    )


def _unchanged(entry: Entry, seen: int) -> bool:
    if facts_of(entry.path) != entry.facts:
        return False
    if settled(entry.facts, seen):
        return True
    return bool(entry.digest) and contents_digest(entry.path) == entry.digest


def _stored(hexadecimal: str, size: int, store: DiskStore) -> bool:
    return store.has(digest := Digest(hexadecimal)) and store.size(digest) == size
