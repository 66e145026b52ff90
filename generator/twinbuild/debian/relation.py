"""Relationships between packages (Debian Policy, chapter 7): dependencies with alternatives, and what is provided."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from twinbuild.debian.version import satisfies, sort_key
from twinbuild.errors import IntegrityError

__all__ = ["Alternatives", "Provided", "Relation", "parse_provides", "parse_relations"]

_RELATION: Final = re.compile(
    r"\s*([a-z0-9][a-z0-9+.-]*)"  # package name (Policy, 5.6.1)
    r"(?::([a-z0-9][a-z0-9-]*))?"  # architecture qualifier (Policy, 7.1: any, native, or an architecture)
    r"(?:\s*\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s()]+)\s*\))?"
    r"(?:\s*\[\s*([^\[\]]*?)\s*\])?"  # architectures (Policy, 7.1)
    r"((?:\s*<[^<>]*>)*)\s*",  # build profiles
    re.ASCII,
)
_LEGACY: Final = {"<": "<=", ">": ">="}  # what dpkg still takes them for


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One package that is named: ``name:qualifier (operator version) [architectures] <profiles>``.

    Empty fields mean that no such part was written. ``profiles`` holds one tuple of terms per ``<…>``.
    """

    name: str
    qualifier: str = ""
    operator: str = ""
    version: str = ""
    architectures: tuple[str, ...] = ()
    profiles: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        text = self.name + (f":{self.qualifier}" if self.qualifier else "")
        text += f" ({self.operator} {self.version})" if self.operator else ""
        text += f" [{' '.join(self.architectures)}]" if self.architectures else ""
        return text + "".join(f" <{' '.join(terms)}>" for terms in self.profiles)

    def admits(self, version: str) -> bool:
        """Whether a package of that version is meant."""
        return satisfies(version, self.operator, self.version)

    def applies(self, architecture: str, profiles: frozenset[str] = frozenset()) -> bool:
        """Whether the relation counts on that architecture under those build profiles (Policy, 7.1)."""
        if self.architectures:
            negative = self.architectures[0].startswith("!")
            named = any(_matches(term.lstrip("!"), architecture) for term in self.architectures)
            if named == negative:
                return False
        return not self.profiles or any(
            all((term.lstrip("!") in profiles) != term.startswith("!") for term in terms) for terms in self.profiles
        )


Alternatives = tuple[Relation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """A name that a package provides, with the version it provides it in, or without one (empty)."""

    name: str
    version: str = ""

    def meets(self, relation: Relation) -> bool:
        """Whether it satisfies the relation's version; without a version of its own, only an unversioned one."""
        return not relation.operator or (bool(self.version) and relation.admits(self.version))


def _matches(term: str, architecture: str) -> bool:
    """Wildcards of Policy, 11.1, as far as Linux needs them: ``any``, ``linux-any``, ``any-amd64``."""
    return term in {architecture, "any", "linux-any", f"any-{architecture}", f"linux-{architecture}"}


@lru_cache(maxsize=1 << 14)
def parse_relations(text: str) -> tuple[Alternatives, ...]:
    """The groups of a relationship field: every group must hold, by any one of its alternatives.

    Raises IntegrityError TB2103 (form) or TB2102 (a version in it).
    """
    groups = [group for group in text.split(",") if group.strip()]  # a trailing comma is tolerated by dpkg too
    return tuple(tuple(_parse(alternative, text) for alternative in group.split("|")) for group in groups)


def parse_provides(text: str) -> tuple[Provided, ...]:
    """The names of a Provides field. Raises IntegrityError TB2103 for alternatives or a version other than ``=``."""
    provided = []
    for item in text.split(","):
        if not item.strip():
            continue
        relation = _parse(item, text)
        if relation.operator not in {"", "="}:
            raise _malformed(item, text)
        provided.append(Provided(name=relation.name, version=relation.version))
    return tuple(provided)


def _parse(text: str, whole: str) -> Relation:
    match = _RELATION.fullmatch(text)
    if match is None:
        raise _malformed(text, whole)
    name, qualifier, operator, version, architectures, profiles = match.groups()
    if version:
        sort_key(version)
    names = tuple(architectures.split()) if architectures else ()
    if len({term.startswith("!") for term in names}) > 1 or architectures == "":
        raise _malformed(text, whole)
    return Relation(
        name=name,
        qualifier=qualifier or "",
        operator=_LEGACY.get(operator, operator) if operator else "",
        version=version or "",
        architectures=names,
        profiles=tuple(tuple(part.split()) for part in re.findall(r"<([^<>]*)>", profiles)),
    )


def _malformed(part: str, whole: str) -> IntegrityError:
    return IntegrityError.of(
        "TB2103",
        f"not a relationship between packages: {part.strip()[:80]!r} in {whole[:120]!r}",
        hint="use the index that the archive publishes",
    )
