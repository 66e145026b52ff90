"""Whether a release on disk is whole: its manifest keeps its format, and every file and image is the one it names."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Final

from twinbuild import __version__
from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.describe.manifestfaults import manifest_faults
from twinbuild.describe.people import manifest_yaml
from twinbuild.describe.statements import statement_fault
from twinbuild.describe.trials import STATEMENT
from twinbuild.errors import Finding, IntegrityError, Location
from twinbuild.model.digest import Digest
from twinbuild.net.registry.closure import close_over
from twinbuild.oci.layout import blob_path, tag
from twinbuild.pipeline.alone import alone_in
from twinbuild.pipeline.observed import APPROVALS, RUN, SIGNATURES
from twinbuild.pipeline.reading.attested import PLAIN, is_signature
from twinbuild.pipeline.reading.layoutheld import layout_faults
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.regular import LARGEST, Irregular, open_regular, read_regular

__all__ = ["BESIDE", "check_release", "require_format"]

BESIDE: Final = frozenset(  # what no manifest can cover: itself, and what was observed of it
    {"manifest.json", "manifest.yaml", "release.digest", "provenance.intoto.json", "tests.intoto.json", "run.json"}
)
_LARGEST_PLAIN: Final = 4 << 10  # bytes of a signature alone
_IMAGE: Final = "image"
_TAKE: Final = "take the directory from where it was released again"


def check_release(release: Released) -> int:
    """Hold the release manifest against its format, and every file and image against it; how many files it names.

    A release manifest that lies alone covers nothing that could be looked at. Raises IntegrityError TB7607 with each
    fault of the manifest, TB7005 with every file that is missing, added, of other bytes, or no file; TB3210, TB3211 and
    TB3234 for images and blobs that are not the release's.
    """
    document: dict[str, Any] = release.document
    require_format(release.path, document)
    directory, entries = release.directory, document["documents"]
    if directory is None:
        return 0
    findings: list[Finding] = []
    for entry in entries:
        path = PurePosixPath(entry["path"])
        if why := _unlike(directory, path, entry):
            findings.append(_finding(directory, path, why))
    findings += _beside(directory, document, release)
    said = {each.where.file for each in findings if each.where is not None}
    added = _added(directory, {PurePosixPath(entry["path"]) for entry in entries})
    findings += [each for each in added if each.where is None or each.where.file not in said]
    if findings:
        raise IntegrityError(tuple(findings))
    _check_images(directory, document)
    return len(entries)


def require_format(path: Path, document: dict[str, Any], more: Iterable[tuple[str, str]] = ()) -> None:
    """Raise IntegrityError TB7607 with each place where a release manifest is none, and each of ``more``, and why."""
    faults = tuple(
        Finding(
            code="TB7607",
            message=f"{where or 'the document'}: {what}",
            hint="take the release manifest from where it was made again",
            where=Location(file=str(path), pointer=where),
        )
        for where, what in (*manifest_faults(document), *more)
    )
    if faults:
        raise IntegrityError(faults)


def _beside(directory: Path, document: dict[str, Any], release: Released) -> Iterator[Finding]:
    """What no manifest can cover: the same document as YAML, and statements, which are about this release."""
    if document["generator"].get("version") == __version__:  # another version may write YAML otherwise
        expected = manifest_yaml(release.content)
        try:
            same = read_regular(directory / "manifest.yaml", len(expected)) == expected
        except Irregular:
            same = False
        if not same:
            yield _finding(directory, PurePosixPath("manifest.yaml"), "is not the release manifest as YAML")
    for name, needed in (("provenance.intoto.json", True), (STATEMENT, _tested(document))):
        file = directory / name
        if not os.path.lexists(file):
            if needed:
                yield _finding(directory, PurePosixPath(name), "is missing")
            continue
        try:
            content = read_regular(file, LARGEST)
        except Irregular as error:
            yield _finding(directory, PurePosixPath(name), str(error))
            continue
        current = document["apiVersion"] == MANIFEST_VERSION
        judge = statement_fault if current else _foreign
        if fault := judge(name, content, document, release.digest):
            yield _finding(directory, PurePosixPath(name), fault)


def _foreign(name: str, content: bytes, document: Mapping[str, Any], digest: Digest) -> str:
    """What is wrong with a statement of a release of the first version, of which less is known."""
    environment = document["environment"]
    images = {each["digest"] for key in ("images", "indexes") for each in environment.get(key, ())}
    try:
        statement: Any = parse_json(name, content)[0]
        about = {f"sha256:{subject['digest']['sha256']}" for subject in statement["subject"]}
    except (JsonProblem, LookupError, TypeError, AttributeError):
        about = set()
    return "" if about and not about - images - {str(digest)} else "is not about this release and its images"


def _tested(document: dict[str, Any]) -> bool:
    """Whether an image passed its tests: then there is a statement of it. The first version says nothing of that."""
    return document["apiVersion"] == MANIFEST_VERSION and any(
        image["verdict"] == "passed" for image in document["tests"]["images"]
    )


def _check_images(directory: Path, document: dict[str, Any]) -> None:
    """Every image of the release is in the layout, by its own name, and nothing else is."""
    source = LayoutBlobs(directory / _IMAGE)
    named = source.images()
    source.require_verified(named)
    files = {"index.json", "oci-layout"}
    seen: set[str] = set()
    for image in named:
        closure = close_over(source.manifest(image.descriptor), source.manifest)
        for blob in closure.blobs:
            source.check(blob.digest, size=blob.size)
        seen |= {str(manifest.digest) for manifest in closure.manifests}
        files |= {blob_path(blob.digest) for blob in closure.blobs}
        files |= {blob_path(manifest.digest) for manifest in closure.manifests}
    index = PurePosixPath(_IMAGE, "index.json")
    findings = [
        _finding(directory, index, f"does not lead to {image['digest']} ({image['variant']}, {image['platform']})")
        for image in document["environment"]["images"]
        if image["digest"] not in seen
    ]
    tags, expected = [(str(image.descriptor.digest), image.tag) for image in named], _tags(document)
    findings += [
        _finding(directory, index, f"calls {digest} {was!r}, expected {expected.get(digest, 'no such entry')!r}")
        for digest, was in tags
        if expected.get(digest) != was
    ]
    if len(tags) != len(set(tags)):
        findings.append(_finding(directory, index, "names an image twice"))
    findings += _added(directory / _IMAGE, {PurePosixPath(file) for file in files}, beside=frozenset())
    findings = findings or [
        _finding(directory, PurePosixPath(_IMAGE, name), why) for name, why in layout_faults(source, document)
    ]
    if findings:
        raise IntegrityError(tuple(findings))


def _tags(document: dict[str, Any]) -> dict[str, str]:
    """The tag of each entry of the layout, by its digest: an image, or the index of a variant's images."""
    environment = document["environment"]
    indexes = {index["variant"]: index["digest"] for index in environment.get("indexes", ())}
    tops = {image["variant"]: indexes.get(image["variant"], image["digest"]) for image in environment["images"]}
    only = len(tops) == 1 and not environment.get("subset_of")
    version = document["metadata"]["version"]
    return {digest: tag(version, variant, only=only) for variant, digest in tops.items()}


def _added(directory: Path, covered: set[PurePosixPath], *, beside: frozenset[str] = BESIDE) -> Iterator[Finding]:
    """A finding for each file that lies there and is none of the release's: somebody would apply or read it.

    So is one for what bears the name of a file of the release, and is none.
    """
    for relative, found in sorted(_below(directory), key=lambda each: each[0]):
        known = relative in covered or relative.as_posix() in beside
        if beside and (is_signature(relative) or relative.parts[:1] == (_IMAGE,)):
            known = True
        if isinstance(found, str):
            yield _finding(directory, relative, found)
        elif not known and not _passing(directory, relative):
            message = f"{relative} was added: the release manifest does not name it"
            hint = f"take it out, or {_TAKE}"
            yield Finding(code="TB7005", message=message, hint=hint, where=Location(file=str(directory / relative)))
        elif why := _irregular(relative, found, bounded=bool(beside) and relative.parts[0] != _IMAGE):
            yield _finding(directory, relative, why)


def _passing(directory: Path, path: PurePosixPath) -> bool:
    """Whether it was there for the moment in which somebody signed or approved: it is gone when that one is done."""
    if path.parts[0] not in (SIGNATURES, APPROVALS) and not path.name.startswith(f".{RUN}."):
        return False
    with suppress(OSError), alone_in(directory):
        return not os.path.lexists(directory / path)
    return False


def _irregular(path: PurePosixPath, found: os.stat_result, *, bounded: bool) -> str:
    """Why it is no file that can be read; "" where it is one."""
    if stat.S_ISLNK(found.st_mode):
        return "is a link"
    if path.parts == (_IMAGE,):
        return "is no directory"
    if not stat.S_ISREG(found.st_mode):
        return "is no file"
    most = _LARGEST_PLAIN if is_signature(path) and PLAIN.fullmatch(path.name) else LARGEST
    if bounded and found.st_size > most:
        return f"has {counted(found.st_size, 'byte')}, expected at most {most}"
    return ""


def _below(directory: Path) -> Iterator[tuple[PurePosixPath, os.stat_result | str]]:
    """Everything below that is no directory, with its status; and each directory with why it cannot be looked into."""
    waiting = [PurePosixPath()]
    while waiting:
        place = waiting.pop()
        try:
            found = []
            with os.scandir(directory / place) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # it was there for a moment: somebody signs
                        found.append((place / entry.name, entry.stat(follow_symlinks=False)))
        except OSError as error:
            yield place, f"cannot be looked into: {(error.strerror or '').lower()}"
            continue
        waiting += [path for path, status in found if stat.S_ISDIR(status.st_mode)]
        yield from ((path, status) for path, status in found if not stat.S_ISDIR(status.st_mode))


def _finding(directory: Path, path: PurePosixPath, why: str) -> Finding:
    return Finding(code="TB7005", message=f"{path} {why}", hint=_TAKE, where=Location(file=str(directory / path)))


def _unlike(directory: Path, path: PurePosixPath, entry: dict[str, Json]) -> str:
    """Why a file is not the one that was released; "" where it is."""
    if path.is_absolute() or ".." in path.parts:
        return "lies outside of the release"
    file = directory / path
    ways = [part for part in (file, *file.parents) if part.is_relative_to(directory) and part != directory]
    try:
        if any(part.is_symlink() for part in ways):
            return "is a link, or lies below one"
        with open_regular(file) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size != entry.get("size"):
                return f"has {counted(size, 'byte')}, expected {entry.get('size')}"
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except Irregular as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {(error.strerror or '').lower()}"
    return "" if digest == entry.get("sha256") else f"has sha256:{digest}, expected sha256:{entry.get('sha256')}"
