"""JSON Schema of what a release manifest has beside the spec's own sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.describe.parts import TOOLS
from twinbuild.describe.shapes import (
    EXECUTABLE,
    INDEX,
    PATH,
    PLATFORM,
    PROJECT,
    REQUESTED,
    SHA256,
    SIZE,
    VARIANT,
    VERSION,
    digest,
    entries,
    flag,
    mapping,
    pointer,
    record,
    text,
    whole,
)

__all__ = ["OPTIONAL", "SCHEMAS"]

_FILE: Final = record("A file.", path=PATH, sha256=SHA256, size=SIZE, executable=EXECUTABLE)
_COVERED: Final = record("A file.", path=PATH, sha256=SHA256, size=SIZE)
_WHEEL: Final = record(
    "A wheel.",
    name=PROJECT,
    version=VERSION,
    filename=text("Name of the file.", pattern=r"^[^/]+\.whl$"),
    index=INDEX,
    sha256=SHA256,
    requested=REQUESTED,
    requires=entries("Projects of this list that it requires.", PROJECT),
)
_DEB: Final = record(
    "A Debian package.",
    name=text("Name.", pattern="^[a-z0-9][a-z0-9+.-]+$"),
    version=text("Version."),
    architecture=text("Architecture of the package."),
    source=text("Source package and its version."),
    sha256=SHA256,
    requested=REQUESTED,
)
_SDIST: Final = record(
    "A source distribution.",
    name=PROJECT,
    version=VERSION,
    filename=text("Name of the file.", pattern="^[^/]+$"),
    index=INDEX,
    sha256=SHA256,
)
_COMPRESSED: Final = digest("Digest of the tar as compressed.")
_TAR: Final = digest("Digest of the tar.")
_MANIFEST: Final = digest("Digest of its manifest.")
_CONFIGURATION: Final = digest("Digest of its configuration.")
_COMPRESSED_SIZE: Final = whole("Compressed size in bytes.", least=1)
_LAYER: Final = record(
    "A layer.",
    title=text("What it holds."),
    diff_id=_TAR,
    digest=_COMPRESSED,
    size=_COMPRESSED_SIZE,
    uncompressed_size=whole("Size of the tar in bytes.", least=1),
    media_type=text("Media type.", pattern=r"^application/vnd\.(oci|docker)\.image\."),
)
_BASE: Final = record(
    "The image below.",
    reference=text("Name and tag."),
    digest=_MANIFEST,
    index=digest("Digest of the index that led to it.", absent=True),
    config=_CONFIGURATION,
    layers=entries(
        "Its layers, lowest first.",
        record("A layer of it.", digest=_COMPRESSED, diff_id=_TAR, size=_COMPRESSED_SIZE),
        least=1,
    ),
    system=text("ID of its os-release."),
    system_version={"type": "string", "description": "VERSION_ID of its os-release."},
    python=text("Path of its Python.", pattern="^/"),
    packages=whole("Number of Debian packages that it has."),
)
_STEP: Final = record(
    "What a build step reads beside the image.",
    name=text("Name of the step."),
    os_packages=entries("Debian packages of the step alone.", _DEB),
    wheels=entries("Wheels of the step alone.", _WHEEL),
    sdists=entries("Source distributions.", _SDIST),
    files=entries("Files of its own directory.", _FILE),
)
_TARGET: Final = record(
    "A variant on a platform.",
    "base",
    variant=VARIANT,
    platform=PLATFORM,
    python=record(
        "Its Python.",
        version=text("Version.", pattern=r"^3\.[0-9]+\.[0-9]+"),
        glibc=text("Version of the C library.", pattern=r"^[0-9]+\.[0-9]+"),
    ),
    base=_BASE,
    os_packages=entries("Debian packages of the image.", _DEB),
    wheels=entries("Wheels of the image.", _WHEEL),
    steps=entries("What its build steps read beside the image, in their order.", _STEP),
)
_IMAGE: Final = record(
    "An image.",
    variant=VARIANT,
    platform=PLATFORM,
    digest=_MANIFEST,
    config=_CONFIGURATION,
    derivation=digest("Digest of everything that decides its bytes."),
    layers=entries("Its layers, lowest first.", _LAYER, least=1),
)
_REPRODUCE: Final = record(
    "How to make the same images again: commands to run in order, in the directory of the spec.",
    needs=entries("What must be there before.", text("One thing."), least=1),
    steps=entries(
        "Commands.",
        record(
            "A command.",
            "expect",
            run=entries("Program and arguments.", {"type": "string", "description": "Argument."}, least=1),
            why=text("What it shows."),
            expect=mapping("Digest that each image must have, by variant and platform.", _MANIFEST),
        ),
        least=1,
    ),
)
_PROVENANCE: Final = record(
    "Where each value is from: a value has the source of the longest JSON pointer here that leads to it.",
    files=mapping(
        "Files of the project: JSON pointers of this document, with the JSON pointer there.",
        mapping("A file, by its path in the project.", pointer("JSON pointer in the file.")),
    ),
    defaults=record(
        "Values that nobody wrote.",
        of=text("Version of the spec's format whose defaults they are."),
        at=entries("Where they stand.", pointer("JSON pointer of this document.")),
    ),
    tools=mapping(
        "Tools. " + " ".join(f"{name}: {said}" for name, said in TOOLS.items()),
        entries("A tool.", pointer("JSON pointer of this document.")),
    ),
)

OPTIONAL: Final[frozenset[tuple[str, ...]]] = frozenset(
    {("source", "commit"), ("source", "modified"), ("environment", "subset_of")}
)
"""Parts that not every release has."""

SCHEMAS: Final[Mapping[tuple[str, ...], dict[str, Json]]] = {
    ("generator",): record("What wrote this document.", name=text("Program."), version=text("Version.")),
    ("metadata", "source_date_epoch"): whole("Time stamp of every file, in seconds since 1970: of metadata.date."),
    ("source", "commit"): text(
        "Source commit, where the spec says `commit: record`.", pattern="^([0-9a-f]{40}|[0-9a-f]{64})$"
    ),
    ("source", "modified"): flag(
        "Whether files of the project differ from the commit, or are not in it; said only where git knows that, or "
        "can't say which."
    ),
    ("source", "digest"): digest("Digest of the list of files."),
    ("source", "files"): entries("Files of the application.", _FILE),
    ("environment", "subset_of"): entries("All variants of the lock, where the release has fewer.", VARIANT),
    ("environment", "images"): entries("Images of the release.", _IMAGE, least=1),
    ("environment", "indexes"): entries(
        "Image indexes of variants with several platforms.",
        record(
            "An image index.",
            variant=VARIANT,
            digest=digest("Digest of the index."),
            platforms=entries("Platforms.", PLATFORM, least=1),
        ),
    ),
    ("environment", "targets"): entries("What each variant is made of on each platform.", _TARGET, least=1),
    ("environment", "suites"): entries(
        "Suites of Debian archives as they were read when the lock was made.",
        record(
            "A suite.",
            archive=text("Archive."),
            suite=text("Suite."),
            component=text("Component."),
            architecture=text("Architecture."),
            date=text("Date of its Release file."),
            release=digest("Digest of its InRelease file."),
            signed_by=text("Fingerprint of the key that signed it."),
        ),
    ),
    ("dependencies", "lock"): digest("Digest of release.lock."),
    ("dependencies", "resolver"): record(
        "Programs that resolved.", **{"pip": text("Version of pip."), "pip-tools": text("Version of pip-tools.")}
    ),
    ("dependencies", "beside"): entries(
        "Wheels that are locked and enter no image.",
        record(
            "Those of a variant on a platform.",
            variant=VARIANT,
            platform=PLATFORM,
            build=entries("What builds the application.", _WHEEL),
            development=entries("What its developers use.", _WHEEL),
            test=entries("What its tests use.", _WHEEL),
        ),
    ),
    ("tests", "digests"): entries(
        "What golden tests ask and expect, by digest of its canonical JSON.",
        record(
            "A golden test.",
            golden=text("Name of the test."),
            request=digest("Digest of the request."),
            expect=digest("Digest of the expected answer."),
        ),
    ),
    ("tests", "files"): entries("Files of the project that tests read: data schemas, evaluation sets.", _COVERED),
    ("tests", "images"): entries(
        "What became of the images. What was seen of them stands in tests.intoto.json.",
        record(
            "An image.",
            *("reason", "answers", "proven", "not_proven"),
            variant=VARIANT,
            platform=PLATFORM,
            digest=_MANIFEST,
            verdict=text("Outcome.", enum=["passed", "untested"]),
            reason=text("Why it is untested."),
            answers=entries(
                "Answers to golden tests that expect a body without tolerance.",
                record(
                    "An answer.",
                    golden=text("Name of the test."),
                    digest=digest("Digest of its body, as sent."),
                ),
            ),
            proven=entries("What was shown of it, by name.", text("Name, such as metric/requests_total.")),
            not_proven=entries(
                "What the spec declares and a test could not show.",
                record("A claim.", proof=text("Name, as in proven."), reason=text("Why it was not shown.")),
            ),
        ),
    ),
    ("verification",): record(
        "How the images were proven.",
        verdict=text("Outcome.", const="identical"),
        builds=whole("Number of builds.", least=2),
        variations=entries(
            "What was another in the second build.",
            record("A variation.", name=text("Name."), description=text("What was done.")),
            least=1,
        ),
    ),
    ("documents",): entries(
        "Other files of the release that this document covers.",
        _COVERED,
        least=1,
    ),
    ("reproduce",): _REPRODUCE,
    ("provenance",): _PROVENANCE,
}
