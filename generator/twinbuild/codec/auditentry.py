"""An entry of an audit log: who did what to which release, when. Canonical JSON, so that it has one spelling.

``by`` is either the id of a key (64 hexadecimal digits) or a name that was stated. The log's key vouches that the entry
was written; nobody but the writer vouches for what it says.

What an entry must be is the same for ever. What is not written any more (``refuse_unfit``: what does not print, what
looks like a credential) is told by tables that grow, Unicode's and ours; it is no question for who reads, or else a
later version could not read what this one wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from twinbuild.codec.canonical import Json, canonical
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.codec.mask import find_credentials
from twinbuild.codec.tiles import LONGEST_ENTRY
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.model.digest import Digest

__all__ = ["ACTIONS", "Entry", "decode_entry", "encode_entry", "is_key", "refuse_unfit"]

ACTIONS: Final = ("released", "signed", "approved", "refused", "promoted", "rolled-back", "note")
_FORMAT: Final = "twinbuild-audit/1"
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_HALF: Final = re.compile(r"[\ud800-\udfff]")
_LATEST: Final = 253402300799  # the last second of the year 9999
_LONGEST: Final = {"by": 200, "name": 200, "version": 200, "details": 16_000}  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``time`` is in seconds since 1970 (UTC). ``release``, ``name`` and ``version`` may be empty in a note alone."""

    action: str
    by: str
    time: int
    release: str = ""
    name: str = ""
    version: str = ""
    details: str = ""

    @property
    def moment(self) -> str:
        """The time as RFC 3339 has it, in UTC."""
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def __post_init__(self) -> None:
        if wrong := _wrong(self):
            raise _unfit(*wrong)


def is_key(by: str) -> bool:
    """Whether it is the id of a key, and not a name."""
    return _KEY.fullmatch(by) is not None


def refuse_unfit(entry: Entry) -> None:
    """Raise UsageError TB8631 for an entry that is not to be written: what a log has, it keeps."""
    for key in _LONGEST:
        text = getattr(entry, key)
        if not (text if key != "details" else text.replace("\n", "")).isprintable():
            raise _unfit(f"{key} is not printable", "give a plain text")
    if any(find_credentials(text) for text in (entry.by, entry.details)):
        raise _unfit("it holds something that looks like a credential", "leave it out: what a log has, it keeps")


def encode_entry(entry: Entry) -> bytes:
    """The entry's bytes, which the log keeps and hashes."""
    document: dict[str, Json] = {"action": entry.action, "by": entry.by, "format": _FORMAT, "time": entry.time}
    if entry.release:
        document["release"] = {"digest": entry.release, "name": entry.name, "version": entry.version}
    if entry.details:
        document["details"] = entry.details
    return canonical(document)


def decode_entry(content: bytes, *, where: str) -> Entry:
    """The entry of these bytes. Raises IntegrityError TB8644 for anything that ``encode_entry`` does not write."""
    try:
        value, _ = parse_json(where, content)
        entry = _entry(value)
    except JsonProblem as problem:
        raise _refused(where, problem.message) from None
    except TwinbuildError as error:
        raise _refused(where, error.findings[0].message) from None
    if entry is None or encode_entry(entry) != content:
        raise _refused(where, f"expected the canonical JSON of {_FORMAT}")
    return entry


def _entry(value: Json) -> Entry | None:
    if not isinstance(value, dict) or value.get("format") != _FORMAT:
        return None
    release = value.get("release", {})
    fields = {**value, **({"release": ""} if not isinstance(release, dict) else release)}
    texts = {key: fields.get(key, "") for key in ("action", "by", "name", "version", "details")}
    texts["release"] = fields.get("digest", "")
    time = value.get("time")
    if type(time) is not int or not all(isinstance(text, str) for text in texts.values()):
        return None
    return Entry(time=time, **{key: str(text) for key, text in texts.items()})


def _wrong(entry: Entry) -> tuple[str, str] | None:
    """What is wrong with an entry and what to do, or None."""
    if entry.action not in ACTIONS:
        return f"the action is {entry.action[:40]!r}", f"give one of {', '.join(ACTIONS)}"
    if not 0 <= entry.time <= _LATEST:
        return f"the time is {entry.time}", "set the clock of this machine"
    for key, longest in _LONGEST.items():
        if len(getattr(entry, key)) > longest:
            return f"{key} is longer than {longest} characters", "say less"
        if _HALF.search(getattr(entry, key)):
            return f"{key} has half of a surrogate pair, which is no character", "give a plain text"
    if not entry.by.strip():
        return "nobody is said to have done it", "say who with --by"
    return _unclear(entry)


def _unclear(entry: Entry) -> tuple[str, str] | None:
    if bool(entry.release) != bool(entry.name and entry.version) or not (entry.release or entry.action == "note"):
        return f"{entry.action!r} is about no release", "name the release with --release"
    if not (entry.release or entry.details):
        return "the note says nothing", "say it with --details"
    if entry.release:
        Digest.parse(entry.release)
    if len(encode_entry(entry)) > LONGEST_ENTRY:
        return f"it has more than {LONGEST_ENTRY} bytes", "say less"
    return None


def _unfit(why: str, hint: str) -> UsageError:
    return UsageError.of("TB8631", f"no entry of an audit log: {why}", hint=hint, where="audit add")


def _refused(where: str, why: str) -> IntegrityError:
    return IntegrityError.of(
        "TB8644",
        f"{where} cannot be read: {why}",
        hint="take the log from a copy that is whole; a later version of twinbuild may know other entries",
        where=where,
    )
