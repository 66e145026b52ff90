"""Whether two releases take the same requests and give the same answers, by digests of their schemas.

A step of the record states them, so that a stage goes back to a release that fits what calls it, without the files of
the one that runs. What a schema says counts; what explains it does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import IntegrityError, InternalError, Location
from twinbuild.model.digest import Digest
from twinbuild.pipeline.reading.released import Released
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = ["schemas_of"]

# What these hold is named by properties or by the schema's author, and no name is an annotation.
_NAMED: Final = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "dependentRequired", "dependencies", "$defs", "definitions"}
)
_ANNOTATIONS: Final = frozenset({"title", "description", "examples", "$comment", "$id", "default", "deprecated"})


def schemas_of(release: Released) -> tuple[str, str]:
    """SHA-256 of the schemas of requests and answers without what explains them; "" for one that is not stated.

    They lie in ``schemas/`` of the release, wherever the project that it was made of has them.
    """
    documents: Any = release.document["documents"]
    covered = {entry["path"]: entry["sha256"] for entry in documents}
    directory = release.path.parent
    found = (f"schemas/{side}.json" for side in ("input", "output"))
    requests, answers = (_schema(directory / path, covered[path]) if path in covered else "" for path in found)
    return requests, answers


def _schema(path: Path, sha256: str) -> str:
    """What cannot be compared by what it says is compared by its bytes.

    Raises IntegrityError TB8619 for another file than the release manifest names: what it says is signed with the step.
    """
    try:
        content, why = read_regular(path, LARGEST), ""
    except Irregular as error:
        content, why = b"", str(error)
    if why or Digest.of(content).hex != sha256:
        message = f"{path.name} {why or 'is not the one that the release manifest names'}"
        raise IntegrityError.of("TB8619", message, hint="do not use it", where=Location(file=str(path)))
    try:
        value, _ = parse_json(path.name, content)
        return Digest.of(canonical(_bare(value))).hex
    except (JsonProblem, InternalError):
        return Digest.of(content).hex


def _bare(value: Json) -> Json:
    """A schema without annotations; where a name of a property is such a word it stays."""
    match value:
        case dict():
            found: dict[str, Json] = {}
            for key, item in value.items():
                if key in _NAMED and isinstance(item, dict):
                    found[key] = {name: _bare(each) for name, each in item.items()}
                elif key in ("const", "enum"):
                    found[key] = item
                elif key not in _ANNOTATIONS:
                    found[key] = _bare(item)
            return found
        case list():
            return [_bare(item) for item in value]
    return value
