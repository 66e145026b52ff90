"""Statements of rebuilders as files: a DSSE envelope that holds what `rebuild --key` signs. Read, and not believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.codec.dsse import IN_TOTO, Envelope, decode_envelope
from twinbuild.describe.rebuilt import decode_rebuilt
from twinbuild.errors import Finding, Location, PolicyRefused, UsageError
from twinbuild.model.rebuilt import Rebuilt
from twinbuild.pipeline.regular import Irregular, read_regular

__all__ = ["Statement", "read_statement", "read_statements"]

_LARGEST: Final = 1 << 20  # bytes of a statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An envelope, what it says, and the name of the file that it was read from."""

    file: str
    envelope: Envelope
    rebuilt: Rebuilt


def read_statements(paths: Iterable[Path], *, follow: bool = False) -> tuple[Statement, ...]:
    """The statements of all files. Raises as ``read_statement`` does, with what is wrong with each of them."""
    found, faults = [], list[Finding]()
    for path in paths:
        try:
            found.append(read_statement(path, follow=follow))
        except PolicyRefused as error:
            faults += error.findings
    if faults:
        raise PolicyRefused(tuple(faults))
    return tuple(found)


def read_statement(path: Path, *, follow: bool = False) -> Statement:
    """The statement of a file; ``follow`` a link to it.

    Raises UsageError TB9411 for what is no file, PolicyRefused TB6101 for a file that holds something else.
    """
    try:
        content = read_regular(path, _LARGEST, follow=follow)
    except Irregular as error:
        raise UsageError.of(
            "TB9411",
            f"{path.name} {error}",
            hint="name what `twinbuild rebuild --key` wrote",
            where=Location(file=str(path)),
        ) from None
    try:
        envelope = decode_envelope(content, name=path.name)
    except PolicyRefused as error:  # whose advice is about a release
        raise _refused(path, error.findings[0].message.removeprefix(f"{path.name} is ")) from None
    if envelope.payload_type != IN_TOTO:
        raise _refused(path, f"it holds {envelope.payload_type[:80]!r}, expected {IN_TOTO}")
    return Statement(file=str(path), envelope=envelope, rebuilt=decode_rebuilt(envelope.payload, name=path.name))


def _refused(path: Path, why: str) -> PolicyRefused:
    return PolicyRefused.of(
        "TB6101",
        f"{path.name} is no statement of a rebuilder: {why}",
        hint="take it again from who made it: `twinbuild rebuild --key`",
        where=Location(file=str(path)),
    )
