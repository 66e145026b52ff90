"""Where a value of a release manifest is from, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from twinbuild.codec.canonical import Json
from twinbuild.codec.findings import pointer
from twinbuild.codec.written import Written
from twinbuild.deploy.parity.difference import object_at
from twinbuild.describe.origins import Default, Made, Source, parts_below, source_at, steps_of
from twinbuild.describe.parts import TOOLS
from twinbuild.errors import UsageError
from twinbuild.pipeline.reading.released import Released

__all__ = ["Explained", "explained"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The source of a value; ``parts`` are the pointers to what in it has another source, each with that.

    ``source`` is "" where every item of the value is among the parts.
    """

    source: str
    parts: tuple[tuple[str, str], ...]


def explained(release: Released, where: str) -> tuple[Json, Explained]:
    """The value at a JSON pointer, and where it is from.

    Raises UsageError TB7606 where there is no such value, or a release manifest of the first version, which does not
    say where its values are from.
    """
    document = release.document
    section = object_at(document, "provenance")
    if not section:
        raise _nothing(release, where, "the release manifest is of version 1, which has no provenance")
    if not where.startswith("/"):
        raise _nothing(release, where, "it is no JSON pointer")
    value: Json = document
    for step in steps_of(where):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and str(step).isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise _nothing(release, where, f"there is no {str(step)[:80]!r} on the way")
    source = source_at(section, where)
    if source is None:
        raise _nothing(release, where, "its provenance does not say")
    parts = parts_below(section, where)
    items = {f"{where}{pointer((step,))}" for step in _steps(value)}
    alone = items and items <= {at for at, _ in parts}
    return value, Explained(
        source="" if alone else _in_words(source), parts=tuple((at, _in_words(each)) for at, each in parts)
    )


def _steps(value: Json) -> Iterable[int | str]:
    if isinstance(value, list):
        return range(len(value))
    return value if isinstance(value, dict) else ()


def _in_words(source: Source) -> str:
    match source:
        case Written(file=file, path=path):
            return f"written in {file} at {pointer(path) or '/'}"
        case Default(of=version):
            return f"nobody wrote it: a default of {version}"
        case Made(by=tool):
            return f"by {tool}: {TOOLS.get(tool, 'a tool of a newer twinbuild')}"


def _nothing(release: Released, where: str, why: str) -> UsageError:
    return UsageError.of(
        "TB7606",
        f"nothing is known of {where[:120]!r}: {why}",
        hint="write a JSON pointer (RFC 6901) of manifest.json, such as /serving/user/uid",
        where=str(release.path),
    )
