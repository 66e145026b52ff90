"""Two bills of materials, component by component: what was added, removed, and changed in what is there in both.

Serial number and time are no difference, nor is the order. Other bytes under the same name and version are the one
change that nobody announces: they are marked as suspicious.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from twinbuild.codec.amounts import counted
from twinbuild.codec.markdown import code, table, text
from twinbuild.model.bom import Bom, BomComponent

__all__ = ["BomChange", "bom_changes", "changes_markdown", "changes_table"]

_PURL: Final = re.compile(r"pkg:(?P<name>[^@?#]+)(@[^?#]*)?(\?(?P<qualifiers>[^#]*))?(#(?P<part>.*))?", re.ASCII)
_NAME: Final = 120  # characters of a name in a table: one long one would make all of its lines long
_FILE_NAMES: Final = ("twinbuild:filename", "bsi:component:filename")

Kind = Literal["added", "removed", "version", "licence", "hashes", "file"]
_WORDS: Final[Mapping[Kind, str]] = {
    "added": "added",
    "removed": "removed",
    "version": "version",
    "licence": "licence",
    "hashes": "hashes",
    "file": "other file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BomChange:
    """One difference of a component. ``before`` and ``after`` are what each document has; empty for nothing.

    ``kind`` file is another file of the same version (a wheel for another platform), by its name.
    """

    kind: Kind
    component: str
    type: str
    before: str
    after: str
    suspicious: bool = False


_Key = tuple[str, str]


def bom_changes(first: Bom, second: Bom) -> tuple[BomChange, ...]:
    """Every difference of the components, by component and then in the order of ``Kind``."""
    before, after = _grouped(first), _grouped(second)
    _pair_by_name(before, after)
    found = [change for key in sorted(before.keys() | after.keys()) for change in _of_key(before[key], after[key])]
    order = list(_WORDS)
    return tuple(sorted(found, key=lambda each: (each.component, order.index(each.kind), each.before, each.after)))


def _grouped(bom: Bom) -> defaultdict[_Key, list[BomComponent]]:
    found: defaultdict[_Key, list[BomComponent]] = defaultdict(list)
    for each in bom.everything:
        found[_key(each)].append(each)
    return found


def _key(each: BomComponent) -> _Key:
    """What stays the same of a component from version to version: type, and name within its ecosystem.

    Of a part, whose package URL is that of the whole with a path, it is the part's own name: the path of a library
    within a wheel bears a digest, and its version is not the wheel's.
    """
    match = _PURL.fullmatch(each.purl)
    if match is None:
        return each.type, f"{each.group}/{each.name}"
    architecture = [part for part in (match["qualifiers"] or "").split("&") if part.startswith("arch=")]
    part = f"#{each.name}" if match["part"] else ""
    return each.type, "?".join([match["name"].rstrip("/") + part, *architecture])


def _pair_by_name(before: defaultdict[_Key, list[BomComponent]], after: defaultdict[_Key, list[BomComponent]]) -> None:
    """What only one document gives a package URL is the same by type and name, where that is certain."""
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    named: defaultdict[_Key, list[_Key]] = defaultdict(list)
    for key in sorted(new):
        named[after[key][0].type, after[key][0].name].append(key)
    counted = Counter((before[key][0].type, before[key][0].name) for key in gone)
    for key in sorted(gone):
        name = before[key][0].type, before[key][0].name
        others = named[name]
        if len(others) == counted[name] == 1 and not (before[key][0].purl and after[others[0]][0].purl):
            after[key] = after.pop(others[0])


def _of_key(before: list[BomComponent], after: list[BomComponent]) -> Iterator[BomChange]:
    left, right = _by_version(before), _by_version(after)
    for version in sorted(left.keys() & right.keys()):
        yield from _same_version(left[version], right[version])
    gone = [each for version in sorted(left.keys() - right.keys()) for each in left[version]]
    new = [each for version in sorted(right.keys() - left.keys()) for each in right[version]]
    if len({each.version for each in gone}) == len({each.version for each in new}) == 1:
        one, other = gone[0], new[0]
        yield BomChange(
            kind="version", component=_name(other), type=other.type, before=one.version, after=other.version
        )
        yield from _licences(gone, new)
        return
    for each in gone:
        yield BomChange(kind="removed", component=_name(each), type=each.type, before=_shown(each), after="")
    for each in new:
        yield BomChange(kind="added", component=_name(each), type=each.type, before="", after=_shown(each))


def _by_version(components: list[BomComponent]) -> defaultdict[str, list[BomComponent]]:
    found: defaultdict[str, list[BomComponent]] = defaultdict(list)
    for each in components:
        found[each.version].append(each)
    return found


def _same_version(before: list[BomComponent], after: list[BomComponent]) -> Iterator[BomChange]:
    yield from _licences(before, after)
    left, right = _by_file(before), _by_file(after)
    alone = not left.keys() & right.keys() and len(left) == len(right) == 1
    for name in sorted(left.keys() | right.keys()) if not alone else ():
        yield from _files(name, left.get(name, []), right.get(name, []))
    if alone and "" in {*left, *right}:  # one of the documents says nothing of file names
        yield from _hashes(before, after)
    elif alone:
        for name in (*left, *right):
            yield from _files(name, left.get(name, []), right.get(name, []))


def _by_file(components: list[BomComponent]) -> dict[str, list[BomComponent]]:
    found: defaultdict[str, list[BomComponent]] = defaultdict(list)
    for each in components:
        found[next((name for key in _FILE_NAMES if (name := each.properties.get(key, ""))), "")].append(each)
    return dict(found)


def _files(name: str, before: list[BomComponent], after: list[BomComponent]) -> Iterator[BomChange]:
    if before and after:
        yield from _hashes(before, after)
        return
    each = (before or after)[0]
    yield BomChange(
        kind="file",
        component=_name(each),
        type=each.type,
        before=name or each.reference if before else "",
        after=name or each.reference if after else "",
    )


def _hashes(before: list[BomComponent], after: list[BomComponent]) -> Iterator[BomChange]:
    """Digests by algorithm: other ones are suspicious, and so are ones that are not stated any more."""
    left, right = _digests(before), _digests(after)
    for algorithm in sorted(left.keys() | right.keys()):
        one, other = left.get(algorithm, set()), right.get(algorithm, set())
        if one == other:
            continue
        yield BomChange(
            kind="hashes",
            component=_name(after[0]),
            type=after[0].type,
            before=_listed(algorithm, one),
            after=_listed(algorithm, other),
            suspicious=bool(one),
        )


def _digests(components: list[BomComponent]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in components:
        for algorithm, digits in (*each.hashes, *each.distributed):
            found[algorithm].add(digits)
    return dict(found)


def _listed(algorithm: str, digits: Iterable[str]) -> str:
    found = sorted(digits)
    return f"{algorithm} {', '.join(found)}" if found else ""


def _licences(before: list[BomComponent], after: list[BomComponent]) -> Iterator[BomChange]:
    left, right = (sorted({each.text for one in side for each in one.licences}) for side in (before, after))
    if left != right:
        other = after[0]
        one, two = " and ".join(left), " and ".join(right)
        yield BomChange(kind="licence", component=_name(other), type=other.type, before=one, after=two)


def _name(each: BomComponent) -> str:
    match = _PURL.fullmatch(each.purl)
    if match is None:
        return each.title.removesuffix(f" {each.version}")
    return f"pkg:{match['name']}{f'#{each.name}' if match['part'] else ''}"


def _shown(each: BomComponent) -> str:
    return each.version or "without a version"


def changes_table(changes: tuple[BomChange, ...], *, longest: int = 24) -> Iterator[str]:
    """Lines for a terminal; long values are cut to ``longest`` characters, names of components to 120."""
    widest = max((len(_cut(each.component, _NAME)) for each in changes), default=0)
    for each in changes:
        mark = "  suspicious: other bytes under the same version" if each.suspicious and each.after else ""
        mark = "  suspicious: it is not stated any more" if each.suspicious and not each.after else mark
        sides = f"{_cut(each.before, longest) or '-'} -> {_cut(each.after, longest) or '-'}"
        yield f"{_WORDS[each.kind]:10}  {_cut(each.component, _NAME):{widest}}  {sides}{mark}"
    yield _summary(changes)


def _cut(value: str, longest: int) -> str:
    return value if len(value) <= longest else f"{value[: longest - 1]}…"


def _summary(changes: tuple[BomChange, ...]) -> str:
    if not changes:
        return "the same components"
    counts = [(word, sum(each.kind == kind for each in changes)) for kind, word in _WORDS.items()]
    suspicious = sum(each.suspicious for each in changes)
    said = ", ".join(f"{count} {word}" for word, count in counts if count)
    return f"{counted(len(changes), 'difference')}: {said}{f'; {suspicious} suspicious' if suspicious else ''}"


def changes_markdown(changes: tuple[BomChange, ...], *, names: tuple[str, str]) -> Iterator[str]:
    """The lines of a report for a pull request."""
    yield f"# Components: {text(names[0])} and {text(names[1])}"
    yield ""
    yield f"{text(_summary(changes))}."
    yield ""
    head = ("change", "component", "before", "after", "")
    rows = [
        (
            _WORDS[each.kind],
            code(each.component),
            code(each.before),
            code(each.after),
            "**suspicious**" if each.suspicious else "",
        )
        for each in changes
    ]
    yield from table(head, rows)[:-1]
