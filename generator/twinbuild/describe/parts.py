"""What a release manifest has beside the spec's own sections: where it stands, and which tool it is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.nodes import Path

__all__ = ["PARTS", "TOOLS", "Part", "tool_of"]

TOOLS: Final[Mapping[str, str]] = {
    "twinbuild": "twinbuild itself: versions of formats, what follows from other values, files that it renders.",
    "lock": "`twinbuild lock`, which read the file or the tree and took its digest.",
    "pip-compile": "pip-compile, as dependencies.resolver pins it, from the package indexes.",
    "apt": "The signed indexes of the Debian archive.",
    "registry": "The registry that served the base image, by digest.",
    "git": "The source commit, its date, and whether files differ from it.",
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
