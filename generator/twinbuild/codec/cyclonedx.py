"""The strict, bounded reader of CycloneDX JSON that anyone wrote (ECMA-424): versions 1.6 and 1.7.

Of a hostile document nothing is walked without a bound: its bytes, its depth, its components and its edges are
counted. What is read has the kind that the standard gives it, or the document is refused at its place; what the reports
do not ask for is passed over, so a document that is read here is not thereby valid by the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple, NoReturn

from twinbuild.codec.canonical import Json
from twinbuild.codec.jsontext import JsonPath, JsonProblem, locate, parse_json
from twinbuild.errors import IntegrityError, Location, UsageError
from twinbuild.model.bom import Bom, BomComponent, BomLicence

__all__ = ["CYCLONEDX", "DECLARED_PROPERTY", "LARGEST_BOM", "decode_bom"]

# 1.6 has no room for two expressions, nor for one and a name. What follows is the kind and a number: a name may read
# like an identifier and be none (Debian's "MIT").
DECLARED_PROPERTY: Final = "twinbuild:licence-declared:"
_KINDS: Final = ("expression", "name")
LARGEST_BOM: Final = 128 << 20  # bytes
_VERSIONS: Final = ("1.6", "1.7")
CYCLONEDX: Final = ("1.2", "1.3", "1.4", "1.5", *_VERSIONS)  # what wheels ship; the fields that are read are the same
_COMPONENTS: Final = 200_000
_ITEMS: Final = 1_000_000  # edges, hashes, properties … in all
_LONGEST: Final = 100_000  # characters of one text that is kept
_AGAIN: Final = "mend it where it was made, or name another document"
_STATED_BY: Final = ("supplier", "manufacturer")


def decode_bom(content: bytes, *, name: str, versions: tuple[str, ...] = _VERSIONS) -> Bom:
    """Read a document of one of the versions; ``name`` says in errors which one.

    Raises UsageError TB8701 for what is no CycloneDX JSON of these versions, TB8702 for JSON that is not strict,
    TB8704 for what is too large; IntegrityError TB8703 for a value of the wrong kind, TB8705 for a reference that two
    components have.
    """
    if len(content) > LARGEST_BOM:
        raise _too_large(name, f"it has more than {LARGEST_BOM >> 20} MiB")
    if content[:1] == b"<" or content[:5] == b"\xef\xbb\xbf<?":
        raise _foreign(name, "it is XML, expected the JSON form", "name the JSON form of it, such as sbom.cdx.json")
    try:
        value, text = parse_json(name, content)
    except JsonProblem as problem:
        message = f"{name} is no strict JSON: {problem.message}"
        raise UsageError.of("TB8702", message, hint=_AGAIN, where=problem.where) from None
    if not isinstance(value, dict) or value.get("bomFormat") != "CycloneDX":
        other = "an SPDX document" if isinstance(value, dict) and "spdxVersion" in value else "no CycloneDX document"
        raise _foreign(name, f"it is {other}", "name a CycloneDX document in JSON, such as sbom.cdx.json of a release")
    if value.get("specVersion") not in versions:
        got = value.get("specVersion")
        found = repr(got)[:40] if isinstance(got, str | int | float) else "none"
        message = f"it is CycloneDX {found}, expected {' or '.join(versions)}"
        raise _foreign(name, message, "ask for the document in one of these versions")
    return _Reader(name, text).bom(_At(value, ()))


class _At(NamedTuple):
    """An object and where it is."""

    fields: Mapping[str, Json]
    path: JsonPath


class _Reader:
    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._items = 0
        self._found: list[BomComponent] = []
        self._references: set[str] = set()

    def bom(self, at: _At) -> Bom:
        metadata = self._object(at, "metadata") or _At({}, ())
        made_by = [self._object(metadata, key) for key in _STATED_BY]
        authors = [name for each in made_by if each is not None for name in self._named(each)]
        contacts = [each for party in made_by if party is not None for each in self._reachable(party)]
        for author in self._objects(metadata, "authors"):
            authors += self._named(author)
            contacts += [text] if (text := self._text_of(author, "email")) else []
        stated = self._object(metadata, "component")
        root = self._component(stated) if stated is not None else None
        for each in self._objects(at, "components"):
            self._component(each)
        everything = tuple(self._found)
        return Bom(
            version=str(at.fields["specVersion"]),
            serial=self._text_of(at, "serialNumber"),
            timestamp=self._text_of(metadata, "timestamp"),
            phases=tuple(
                self._text_of(each, "phase") or self._text_of(each, "name")
                for each in self._objects(metadata, "lifecycles")
            ),
            tools=tuple(self._tools(metadata)),
            authors=tuple(authors),
            contacts=tuple(contacts),
            root=root,
            components=tuple(each for each in everything if each is not root),
            edges=self._edges(at),
            completeness=self._compositions(at),
        )

    def _component(self, at: _At) -> BomComponent:
        if len(self._found) >= _COMPONENTS:
            raise _too_large(self._name, f"it has more than {_COMPONENTS} components")
        name, reference = self._text_of(at, "name"), self._text_of(at, "bom-ref")
        if reference in self._references:
            raise IntegrityError.of(
                "TB8705",
                f"{self._name} has two components with the reference {reference[:200]!r}",
                hint=_AGAIN,
                where=locate(self._name, self._text, (*at.path, "bom-ref")),
            )
        if reference:
            self._references.add(reference)
        parties = [party for key in _STATED_BY if (party := self._object(at, key)) is not None]
        authors = [each for author in self._objects(at, "authors") for each in self._named(author)]
        makers = [each for party in parties for each in self._named(party)]
        makers += [*authors, *(text for key in ("publisher", "author") if (text := self._text_of(at, key)))]
        supplier, manufacturer = (self._object(at, key) for key in _STATED_BY)
        place = len(self._found)
        found = BomComponent(
            reference=reference,
            type=self._text_of(at, "type"),
            group=self._text_of(at, "group"),
            name=name,
            version=self._text_of(at, "version"),
            description=self._text_of(at, "description"),
            purl=self._text_of(at, "purl"),
            identifiers=tuple(self._identifiers(at)),
            hashes=tuple(self._hashes(at)),
            distributed=tuple(
                pair
                for each in self._objects(at, "externalReferences")
                if self._text_of(each, "type") == "distribution"
                for pair in self._hashes(each)
            ),
            licences=tuple(self._licences(at)),
            makers=tuple(makers),
            supplier=self._text_of(supplier, "name") if supplier is not None else "",
            manufacturer=self._text_of(manufacturer, "name") if manufacturer is not None else "",
            contacts=tuple(self._reachable(manufacturer)) if manufacturer is not None else (),
            properties={
                self._text_of(each, "name"): self._text_of(each, "value") for each in self._objects(at, "properties")
            },
        )
        self._found.append(found)
        inner = [self._component(each) for each in self._objects(at, "components")]
        if inner:
            found = replace(found, parts=tuple(each.reference for each in inner))
            self._found[place] = found
        return found

    def _identifiers(self, at: _At) -> Iterator[str]:
        for key in ("purl", "cpe"):
            if text := self._text_of(at, key):
                yield text
        for key in ("omniborId", "swhid"):
            yield from self._texts(at, key)
        swid = self._object(at, "swid")
        if swid is not None and (text := self._text_of(swid, "tagId")):
            yield text

    def _hashes(self, at: _At) -> Iterator[tuple[str, str]]:
        for each in self._objects(at, "hashes"):
            yield self._text_of(each, "alg"), self._text_of(each, "content").lower()

    def _licences(self, at: _At) -> Iterator[BomLicence]:
        for each in self._objects(at, "licenses"):
            inner = self._object(each, "license") or each
            known = self._text_of(inner, "acknowledgement")
            for kind in ("expression", "id", "name"):
                if text := self._text_of(inner, kind):
                    yield BomLicence(text=text, kind=kind, acknowledgement=known)
                    break
        for each in self._objects(at, "properties"):
            begin, _, rest = self._text_of(each, "name").partition(DECLARED_PROPERTY)
            kind = rest.partition(":")[0]
            if not begin and kind in _KINDS and (text := self._text_of(each, "value")):
                yield BomLicence(text=text, kind=kind, acknowledgement="declared")

    def _tools(self, metadata: _At) -> Iterator[str]:
        tools = metadata.fields.get("tools")
        if isinstance(tools, list):  # the form of CycloneDX 1.4, which is deprecated and allowed
            yield from (self._text_of(each, "name") for each in self._objects(metadata, "tools"))
            return
        inner = self._object(metadata, "tools")
        for key in ("components", "services") if inner is not None else ():
            assert inner is not None
            yield from (self._text_of(each, "name") for each in self._objects(inner, key))

    def _edges(self, at: _At) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for each in self._objects(at, "dependencies"):
            found.setdefault(self._text_of(each, "ref"), []).extend(self._texts(each, "dependsOn"))
        return {reference: tuple(ends) for reference, ends in found.items()}

    def _compositions(self, at: _At) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in self._objects(at, "compositions"):
            aggregate = self._text_of(each, "aggregate")
            for reference in (*self._texts(each, "assemblies"), *self._texts(each, "dependencies")):
                found.setdefault(reference, aggregate)  # of dependencies, which are asked for: stated first or alone
            found |= dict.fromkeys(self._texts(each, "dependencies"), aggregate)
        return found

    def _named(self, party: _At) -> Iterator[str]:
        if text := self._text_of(party, "name"):
            yield text

    def _reachable(self, party: _At) -> Iterator[str]:
        yield from (text for text in self._texts(party, "url") if text)
        for each in self._objects(party, "contact"):
            if text := self._text_of(each, "email"):
                yield text

    def _object(self, at: _At, key: str) -> _At | None:
        value = at.fields.get(key)
        if value is None and key not in at.fields:
            return None
        if not isinstance(value, dict):
            self._wrong((*at.path, key), value, "an object")
        return _At(value, (*at.path, key))

    def _objects(self, at: _At, key: str) -> Iterator[_At]:
        for path, value in self._list(at, key):
            if not isinstance(value, dict):
                self._wrong(path, value, "an object")
            yield _At(value, path)

    def _texts(self, at: _At, key: str) -> Iterator[str]:
        for path, value in self._list(at, key):
            if not isinstance(value, str):
                self._wrong(path, value, "text")
            yield value

    def _list(self, at: _At, key: str) -> Iterator[tuple[JsonPath, Json]]:
        value = at.fields.get(key, [])
        if not isinstance(value, list):
            self._wrong((*at.path, key), value, "a list")
        self._items += len(value)
        if self._items > _ITEMS:
            raise _too_large(self._name, f"its lists have more than {_ITEMS} entries")
        yield from (((*at.path, key, number), each) for number, each in enumerate(value))

    def _text_of(self, at: _At, key: str) -> str:
        value = at.fields.get(key, "")
        if not isinstance(value, str):
            self._wrong((*at.path, key), value, "text")
        if len(value) > _LONGEST:
            raise _too_large(self._name, f"a text of it has {len(value)} characters, at most {_LONGEST} are read")
        return value

    def _wrong(self, path: JsonPath, value: Json, expected: str) -> NoReturn:
        kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
        got = kinds.get(type(value), "a number")
        at = "".join(f"/{step}" for step in path)
        raise IntegrityError.of(
            "TB8703",
            f"{self._name} has {got} at {at[:300]}, expected {expected}",
            hint=_AGAIN,
            where=locate(self._name, self._text, path),
        )


def _foreign(name: str, message: str, hint: str) -> UsageError:
    return UsageError.of("TB8701", f"{name}: {message}", hint=hint, where=Location(file=name))


def _too_large(name: str, message: str) -> UsageError:
    return UsageError.of("TB8704", f"{name}: {message}", hint=_AGAIN, where=Location(file=name))
