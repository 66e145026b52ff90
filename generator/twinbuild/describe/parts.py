"""What a release manifest has beside the spec's own sections: where it stands, which tool it is from, its schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.nodes import Path

__all__ = ["PARTS", "SCHEMAS", "TOOLS", "Part", "tool_of"]

TOOLS: Final[Mapping[str, str]] = {
    "twinbuild": "twinbuild itself: versions of formats, what follows from other values, files that it renders.",
    "lock": "`twinbuild lock`, which read the file or the tree and took its digest.",
    "pip-compile": "pip-compile, as dependencies.resolver pins it, from the package indexes.",
    "apt": "The signed indexes of the Debian archive.",
    "registry": "The registry that served the base image, by digest.",
    "git": "The source commit.",
    "builder": "The builder of the images.",
    "test": "`twinbuild test`, which asked the images what the tests ask.",
    "second build": "The second build, whose bytes were compared.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A place in the document; ``*`` in ``at`` stands for any entry of a list.

    ``stated``: the spec may say the value, too, and is then its source.
    """

    at: tuple[str, ...]
    by: str
    stated: bool = False


def tool_of(path: Path) -> Part | None:
    """The innermost part that holds the value at a path; None for a value of the spec's own."""
    best: Part | None = None
    for part in PARTS:
        if len(part.at) > len(path) or (best is not None and len(part.at) <= len(best.at)):
            continue
        if all(want in ("*", step) for want, step in zip(part.at, path, strict=False)):
            best = part
    return best


def _text(description: str, **more: Json) -> dict[str, Json]:
    return {"type": "string", "description": description, **more}


def _whole(description: str) -> dict[str, Json]:
    return {"type": "integer", "minimum": 0, "description": description}


def _flag(description: str) -> dict[str, Json]:
    return {"type": "boolean", "description": description}


def _digest(description: str) -> dict[str, Json]:
    return _text(description, pattern="^sha256:[0-9a-f]{64}$")


def _hex(description: str) -> dict[str, Json]:
    return _text(description, pattern="^[0-9a-f]{64}$")


def _list(description: str, items: dict[str, Json]) -> dict[str, Json]:
    return {"type": "array", "description": description, "items": items}


def _object(description: str, /, *optional: str, **properties: Json) -> dict[str, Json]:
    required: list[Json] = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _mapping(description: str, values: dict[str, Json]) -> dict[str, Json]:
    return {"type": "object", "description": description, "additionalProperties": values}


_FILE: Final = _object(
    "A file.",
    path=_text("Path, with forward slashes."),
    sha256=_hex("SHA-256 of its bytes."),
    size=_whole("Size in bytes."),
    executable=_flag("Whether it may be executed."),
)
_WHEEL: Final = _object(
    "A wheel.",
    name=_text("Project, normalised (PEP 503)."),
    version=_text("Version (PEP 440)."),
    filename=_text("Name of the file."),
    index=_text("Index that has it: `default`, or a name of dependencies.indexes."),
    sha256=_hex("SHA-256 of the file."),
    requested=_flag("Whether the spec names it, or it is only needed by others."),
    requires=_list("Projects of this list that it requires.", _text("Project.")),
)
_DEB: Final = _object(
    "A Debian package.",
    name=_text("Name."),
    version=_text("Version."),
    architecture=_text("Architecture of the package."),
    source=_text("Source package and its version."),
    sha256=_hex("SHA-256 of the file."),
    requested=_flag("Whether the spec names it, or it is only needed by others."),
)
_LAYER: Final = _object(
    "A layer.",
    title=_text("What it holds."),
    diff_id=_digest("Digest of the tar."),
    digest=_digest("Digest of the tar as compressed."),
    size=_whole("Compressed size in bytes."),
    uncompressed_size=_whole("Size of the tar in bytes."),
    media_type=_text("Media type."),
)
_BASE: Final = _object(
    "The image below.",
    reference=_text("Name and tag."),
    digest=_digest("Digest of its manifest."),
    index={"description": "Digest of the index that led to it.", "type": ["string", "null"]},
    config=_digest("Digest of its configuration."),
    layers=_list(
        "Its layers, lowest first.",
        _object(
            "A layer of it.",
            digest=_digest("Digest as compressed."),
            diff_id=_digest("Digest of the tar."),
            size=_whole("Compressed size in bytes."),
        ),
    ),
    system=_text("ID of its os-release."),
    system_version=_text("VERSION_ID of its os-release."),
    python=_text("Path of its Python."),
    packages=_whole("Number of Debian packages that it has."),
)
_STEP: Final = _object(
    "What a build step reads beside the image.",
    name=_text("Name of the step."),
    os_packages=_list("Debian packages of the step alone.", _DEB),
    wheels=_list("Wheels of the step alone.", _WHEEL),
    sdists=_list(
        "Source distributions.",
        _object(
            "A source distribution.",
            name=_text("Project, normalised (PEP 503)."),
            version=_text("Version (PEP 440)."),
            filename=_text("Name of the file."),
            index=_text("Index that has it."),
            sha256=_hex("SHA-256 of the file."),
        ),
    ),
    files=_list("Files of its own directory.", _FILE),
)
_TARGET: Final = _object(
    "A variant on a platform.",
    "base",
    variant=_text("Variant."),
    platform=_text("Platform."),
    python=_object("Its Python.", version=_text("Version."), glibc=_text("Version of the C library.")),
    base=_BASE,
    os_packages=_list("Debian packages of the image.", _DEB),
    wheels=_list("Wheels of the image.", _WHEEL),
    steps=_list("What its build steps read beside the image, in their order.", _STEP),
)
_IMAGE: Final = _object(
    "An image.",
    variant=_text("Variant."),
    platform=_text("Platform."),
    digest=_digest("Digest of its manifest."),
    config=_digest("Digest of its configuration."),
    derivation=_digest("Digest of everything that decides its bytes."),
    layers=_list("Its layers, lowest first.", _LAYER),
)
_REPRODUCE: Final = _object(
    "How to make the same images again: commands to run in order, in the directory of the spec.",
    needs=_list("What must be there before.", _text("One thing.")),
    steps=_list(
        "Commands.",
        _object(
            "A command.",
            "expect",
            run=_list("Program and arguments.", _text("Argument.")),
            why=_text("What it shows."),
            expect=_mapping(
                "Digest that each image must have, by variant and platform.", _digest("Digest of its manifest.")
            ),
        ),
    ),
)
_PROVENANCE: Final = _object(
    "Where each value is from: a value has the source of the longest JSON pointer here that leads to it.",
    files=_mapping(
        "Files of the project: JSON pointers of this document, with the JSON pointer there.",
        _mapping("A file, by its path in the project.", _text("JSON pointer in the file.")),
    ),
    defaults=_object(
        "Values that nobody wrote.",
        of=_text("Version of the spec's format whose defaults they are."),
        at=_list("Where they stand.", _text("JSON pointer of this document.")),
    ),
    tools=_mapping(
        "Tools. " + " ".join(f"{name}: {said}" for name, said in TOOLS.items()),
        _list("A tool.", _text("JSON pointer of this document.")),
    ),
)

PARTS: Final[tuple[Part, ...]] = (
    Part(at=("apiVersion",), by="twinbuild"),
    Part(at=("kind",), by="twinbuild"),
    Part(at=("generator",), by="twinbuild"),
    Part(at=("metadata", "source_date_epoch"), by="twinbuild"),
    Part(at=("source", "commit"), by="git"),
    Part(at=("source", "modified"), by="git"),
    Part(at=("source", "digest"), by="lock"),
    Part(at=("source", "files"), by="lock"),
    Part(at=("model", "artifacts", "*", "sha256"), by="lock", stated=True),
    Part(at=("model", "artifacts", "*", "size"), by="lock", stated=True),
    Part(at=("environment", "subset_of"), by="lock"),
    Part(at=("environment", "images"), by="builder"),
    Part(at=("environment", "indexes"), by="builder"),
    Part(at=("environment", "targets"), by="lock"),
    Part(at=("environment", "targets", "*", "base"), by="registry"),
    Part(at=("environment", "targets", "*", "os_packages"), by="apt"),
    Part(at=("environment", "targets", "*", "wheels"), by="pip-compile"),
    Part(at=("environment", "suites"), by="apt"),
    Part(at=("dependencies", "lock"), by="lock"),
    Part(at=("dependencies", "resolver"), by="lock"),
    Part(at=("dependencies", "beside"), by="pip-compile"),
    Part(at=("tests", "digests"), by="twinbuild"),
    Part(at=("tests", "files"), by="test"),
    Part(at=("tests", "images"), by="test"),
    Part(at=("verification",), by="second build"),
    Part(at=("documents",), by="twinbuild"),
    Part(at=("reproduce",), by="twinbuild"),
    Part(at=("reproduce", "steps", "*", "expect"), by="builder"),
    Part(at=("provenance",), by="twinbuild"),
)

SCHEMAS: Final[Mapping[tuple[str, ...], dict[str, Json]]] = {
    ("generator",): _object("What wrote this document.", name=_text("Program."), version=_text("Version.")),
    ("metadata", "source_date_epoch"): _whole("Time stamp of every file, in seconds since 1970: of metadata.date."),
    ("source", "commit"): _text("Source commit, where the spec says `commit: record`."),
    ("source", "modified"): _flag("Whether files of the project differ from the commit."),
    ("source", "digest"): _digest("Digest of the list of files."),
    ("source", "files"): _list("Files of the application.", _FILE),
    ("environment", "subset_of"): _list("All variants of the lock, where the release has fewer.", _text("Variant.")),
    ("environment", "images"): _list("Images of the release.", _IMAGE),
    ("environment", "indexes"): _list(
        "Image indexes of variants with several platforms.",
        _object(
            "An image index.",
            variant=_text("Variant."),
            digest=_digest("Digest of the index."),
            platforms=_list("Platforms.", _text("Platform.")),
        ),
    ),
    ("environment", "targets"): _list("What each variant is made of on each platform.", _TARGET),
    ("environment", "suites"): _list(
        "Suites of Debian archives as they were read when the lock was made.",
        _object(
            "A suite.",
            archive=_text("Archive."),
            suite=_text("Suite."),
            component=_text("Component."),
            architecture=_text("Architecture."),
            date=_text("Date of its Release file."),
            release=_digest("Digest of its InRelease file."),
            signed_by=_text("Fingerprint of the key that signed it."),
        ),
    ),
    ("dependencies", "lock"): _digest("Digest of release.lock."),
    ("dependencies", "resolver"): _object(
        "Programs that resolved.", **{"pip": _text("Version of pip."), "pip-tools": _text("Version of pip-tools.")}
    ),
    ("dependencies", "beside"): _list(
        "Wheels that are locked and enter no image.",
        _object(
            "Those of a variant on a platform.",
            variant=_text("Variant."),
            platform=_text("Platform."),
            build=_list("What builds the application.", _WHEEL),
            development=_list("What its developers use.", _WHEEL),
            test=_list("What its tests use.", _WHEEL),
        ),
    ),
    ("tests", "digests"): _list(
        "What golden tests ask and expect, by digest of its canonical JSON.",
        _object(
            "A golden test.",
            golden=_text("Name of the test."),
            request=_digest("Digest of the request."),
            expect=_digest("Digest of the expected answer."),
        ),
    ),
    ("tests", "files"): _list(
        "Files of the project that tests read: data schemas, evaluation sets.",
        _object(
            "A file.",
            path=_text("Path in the project."),
            sha256=_hex("SHA-256 of its bytes."),
            size=_whole("Size in bytes."),
        ),
    ),
    ("tests", "images"): _list(
        "What became of the images. What was seen of them stands in tests.intoto.json.",
        _object(
            "An image.",
            "reason",
            variant=_text("Variant."),
            platform=_text("Platform."),
            digest=_digest("Digest of its manifest."),
            verdict=_text("Outcome.", enum=["passed", "untested"]),
            reason=_text("Why it is untested."),
        ),
    ),
    ("verification",): _object(
        "How the images were proven.",
        verdict=_text("Outcome.", const="identical"),
        builds=_whole("Number of builds."),
        variations=_list(
            "What was another in the second build.",
            _object("A variation.", name=_text("Name."), description=_text("What was done.")),
        ),
    ),
    ("documents",): _list(
        "Other files of the release that this document covers.",
        _object(
            "A file.",
            path=_text("Path in the release."),
            sha256=_hex("SHA-256 of its bytes."),
            size=_whole("Size in bytes."),
        ),
    ),
    ("reproduce",): _REPRODUCE,
    ("provenance",): _PROVENANCE,
}
