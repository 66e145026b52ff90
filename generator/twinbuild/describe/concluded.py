"""The licences under which components may be used: concluded where the evidence agrees, or by a person's word.

BSI TR-03183-2 (3.2.8) asks for the *distribution licences*, "under which a component can be used by a licensee"; in
CycloneDX they are those of ``acknowledgement: concluded``. What a component declares stays beside them. In this order:

1. **person**: the first conclusion of the spec whose pattern is that of the component's package URL.
2. **licensor**: the release, its images, the application and the model are the team's own, and the spec says under
   which licence the team gives them.
3. **texts**: a wheel declares one expression, every licence file in its dist-info is wholly the text of a licence that
   the expression names, every licence that it names has such a file, nothing of others lies in the wheel, and no
   other file of it bears terms under another licence.

Anything else is not concluded. The files that were read are evidence (``evidence.licenses``), whatever follows from
them: each with its place, its digest, and the licence whose text it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from cyclonedx.model import Property
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.component_evidence import ComponentEvidence
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseAcknowledgement, LicenseExpression

from twinbuild.codec.cyclonedx import DECLARED_PROPERTY
from twinbuild.codec.spdx import conjunction, is_identifier, licences_in, spdx_expression
from twinbuild.describe import components as make
from twinbuild.describe.texts import line
from twinbuild.model.inspection import Inspection, LicenceText
from twinbuild.model.lock import Licensing
from twinbuild.model.spec.licences import DECLARED, Conclusion
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["conclude"]

_CONCLUDED: Final = LicenseAcknowledgement.CONCLUDED
_SIGNS: Final = re.compile(r"[^A-Za-z0-9.]+", re.ASCII)


def conclude(
    component: Component, spec: ReleaseSpec, *, entry: Licensing | None = None, found: Inspection | None = None
) -> None:
    """Put the evidence and, where there is one, the conclusion into a component that has what it declares.

    ``entry`` is what its file says (of a Debian package that of the copyright file that is its own), ``found`` what
    lies in a wheel.
    """
    texts = found.texts if found is not None else ()
    person = _person(component, spec)
    expression, basis = "", ""
    if person is not None:
        stated = _declared(component, entry) if person.licence == DECLARED else person.licence
        expression, basis = stated, "person"
    elif _is_own(component, spec):
        expression, basis = _declared(component, None), "licensor"
    elif texts and found is not None and not component.components:
        expression, basis = _by_texts(_declared(component, None), texts, found.others), "texts"
    evidence = [*_evidence(texts, licences_in(expression)), *_notice(entry)]
    if evidence:
        if component.evidence is None:
            component.evidence = ComponentEvidence()
        component.evidence.licenses.update(evidence)
    if expression:
        _put(component, expression)
        component.properties.add(Property(name="twinbuild:concluded", value=basis))
        if person is not None:
            component.properties.add(Property(name="twinbuild:concluded:by", value=line(person.by)))
            component.properties.add(Property(name="twinbuild:concluded:reason", value=line(person.reason)))


def _person(component: Component, spec: ReleaseSpec) -> Conclusion | None:
    if spec.licences is None or component.purl is None or component.type is ComponentType.DATA:
        return None
    address = component.purl._replace(qualifiers=None).to_string()
    return next((each for each in spec.licences.conclusions if _fits(each.components, address)), None)


def _fits(pattern: str, text: str) -> bool:
    """Whether stars may stand for what a pattern leaves out; without going back, for package URLs are foreign."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _is_own(component: Component, spec: ReleaseSpec) -> bool:
    return component.manufacturer == make.team(spec.metadata) and component.type is not ComponentType.DATA


def _declared(component: Component, entry: Licensing | None) -> str:
    """One expression for all that a component declares, or "".

    A Debian package's copyright file defines the names that it uses, so that each of them, or a file in prose as a
    whole, is a licence of its own (SPDX 2.3, 10.1): ``LicenseRef-debian-SOURCE-NAME``.
    """
    if entry is not None and entry.notice is not None and component.purl is not None:
        names = entry.names or (() if entry.expressions else ("copyright",))
        return spdx_expression(conjunction((*entry.expressions, *_references(component, names))))
    found = [each.value if isinstance(each, LicenseExpression) else each.id or "" for each in component.licenses]
    return spdx_expression(conjunction(sorted(found))) if found and all(found) else ""


def _references(component: Component, names: Iterable[str]) -> list[str]:
    assert component.purl is not None, "asked for before"
    source = next(each.value or "" for each in component.properties if each.name == "twinbuild:source").split(" ")[0]
    begin = f"LicenseRef-{component.purl.namespace}-{_SIGNS.sub('-', source)}"
    plain = [_SIGNS.sub("-", name.replace("+", " plus ")).strip("-") or "unnamed" for name in names]
    often = Counter(plain)
    return sorted(
        f"{begin}-{name}" if often[name] == 1 else f"{begin}-{name}.{number}" for number, name in enumerate(plain, 1)
    )


def _by_texts(expression: str, texts: tuple[LicenceText, ...], others: tuple[LicenceText, ...]) -> str:
    """The expression, where it and the texts say the same, and none of the others anything else; else ""."""
    named = licences_in(expression)
    licences = [each for each in texts if not each.harmless]
    agreed = [named.intersection(each.licences) for each in licences]
    same = bool(licences) and all(agreed) and frozenset().union(*agreed) == named
    same = same and not any(named.isdisjoint(each.licences) for each in others)
    return expression if same else ""


def _evidence(texts: Iterable[LicenceText], named: frozenset[str]) -> Iterator[License]:
    for each in texts:
        properties = _place(each.path, f"sha256:{each.sha256}")
        fitting = sorted(named.intersection(each.licences)) or sorted(each.licences)
        if fitting:
            yield from (DisjunctiveLicense(id=name, properties=properties) for name in fitting)
        else:
            yield DisjunctiveLicense(name=f"see {line(each.path)}", properties=properties)


def _notice(entry: Licensing | None) -> Iterator[License]:
    if entry is not None and entry.notice is not None:
        path = f"/{entry.files[0]}"
        yield DisjunctiveLicense(name=f"see {path}", properties=_place(path, str(entry.notice)))


def _place(path: str, digest: str) -> list[Property]:
    return [Property(name="twinbuild:file", value=line(path)), Property(name="twinbuild:digest", value=digest)]


def _put(component: Component, expression: str) -> None:
    """Both statements, as CycloneDX 1.6 can hold them: a list of ids and names, or else one expression alone."""
    declared = list(component.licenses)
    if is_identifier(expression) and not any(isinstance(each, LicenseExpression) for each in declared):
        component.licenses.add(DisjunctiveLicense(id=expression, acknowledgement=_CONCLUDED))
        return
    component.licenses.clear()
    component.licenses.add(LicenseExpression(expression, acknowledgement=_CONCLUDED))
    for number, each in enumerate(declared, 1):
        if isinstance(each, LicenseExpression):
            kind, text = "expression", each.value
        else:
            kind, text = ("expression", each.id) if each.id else ("name", each.name or "")
        component.properties.add(Property(name=f"{DECLARED_PROPERTY}{kind}:{number:03}", value=text))
