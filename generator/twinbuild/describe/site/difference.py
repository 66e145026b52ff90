"""What changed between two releases, by section: of facts that each release states, flat, as words.

The pages are given ``Section`` values, wherever they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.codec.canonical import canonical
from twinbuild.describe.site.cells import amount
from twinbuild.describe.site.published import Published
from twinbuild.model.digest import Digest

__all__ = ["TITLES", "Change", "Key", "Section", "changes", "stated"]

_LONGEST: Final = 160  # characters of a value that is shown
_NAMED: Final = ("name", "path", "metric", "weight")
# Sections of the release manifest that are told word by word; the others have facts of their own, or none.
_WHOLE: Final = (
    ("Model", ("model",)),
    ("Configuration", ("configuration", "services", "secrets")),
    ("Serving", ("serving",)),
    ("Rollout", ("rollout",)),
    ("Observability", ("observability",)),
    ("Tests", ("tests",)),
    ("Governance", ("governance", "publish", "licences")),
)
_SKIPPED: Final = frozenset({("tests", "images"), ("tests", "digests"), ("tests", "files")})

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact that is not the same. ``before`` or ``after`` is empty for what was not there."""

    fact: str
    before: str
    after: str

    @property
    def kind(self) -> str:
        """What happened: added, removed or changed."""
        return "added" if not self.before else "removed" if not self.after else "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The changes of one section, by fact."""

    title: str
    changes: tuple[Change, ...]


def changes(before: Mapping[Key, str], after: Mapping[Key, str]) -> tuple[Section, ...]:
    """The sections that differ, in the order in which releases state them."""
    found: dict[str, list[Change]] = {}
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, ""), after.get(key, "")
        if old != new:
            found.setdefault(key[0], []).append(Change(fact=key[1], before=old, after=new))
    return tuple(
        Section(title=title, changes=tuple(sorted(found[title], key=lambda each: each.fact)))
        for title in sorted(found, key=TITLES.index)
    )


def stated(release: Published) -> dict[Key, str]:
    """Each fact by section and name. A value is a word, never empty; a long one ends in its digest."""
    return {key: _short(value) for key, value in _stated(release.document)}


def _stated(manifest: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    metadata, environment = manifest["metadata"], manifest["environment"]
    for name in ("description", "team"):
        if metadata.get(name):
            yield ("Release", name), str(metadata[name])
    yield ("Release", "source"), manifest["source"]["digest"]
    yield ("Release", "lock"), manifest["dependencies"]["lock"]
    for image in environment["images"]:
        place = f"{image['variant']} {image['platform']}"
        yield ("Images", place), image["digest"]
        for layer in image["layers"]:
            yield ("Layers", f"{place}: {layer['title']}"), f"{amount(layer['size'])}, {layer['diff_id'][:19]}…"
    yield from _packages(environment["targets"])
    for title, parts in _WHOLE:
        for part in parts:
            for fact, value in _flat(manifest.get(part), (part,)):
                yield (title, fact), value


def _packages(targets: list[dict[str, Any]]) -> Iterator[tuple[Key, str]]:
    for target in targets:
        place = f"{target['variant']} {target['platform']}"
        for package in target["os_packages"]:
            yield ("Debian packages", f"{package['name']} ({place})"), package["version"]
        for wheel in target["wheels"]:
            yield ("Wheels", f"{wheel['name']} ({place})"), wheel["version"]


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The leaves of a value; a member of a list is called by its name where it has one."""
    if path[:2] in _SKIPPED:
        return
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flat(each, (*path, key))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for index, each in enumerate(value):
            yield from _flat(each, (*path, _called(each, index)))
    elif value not in (None, "", [], {}):
        yield " / ".join(path), value if isinstance(value, str) else canonical(value).decode()


def _called(value: Any, index: int) -> str:
    names = (str(value[key]) for key in _NAMED if value.get(key)) if isinstance(value, dict) else iter(())
    return next(names, str(index + 1))


def _short(value: str) -> str:
    if len(value) <= _LONGEST:
        return value or "(empty)"
    return f"{value[:_LONGEST]}… ({len(value)} characters, sha256:{Digest.of(value.encode()).hex[:12]})"


TITLES: Final = ("Release", "Images", "Layers", "Debian packages", "Wheels", *(title for title, _ in _WHOLE))
