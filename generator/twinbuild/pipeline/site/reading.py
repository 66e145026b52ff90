"""A release of a directory, as its pages are given it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.auditentry import Entry
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.describe.manifest import MANIFEST_VERSION
from twinbuild.describe.naming import BUILDER, DOCKER_BUILDER, WITNESS
from twinbuild.describe.site.contents import Contents
from twinbuild.describe.site.published import Builder, Published, Signer
from twinbuild.describe.statements import statement_fault
from twinbuild.errors import IntegrityError, Location, UsageError
from twinbuild.govern.keys import PublicKey
from twinbuild.model.bom import Bom
from twinbuild.model.digest import Digest
from twinbuild.pipeline.audit.read import read_entries
from twinbuild.pipeline.challenge.statements import Statement
from twinbuild.pipeline.observed import RUN
from twinbuild.pipeline.reading.attested import ENVELOPES, MAIN, read_envelope, signers_of
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.reading.validating import require_format
from twinbuild.pipeline.regular import LARGEST, Irregular, Missing, read_regular
from twinbuild.pipeline.site.layers import Layers, OpenLayer, opener
from twinbuild.pipeline.site.rebuilders import rebuilders
from twinbuild.pipeline.vouching import verify_release

__all__ = ["Trail", "published", "read_trail"]

Trail = tuple[str, Mapping[str, tuple[tuple[int, Entry], ...]]]
_BILL: Final = "sbom.cdx.json"
_TESTS: Final = "tests.intoto.json"
_PROVENANCE: Final = "provenance.intoto.json"
_TAKE: Final = "take the release from where it was made again"
_BUILDERS: Final = {BUILDER: "twinbuild's own assembler", DOCKER_BUILDER: "Docker's BuildKit"}
_OLDEST, _NEWEST = 315_532_800, 4_323_369_600  # of 1980, and before 2107, in seconds since 1970
_NO_TRAIL: Final[Trail] = ("", {})


def read_trail(log: Path) -> Trail:
    """A log's name, and its entries by the release that they are about. Raises what ``read_entries`` does."""
    checkpoint, _, entries = read_entries(log)
    found: dict[str, list[tuple[int, Entry]]] = {}
    for index, entry in enumerate(entries):
        if entry.release:
            found.setdefault(entry.release, []).append((index, entry))
    return checkpoint.origin, {digest: tuple(listed) for digest, listed in found.items()}


def published(
    where: Path,
    trail: Trail = _NO_TRAIL,
    keys: tuple[PublicKey, ...] = (),
    *,
    layers: Layers | None = None,
    opened: OpenLayer | None = None,
    heard: tuple[Statement, ...] = (),
) -> Published:
    """The release of a directory, or of a release manifest alone.

    What the release manifest names must have the bytes that it says, and statements must be about this release. Where
    one of ``keys`` signed it, the signature must be good and the release whole, as ``verify_release`` has it, which
    raises otherwise; a release that none of them signed is shown as that. ``layers`` reads what is in its layers, which
    ``opened`` opens, or else lie in its directory; without it nothing of them is read.
    ``heard`` are statements of rebuilders, of this release or of others.

    Raises what ``read_release`` and ``decode_bom`` do; IntegrityError TB7607 for a manifest that does not keep its
    format, TB9402 for a bill of materials or a statement that is not this release's; UsageError TB9403 for one of an
    older version, or of another century; what ``Layers.of`` and ``rebuilders`` raise.
    """
    release = read_release(where)
    document: dict[str, Any] = release.document
    require_format(release.path, document)
    _require_current(release, document)
    metadata, (log, entries) = document["metadata"], trail
    statements = {} if release.directory is None else _statements(release, release.directory, document)
    return Published(
        digest=release.digest,
        name=metadata["name"],
        version=metadata["version"],
        time=metadata["source_date_epoch"],
        manifest=release.content,
        bom=None if release.directory is None else _bill(release.directory, document),
        tests=statements.get(_TESTS, b""),
        builders=(*_builders(statements), *_observed(release, document)),
        signers=() if release.directory is None else _signers(release, release.directory, keys),
        rebuilders=rebuilders(document, heard, keys),
        contents=_contents(release, document, layers, opened),
        log=log,
        entries=entries.get(str(release.digest), ()),
    )


def _contents(
    release: Released, document: dict[str, Any], layers: Layers | None, opened: OpenLayer | None
) -> tuple[Contents, ...]:
    if opened is None and release.directory is not None:
        opened = opener(release.directory)
    return layers.of(document, opened) if layers is not None and opened is not None else ()


def _require_current(release: Released, document: dict[str, Any]) -> None:
    # An older version had no schema, and names of files are made of what it says.
    when = document["metadata"]["source_date_epoch"]
    if document["apiVersion"] != MANIFEST_VERSION or not _OLDEST <= when < _NEWEST:
        raise UsageError.of(
            "TB9403",
            f"{release.path} is {document['apiVersion']}, its time {str(when)[:20]}; "
            f"expected {MANIFEST_VERSION} and a time of the years 1980 to 2106",
            hint="release it again",
            where=Location(file=str(release.path)),
        )


def _bill(directory: Path, document: dict[str, Any]) -> Bom | None:
    """The bill of materials that the release manifest names; None where it names none."""
    named = {entry["path"]: entry["sha256"] for entry in document["documents"]}
    if _BILL not in named:
        return None
    content = _read(directory / _BILL)
    if content is None or Digest.of(content).hex != named[_BILL]:
        raise _foreign(directory / _BILL, "is not the one that the release manifest names")
    return decode_bom(content, name=str(directory / _BILL))


def _statements(release: Released, directory: Path, document: dict[str, Any]) -> dict[str, bytes]:
    """The statements that lie there, each about this release."""
    found = {}
    for name in (_TESTS, _PROVENANCE):
        content = _read(directory / name)
        if content is None:
            continue
        if fault := statement_fault(name, content, document, release.digest):
            raise _foreign(directory / name, fault)
        found[name] = content
    return found


def _builders(statements: Mapping[str, bytes]) -> tuple[Builder, ...]:
    """The builder that the provenance names, with its version."""
    if _PROVENANCE not in statements:
        return ()
    builder = json.loads(statements[_PROVENANCE])["predicate"].get("runDetails", {}).get("builder", {})
    versions = ", ".join(f"{name} {version}" for name, version in sorted(builder.get("version", {}).items()))
    identity = str(builder.get("id", ""))
    return (Builder(title=_BUILDERS.get(identity, "another builder"), versions=versions, identity=identity),)


def _observed(release: Released, document: dict[str, Any]) -> Iterator[Builder]:
    """Builders that ``run.json`` tells of beside the embedded one, where each of their builds gave these very images.

    Nobody signed it, so the page says where it is from; what is not such a record is passed over.
    """
    content = _read(release.directory / RUN) if release.directory is not None else None
    try:
        parsed, _ = parse_json(RUN, content or b"{}")
        run: Any = parsed
        for statement in run.get("verification", {}).get("builders", ()):
            builder, builds = statement["predicate"]["builder"], statement["predicate"]["builds"]
            (subject,) = statement["subject"]
            same = [[each["digest"]["sha256"] for each in build] for build in builds]
            images = [str(each["digest"]).removeprefix("sha256:") for each in document["environment"]["images"]]
            about = subject["digest"]["sha256"] == release.digest.hex and statement["predicateType"] == WITNESS
            if about and builder["id"] != BUILDER and same and all(sorted(each) == sorted(images) for each in same):
                versions = ", ".join(f"{name} {builder[name]}" for name in sorted(builder.keys() - {"id"}))
                title = f"{_BUILDERS.get(builder['id'], 'another builder')}, as run.json says"
                yield Builder(title=title, versions=versions, identity=str(builder["id"]))
    except (JsonProblem, LookupError, TypeError, ValueError, AttributeError):
        return


def _signers(release: Released, directory: Path, known: tuple[PublicKey, ...]) -> tuple[Signer, ...]:
    """Each key that signed this very release, with the envelopes that name it. Those that are known are verified."""
    main = read_envelope(directory, MAIN)
    if main is None:
        return ()
    named = {each.keyid for each in main.signatures}
    trusted = tuple(key for key in known if key.keyid in named)
    verified = verify_release(release, trusted).keys if trusted else ()
    keys = signers_of(release)
    texts: dict[str, list[str]] = {keyid: [] for keyid in keys}
    for name in ENVELOPES:
        envelope = read_envelope(directory, name)
        for signature in envelope.signatures if envelope is not None else ():
            texts.setdefault(signature.keyid, []).append(name)
    return tuple(
        Signer(keyid=keyid, texts=tuple(texts[keyid]) or (MAIN,), is_verified=keyid in verified) for keyid in keys
    )


def _read(path: Path) -> bytes | None:
    try:
        return read_regular(path, LARGEST)
    except Missing:
        return None
    except Irregular as error:
        raise _foreign(path, str(error)) from None


def _foreign(path: Path, why: str) -> IntegrityError:
    return IntegrityError.of("TB9402", f"{path.name} {why}", hint=_TAKE, where=Location(file=str(path)))
