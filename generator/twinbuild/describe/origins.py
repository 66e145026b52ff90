"""Provenance of a release manifest: for each value the file and JSON pointer, the default, or the tool that it is from.

Written down is only where the source changes on the way down: a value has the source of the longest pointer that leads
to it, and what follows that pointer follows the pointer in the file, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.canonical import Json
from twinbuild.codec.findings import pointer
from twinbuild.codec.nodes import Path
from twinbuild.codec.written import Written
from twinbuild.errors import InternalError
from twinbuild.model.spec import API_VERSION

__all__ = ["Default", "Made", "Source", "leaves", "parts_below", "provenance", "source_at", "steps_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """Nobody wrote it: it is what this version of the spec's format says."""

    of: str = API_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A tool found or decided it."""

    by: str


Source = Written | Default | Made
_ITSELF: Final = "/provenance"


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every scalar and every empty list or mapping below a value, with its path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def provenance(sources: Mapping[Path, Source]) -> dict[str, Json]:
    """The section ``provenance`` of a manifest whose leaves have these sources."""
    root = _Branch()
    for path, source in sources.items():
        branch = root
        for step in path:
            branch = branch.below.setdefault(step, _Branch())
        branch.source = source
    files: dict[str, Json] = {}
    defaults: list[Json] = []
    tools: dict[str, Json] = {}
    found = [((), _settle(root)), *_exceptions(root, ())]
    for path, source in sorted(found, key=lambda item: pointer(item[0])):
        match source:
            case Written(file=file, path=there):
                _object(files, file)[pointer(path)] = pointer(there)
            case Default():
                defaults.append(pointer(path))
            case Made(by=tool):
                listed = tools.setdefault(tool, [])
                assert isinstance(listed, list)
                listed.append(pointer(path))
    return {"files": files, "defaults": {"of": API_VERSION, "at": defaults}, "tools": tools}


def source_at(section: Mapping[str, Json], where: str) -> Source | None:
    """The source of the value at a JSON pointer, by a manifest's section ``provenance``; None where none is stated.

    The section says nothing of itself: it is twinbuild's.
    """
    if where == _ITSELF or where.startswith(f"{_ITSELF}/"):
        return Made(by="twinbuild")
    best, found = "", None
    for at, source in _stated(section):
        if (where == at or where.startswith(f"{at}/")) and (found is None or len(at) > len(best)):
            best, found = at, source
    if isinstance(found, Written):
        return Written(file=found.file, path=(*found.path, *steps_of(where[len(best) :])))
    return found


def parts_below(section: Mapping[str, Json], where: str) -> tuple[tuple[str, Source], ...]:
    """The parts of the value at a JSON pointer that have another source than what holds them: pointers, sorted."""
    found = [(at, source) for at, source in _stated(section) if at.startswith(f"{where}/")]
    return tuple(sorted(found, key=lambda part: part[0]))


def steps_of(where: str) -> Path:
    """The steps of a JSON pointer; those that are numbers may be indexes or keys, and stay text."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in where.split("/")[1:])


def _stated(section: Mapping[str, Json]) -> Iterator[tuple[str, Source]]:
    files, defaults, tools = (section.get(key) for key in ("files", "defaults", "tools"))
    for file, places in files.items() if isinstance(files, dict) else ():
        for where, there in places.items() if isinstance(places, dict) else ():
            yield where, Written(file=file, path=steps_of(str(there)))
    if isinstance(defaults, dict):
        listed = defaults.get("at")
        for default in listed if isinstance(listed, list) else ():
            yield str(default), Default(of=str(defaults.get("of")))
    for tool, made in tools.items() if isinstance(tools, dict) else ():
        for at in made if isinstance(made, list) else ():
            yield str(at), Made(by=tool)


class _Branch:
    """A part of the document; ``source`` of the whole part is what most of its direct parts agree on."""

    def __init__(self) -> None:
        self.source: Source | None = None
        self.below: dict[int | str, _Branch] = {}


_RANK: Final = {Written: 0, Default: 1, Made: 2}


def _settle(branch: _Branch) -> Source:
    """Choose the source of each part, from the leaves up; ties go to files, then to defaults."""
    if not branch.below:
        if branch.source is None:
            raise InternalError.of("TB9001", "a value without a source", hint="report this as a defect of twinbuild")
        return branch.source
    votes: Counter[Source] = Counter()
    for step, part in branch.below.items():
        lifted = _lifted(_settle(part), step)
        if lifted is not None:
            votes[lifted] += 1
    first = min(votes.items(), key=lambda vote: (-vote[1], _RANK[type(vote[0])], repr(vote[0])), default=None)
    branch.source = first[0] if first is not None else Default()
    return branch.source


def _lifted(source: Source, step: int | str) -> Source | None:
    """The source of the whole of which a part with this source may be; None where no whole has such a part."""
    if not isinstance(source, Written):
        return source
    return Written(file=source.file, path=source.path[:-1]) if source.path[-1:] == (step,) else None


def _exceptions(branch: _Branch, path: Path) -> Iterator[tuple[Path, Source]]:
    for step, part in branch.below.items():
        assert part.source is not None
        if _lifted(part.source, step) != branch.source:
            yield (*path, step), part.source
        yield from _exceptions(part, (*path, step))


def _object(files: dict[str, Json], file: str) -> dict[str, Json]:
    found = files.setdefault(file, {})
    assert isinstance(found, dict)
    return found
