"""Checked values of a spec: each type here refuses what would fail, or could be read in two ways, later.

A refusal is a pydantic error whose type is the stable code (``TB1104``) and whose context carries the remedy, so that
the codec can say where it is in the file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from twinbuild.model.spec.frozen import FrozenMapping, PlainDate, freeze, freeze_object

__all__ = [
    "Date",
    "Description",
    "Duration",
    "Instant",
    "JsonObject",
    "JsonValue",
    "Label",
    "Line",
    "Name",
    "Port",
    "Quantity",
    "Sha256",
    "Version",
    "duration_pattern",
    "duration_seconds",
    "epoch",
    "objection",
    "quantity_pattern",
    "quantity_value",
]


def objection(code: str, message: str, hint: str) -> PydanticCustomError:
    """An error of pydantic that carries our code and remedy."""
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


def _matching(pattern: str, hint: str, *, code: str = "TB1104", limit: int = 200) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if len(text) > limit:
            raise objection(code, f"got {len(text)} characters, expected at most {limit}", hint)
        if not compiled.fullmatch(text):
            raise objection(code, f"got {text!r}{_odd(text)}, expected the pattern {pattern}", hint)
        return text

    return check


def _odd(text: str) -> str:
    """Names the first character beyond ASCII: it may look like one that is allowed."""
    for character in text:
        if ord(character) > 126:
            name = unicodedata.name(character, "unnamed")
            return f" (with U+{ord(character):04X} {name})"
    return ""


_NAME: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_VERSION: Final = r"[0-9A-Za-z]([0-9A-Za-z.+_-]{0,62}[0-9A-Za-z])?"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?"
_SHA256: Final = r"[0-9a-f]{64}"
_DURATION: Final = r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?(ms|s|m|h|d|w|y)"
duration_pattern: Final = re.compile(_DURATION, re.ASCII)
_QUANTITY: Final = r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?"
quantity_pattern: Final = re.compile(_QUANTITY, re.ASCII)

Name = Annotated[
    str,
    AfterValidator(_matching(_NAME, "use 1 to 63 lower-case letters, digits and inner hyphens")),
    Field(json_schema_extra={"pattern": f"^{_NAME}$"}),
]
"""A name that may stand in file names, image names and host names (RFC 1123 label)."""

Version = Annotated[
    str,
    AfterValidator(_matching(_VERSION, "use 1 to 64 letters, digits, '.', '+', '_' and '-'")),
    Field(json_schema_extra={"pattern": f"^{_VERSION}$"}),
]
"""A version; quoted in YAML where it looks like a number."""

Label = Annotated[
    str,
    AfterValidator(
        _matching(_LABEL, "use letters, digits, '.', '_', '-' and '/'; begin and end with one of the first")
    ),
    Field(json_schema_extra={"pattern": f"^{_LABEL}$"}),
]
"""A key of a free-form table, or a name that other systems gave."""

Sha256 = Annotated[
    str,
    AfterValidator(
        _matching(_SHA256, "give the 64 lower-case hexadecimal digits that `sha256sum` prints", code="TB1109")
    ),
    Field(json_schema_extra={"pattern": f"^{_SHA256}$"}),
]
"""A SHA-256 digest as 64 lower-case hexadecimal digits."""

Duration = Annotated[
    str,
    AfterValidator(_matching(_DURATION, "write a number and one of ms, s, m, h, d, w, y, such as 10m", code="TB1123")),
    Field(json_schema_extra={"pattern": f"^{_DURATION}$"}),
]
"""A length of time such as ``250ms``, ``10m`` or ``5y``."""

Quantity = Annotated[
    str,
    AfterValidator(
        _matching(_QUANTITY, "write a number and m, k, M, G, T, Ki, Mi, Gi or Ti, such as 512Mi", code="TB1123")
    ),
    Field(json_schema_extra={"pattern": f"^{_QUANTITY}$"}),
]
"""An amount as Kubernetes spells it: ``250m`` of a core, ``512Mi`` of memory."""

Port = Annotated[int, Field(ge=1, le=65535)]
"""A TCP port."""


def _check_line(text: str) -> str:
    if not text.strip():
        raise objection("TB1126", "got an empty text", "write something, or leave the key out")
    if "\n" in text:
        raise objection("TB1126", "got several lines, expected one", "write it on one line")
    if len(text) > 500:
        raise objection("TB1126", f"got {len(text)} characters, expected at most 500", "shorten it")
    return text


def _check_description(text: str) -> str:
    if not text.strip():
        raise objection("TB1126", "got an empty text", "write something, or leave the key out")
    if len(text) > 20_000:
        raise objection("TB1126", f"got {len(text)} characters, expected at most 20000", "shorten it, or link to it")
    return text


_STAGE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
RENDERED: Final = frozenset(
    {"argo-rollouts", "flagger", "grafana", "kserve", "kubernetes", "opentelemetry", "prometheus"}
)
"""Directories beside those of the stages in a release's ``deploy/``."""


def check_stage(stage: str) -> PydanticCustomError | None:
    """What is wrong with the name of a stage; None if nothing is."""
    if not _STAGE.fullmatch(stage):
        return objection("TB1104", f"got the stage {stage[:80]!r}", "name stages in lower case, such as dev")
    if stage in RENDERED:
        return objection("TB1104", f"the stage {stage!r} has a name that deploy/ uses itself", "choose another name")
    return None


Line = Annotated[str, AfterValidator(_check_line)]
"""One line of text for people."""

Description = Annotated[str, AfterValidator(_check_description)]
"""Text for people, of any number of lines."""


def _unwrap(value: object) -> object:
    return value.text if isinstance(value, PlainDate) else value


_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})", re.ASCII)


def epoch(text: str) -> int:
    """Seconds since 1970 of a day (its midnight, UTC) or an RFC 3339 time. Raises PydanticCustomError TB1121."""
    hint = "write a day such as 2026-11-01, or a time such as 2026-11-01T12:00:00Z, of 1980 or later"
    if not (_DAY.fullmatch(text) or _TIME.fullmatch(text)):
        raise objection("TB1121", f"got {text[:60]!r}, expected a day or an RFC 3339 time", hint)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise objection("TB1121", f"{text!r} is no day or time of the calendar", hint) from None
    if not 1980 <= moment.year <= 2106:
        raise objection("TB1121", f"got the year {moment.year}, expected 1980 to 2106", hint)
    return int(moment.timestamp())


def _check_instant(text: str) -> str:
    epoch(text)
    return text


def _check_date(text: str) -> str:
    return text if text == "commit" else _check_instant(text)


Instant = Annotated[str, BeforeValidator(_unwrap), AfterValidator(_check_instant)]
"""A day or an RFC 3339 time; it needs no quotes."""

Date = Annotated[str, BeforeValidator(_unwrap), AfterValidator(_check_date)]
"""A day, an RFC 3339 time, or ``commit``."""

_SECONDS: Final = {
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86400),
    "w": Fraction(7 * 86400),
    "y": Fraction(365 * 86400),
}
_UNITS: Final = {
    "": Fraction(1),
    "m": Fraction(1, 1000),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
}


def duration_seconds(text: str) -> Fraction:
    """The seconds of a Duration, exactly (a year counts 365 days)."""
    number = text.rstrip("mshdwy")
    return Fraction(number) * _SECONDS[text[len(number) :]]


def quantity_value(text: str) -> Fraction:
    """The value of a Quantity in its base unit (cores, bytes), exactly."""
    number = text.rstrip("mkKMGTi")
    return Fraction(number) * _UNITS[text[len(number) :]]


JsonValue = Annotated[object, PlainValidator(freeze), WithJsonSchema({})]
"""Any JSON value, frozen: tuples for lists, FrozenMapping for objects."""

JsonObject = Annotated[FrozenMapping[object], PlainValidator(freeze_object), WithJsonSchema({"type": "object"})]
"""Any JSON object, frozen."""
