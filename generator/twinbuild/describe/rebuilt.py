"""A rebuilder's statement: in-toto Statement v1 whose subjects are the images that were built (JSON, canonical).

Reading is strict. What is returned has been read, not believed: who signed it is for ``pipeline.challenge`` to ask.
"""

from __future__ import annotations

from typing import Any, Final

from twinbuild.codec.canonical import canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.describe.naming import PROJECT
from twinbuild.errors import PolicyRefused, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.rebuilt import Rebuilt, RebuiltImage

__all__ = ["REBUILT", "decode_rebuilt", "encode_rebuilt"]

REBUILT: Final = f"{PROJECT.urn}#rebuild/v1"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_MOST: Final = 1000  # images of a statement
_LONGEST: Final = 300  # characters of a text


def encode_rebuilt(rebuilt: Rebuilt) -> bytes:
    """The statement. ``decode_rebuilt`` gives the same value back."""
    return canonical(
        {
            "_type": _STATEMENT,
            "subject": [{"name": each.name, "digest": {"sha256": each.digest.hex}} for each in rebuilt.images],
            "predicateType": REBUILT,
            "predicate": {
                "name": rebuilt.name,
                "version": rebuilt.version,
                "lock": str(rebuilt.lock),
                "source": str(rebuilt.source),
                "builder": {"twinbuild": rebuilt.tool, "python": rebuilt.python},
                "images": [
                    {"variant": each.variant, "platform": each.platform, "derivation": str(each.derivation)}
                    for each in rebuilt.images
                ],
            },
        }
    )


def decode_rebuilt(content: bytes, *, name: str) -> Rebuilt:
    """The value of a statement. Raises PolicyRefused TB6101 for anything else."""
    try:
        document, _ = parse_json(name, content)
        rebuilt = _rebuilt(document)
    except JsonProblem as problem:
        raise _refused(name, problem.message) from None
    except (LookupError, TypeError, ValueError, AttributeError, TwinbuildError):
        raise _refused(name, "it has not the form of one") from None
    if encode_rebuilt(rebuilt) != content:
        raise _refused(name, "it has more than such a statement, or is not canonical JSON (RFC 8785)")
    return rebuilt


def _rebuilt(document: Any) -> Rebuilt:
    predicate, subjects = document["predicate"], document["subject"]
    images = predicate["images"]
    if document["predicateType"] != REBUILT or not 1 <= len(images) == len(subjects) <= _MOST:
        raise ValueError
    found = tuple(
        RebuiltImage(
            variant=_text(image["variant"]),
            platform=_text(image["platform"]),
            derivation=Digest.parse(image["derivation"]),
            digest=Digest(subject["digest"]["sha256"]),
        )
        for image, subject in zip(images, subjects, strict=True)
    )
    names = [each.name for each in found]
    if names != sorted(set(names)):
        raise ValueError
    return Rebuilt(
        name=_text(predicate["name"]),
        version=_text(predicate["version"]),
        lock=Digest.parse(predicate["lock"]),
        source=Digest.parse(predicate["source"]),
        images=found,
        tool=_text(predicate["builder"]["twinbuild"]),
        python=_text(predicate["builder"]["python"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise ValueError
    return value


def _refused(name: str, why: str) -> PolicyRefused:
    return PolicyRefused.of(
        "TB6101",
        f"{name} is no statement of a rebuilder: {why}",
        hint="take it again from who made it: `twinbuild rebuild --key`",
        where=name,
    )
