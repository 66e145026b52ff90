"""What people say of a release as in-toto statements, canonical JSON; what is read has that one spelling, too.

Each statement names the release's digest as its subject, and what it is for, so that it serves for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.mask import find_credentials
from twinbuild.codec.moments import moment_of, moment_text
from twinbuild.errors import Location, PolicyRefused, TwinbuildError
from twinbuild.model.acts import Approval, Promotion, Rotation
from twinbuild.model.digest import Digest

__all__ = [
    "decode_approval",
    "decode_promotion",
    "decode_rotation",
    "encode_approval",
    "encode_promotion",
    "encode_rotation",
    "reason_fault",
]

_PROJECT: Final = "urn:uuid:5a1f8e5c-2f0b-5c39-9d3e-7d1f4a1c0b6e"
_APPROVAL: Final = f"{_PROJECT}#approval/v1"
_PROMOTION: Final = f"{_PROJECT}#promotion/v1"
_ROTATION: Final = f"{_PROJECT}#rotation/v1"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_LONGEST: Final = 1000  # characters of a reason
_Act = TypeVar("_Act", Approval, Promotion, Rotation)


def reason_fault(reason: str) -> str:
    """What is wrong with a reason that somebody gives; "" where nothing is."""
    if reason.lstrip().startswith(("token=", "policy=", "step=", "record=")):
        return "the reason begins as what the audit log says itself of a token, a policy, a step or a record"
    return _line_fault(reason)


def _line_fault(reason: str) -> str:
    if not _is_line(reason):
        return f"the reason has {len(reason)} characters, expected at most {_LONGEST}, on one line"
    # whoever reads one is not asked: what looks like a credential is told by a table that grows
    return "the reason holds something that looks like a credential" if find_credentials(reason) else ""


def _is_line(reason: str) -> bool:
    return len(reason) <= _LONGEST and reason.isprintable()


def encode_approval(act: Approval) -> bytes:
    """The text that is signed."""
    said = {"reason": act.reason, "role": act.role, "stage": act.stage, "time": moment_text(act.time)}
    return _statement(_APPROVAL, act.release, {**said, "name": act.name, "version": act.version})


def encode_promotion(act: Promotion) -> bytes:
    """The text that is signed."""
    said: dict[str, Json] = {
        "action": act.action,
        "name": act.name,
        "number": act.number,
        "policy": act.policy,
        "previous": act.previous,
        "reason": act.reason,
        "schemas": {"input": act.schemas[0], "output": act.schemas[1]},
        "stage": act.stage,
        "time": moment_text(act.time),
        "trust": act.trust,
        "version": act.version,
    }
    return _statement(_PROMOTION, act.release, said)


def encode_rotation(act: Rotation) -> bytes:
    """The text that is signed."""
    subject = str(Digest.of(act.reference.encode()))
    return _statement(_ROTATION, subject, {"reference": act.reference, "rotated_at": moment_text(act.time)})


def decode_approval(content: bytes, *, name: str) -> Approval:
    """The approval of these bytes. Raises PolicyRefused TB8850 for anything that ``encode_approval`` does not write."""
    return _decoded(content, name, _approval, encode_approval, "approval")


def decode_promotion(content: bytes, *, name: str) -> Promotion:
    """The step of these bytes. Raises PolicyRefused TB8850 likewise."""
    return _decoded(content, name, _promotion, encode_promotion, "promotion")


def decode_rotation(content: bytes, *, name: str) -> Rotation:
    """The change of a secret of these bytes. Raises PolicyRefused TB8850 likewise."""
    return _decoded(content, name, _rotation, encode_rotation, "statement of a secret's change")


def _statement(kind: str, subject: str, predicate: Json) -> bytes:
    subjects: Json = [{"digest": {"sha256": subject.removeprefix("sha256:")}, "name": "release.digest"}]
    if kind == _ROTATION:
        subjects = [{"digest": {"sha256": subject.removeprefix("sha256:")}, "name": "reference"}]
    return canonical({"_type": _STATEMENT, "predicate": predicate, "predicateType": kind, "subject": subjects})


def _decoded(
    content: bytes, name: str, read: Callable[[str, Any], _Act], write: Callable[[_Act], bytes], what: str
) -> _Act:
    try:
        value: Any = parse_json(name, content)[0]
        act = read(f"sha256:{value['subject'][0]['digest']['sha256']}", value["predicate"])
        fine = write(act) == content
        why = "" if fine else f"expected the canonical JSON of an {what}, with nothing else in it"
    except JsonProblem as problem:
        why = problem.message
    except (LookupError, TypeError, ValueError, AttributeError, TwinbuildError):
        why = "a value is missing, or is none"
    if why:
        hint = "take it from who signed it again"
        raise PolicyRefused.of("TB8850", f"{name} is no {what}: {why}", hint=hint, where=Location(file=name))
    return act


def _approval(release: str, said: Any) -> Approval:
    return Approval(
        release=_digest(release),
        name=_text(said["name"]),
        version=_text(said["version"]),
        stage=_text(said["stage"]),
        role=_text(said["role"]),
        time=moment_of(said["time"]),
        reason=_reason(said["reason"]),
    )


def _promotion(release: str, said: Any) -> Promotion:
    if said["action"] not in ("promoted", "rolled-back") or type(said["number"]) is not int or said["number"] < 1:
        raise ValueError
    schemas = said["schemas"]
    return Promotion(
        release=_digest(release),
        name=_text(said["name"]),
        version=_text(said["version"]),
        stage=_text(said["stage"]),
        action=said["action"],
        number=said["number"],
        previous=_hex(said["previous"]),
        time=moment_of(said["time"]),
        trust=_digest(said["trust"]),
        policy=_hex(said["policy"]),
        schemas=(_hex(schemas["input"]), _hex(schemas["output"])),
        reason=_reason(said["reason"]),
    )


def _rotation(_subject: str, said: Any) -> Rotation:
    return Rotation(reference=_text(said["reference"]), time=moment_of(said["rotated_at"]))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= _LONGEST:
        raise ValueError
    return value


def _reason(value: object) -> str:
    if not isinstance(value, str) or not _is_line(value):
        raise ValueError
    return value


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError
    return value


def _hex(value: object) -> str:
    if value != "" and not (isinstance(value, str) and _HEX.fullmatch(value)):
        raise ValueError
    return str(value)
