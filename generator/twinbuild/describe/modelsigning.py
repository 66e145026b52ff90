"""What a signature of the weights says: OpenSSF's model signing, predicate ``https://model_signing/signature/v1.0``.

The files are named by their paths below the directory in which all of them lie in the image, so that the statement is
about that directory of a running service as well as about the one that ``twinbuild artifacts`` writes. It follows from
the release manifest alone, byte for byte.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from typing import Any, Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json

__all__ = ["artifact_paths", "model_statement", "signed_files"]

_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://model_signing/signature/v1.0"
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def artifact_paths(manifest: Mapping[str, Any]) -> tuple[str, Mapping[str, dict[str, Any]]]:
    """The directory of the image that holds all files of the model, and each artifact by its path below it.

    Sorted by the parts of the paths; ("", {}) where the release has none.
    """
    artifacts = manifest["model"].get("artifacts", ())
    if not artifacts:
        return "", {}
    root = posixpath.commonpath([posixpath.dirname(each["target"]) for each in artifacts])
    found = {posixpath.relpath(each["target"], root): each for each in artifacts}
    return root, {path: found[path] for path in sorted(found, key=lambda path: path.split("/"))}


def model_statement(manifest: Mapping[str, Any]) -> bytes | None:
    """The statement (in-toto Statement v1), None for a release without files of a model.

    Its one subject is the model by name, with the SHA-256 of the files' digests one after the other.
    """
    _, artifacts = artifact_paths(manifest)
    if not artifacts:
        return None
    digests = {path: str(each["sha256"]) for path, each in artifacts.items()}
    resources: list[Json] = [
        {"name": path, "algorithm": "sha256", "digest": digest} for path, digest in digests.items()
    ]
    metadata = manifest["metadata"]
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": [{"name": metadata["name"], "digest": {"sha256": _root(digests.values())}}],
            "predicateType": _PREDICATE,
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": False,
                    "ignore_paths": [],
                },
                "resources": resources,
            },
        }
    )


def signed_files(statement: bytes) -> Mapping[str, str] | None:
    """SHA-256 by path of what a statement, by whoever wrote it, is about; None where it is none of files by SHA-256.

    A path that stands there twice, digests that are not those which the subject sums up, links that were followed, and
    files hashed in pieces ("shards") are none.
    """
    try:
        value: Any = parse_json("model signature", statement)[0]
        (subject,), predicate = value["subject"], value["predicate"]
        serialization = predicate["serialization"]
        kinds = (value["_type"], value["predicateType"], serialization["method"], serialization["hash_type"])
        pairs = [(each["name"], each["digest"]) for each in predicate["resources"] if each["algorithm"] == "sha256"]
        count, root = len(predicate["resources"]), subject["digest"]["sha256"]
    except (JsonProblem, LookupError, TypeError, ValueError, AttributeError):
        return None
    sound = all(isinstance(name, str) and isinstance(text, str) and _SHA256.fullmatch(text) for name, text in pairs)
    if not sound or kinds != (_STATEMENT, _PREDICATE, "files", "sha256") or serialization.get("allow_symlinks"):
        return None
    files = dict(pairs)
    return files if len(files) == count and root == _root(text for _, text in pairs) else None


def _root(digests: Any) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(each) for each in digests)).hexdigest()
