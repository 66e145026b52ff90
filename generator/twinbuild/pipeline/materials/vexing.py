"""What people say of the vulnerabilities of a release, for machines: CycloneDX VEX and OpenVEX, bound to its digest."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from twinbuild import __version__
from twinbuild.codec.canonical import Json, canonical, digest_of
from twinbuild.describe.naming import PROJECT
from twinbuild.errors import Finding, Location, SpecError, UsageError
from twinbuild.govern.vulnerabilities.judging import same_package, statement_of
from twinbuild.model.vulnerability import Statement, StatementSheet, Status, Vulnerable
from twinbuild.pipeline.reading.boms import ReadBom

__all__ = ["refuse_unbound", "vex_document"]

_STATES: Final[dict[Status, str]] = {  # of CycloneDX 1.6, vulnerabilities[].analysis.state
    "not_affected": "not_affected",
    "affected": "exploitable",
    "fixed": "resolved",
    "under_investigation": "in_triage",
}
_JUSTIFICATIONS: Final = {  # of OpenVEX, in the words of CycloneDX
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
_METHODS: Final = {"CVSS:3.0": "CVSSv3", "CVSS:3.1": "CVSSv31", "CVSS:4.0": "CVSSv4"}
_SAFE: Final = "/:@!$&'()*+,;=-._~?"  # of a fragment (RFC 3986, 3.5)
_CONTEXT: Final = "https://openvex.dev/ns/v0.2.0"


def refuse_unbound(found: ReadBom, sheet: StatementSheet, *, path: Path) -> None:
    """Raise SpecError TB8744 for statements about another release, TB8745 for each component that is not there."""
    release = found.release
    if release is None or str(release.digest) != sheet.release:
        got = str(release.digest) if release is not None else "a document alone"
        raise SpecError.of(
            "TB8744",
            f"the statements are about the release {sheet.release}, and this is {got}",
            hint="look at each statement again, and then write the digest of this release",
            where=Location(file=str(path), pointer="/release"),
        )
    purls = [each.purl for each in found.bom.everything if each.purl]
    findings = tuple(
        Finding(
            code="TB8745",
            message=f"{said.vulnerability} is said of {purl}, which is no component of the release",
            hint="name a package URL of sbom.cdx.json, or take the statement out",
            where=Location(file=str(path), pointer=f"/statements/{number}/components/{place}"),
        )
        for number, said in enumerate(sheet.statements)
        for place, purl in enumerate(said.components)
        if not any(same_package(purl, each) for each in purls)
    )
    if findings:
        raise SpecError(findings)


def vex_document(form: str, found: ReadBom, sheet: StatementSheet, findings: Iterable[Vulnerable]) -> bytes:
    """The document as canonical JSON with a line end; ``form`` is cyclonedx or openvex.

    Statements about vulnerabilities that the database does not know of are there, too. The same release, statements
    and findings give the same bytes: its time is the statements' date. Raises UsageError TB8747 for a bill without a
    serial number, which nothing can refer to.
    """
    made = _cyclonedx if form == "cyclonedx" else _openvex
    return canonical(made(found, sheet, tuple(findings))) + b"\n"


def _told(
    found: ReadBom, sheet: StatementSheet, findings: tuple[Vulnerable, ...]
) -> Iterator[tuple[str, Any, list[tuple[str, str]]]]:
    """Each vulnerability's name, what is known, and reference and package URL of each component that it is about.

    Findings that nobody speaks of come first, then statements in their order. A component of which a later statement
    says something else is left out of an earlier one: a document contradicts itself nowhere.
    """
    for each in findings:
        if statement_of(each, sheet.statements) is None:
            yield each.name, each, [(each.package.reference, each.package.purl)]
    for place, said in enumerate(sheet.statements):
        names = {said.vulnerability}.union(*(each.ids for each in findings if said.vulnerability in each.ids))
        later = [other for other in sheet.statements[place + 1 :] if other.vulnerability in names]
        about = [
            (each.reference, each.purl)
            for each in found.bom.everything
            if _speaks_of(said, each.purl) and not any(_speaks_of(other, each.purl) for other in later)
        ]
        if about:
            yield said.vulnerability, said, about


def _speaks_of(said: Statement, purl: str) -> bool:
    return bool(purl) and any(same_package(stated, purl) for stated in said.components)


def _cyclonedx(found: ReadBom, sheet: StatementSheet, findings: tuple[Vulnerable, ...]) -> dict[str, Json]:
    serial = found.bom.serial.removeprefix("urn:uuid:")
    if not serial or serial == found.bom.serial:
        raise UsageError.of(
            "TB8747", f"{found.path} has no serial number to refer to", hint="name a release that twinbuild made"
        )
    vulnerabilities: list[Json] = []
    for name, about, parts in _told(found, sheet, findings):
        entry: dict[str, Json] = {
            "bom-ref": f"vulnerability/{len(vulnerabilities):04}",
            "id": name,
            "affects": [{"ref": f"urn:cdx:{serial}/1#{quote(end, safe=_SAFE)}"} for end, _ in parts],
            "analysis": _analysis(about),
        }
        if ratings := _ratings(name, about, findings):
            entry["ratings"] = ratings
        vulnerabilities.append(entry)
    root = found.bom.root
    document: dict[str, Json] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": f"{sheet.date}T00:00:00Z",
            "authors": [{"name": sheet.author}],
            "tools": {"components": [{"type": "application", "name": "twinbuild", "version": __version__}]},
            "component": {
                "type": "application",
                "name": root.name if root is not None else "release",
                "version": root.version if root is not None else "",
                "purl": root.purl if root is not None else "",
                "hashes": [{"alg": "SHA-256", "content": sheet.release.removeprefix("sha256:")}],
            },
        },
        "vulnerabilities": vulnerabilities,
    }
    return {**document, "serialNumber": uuid.uuid5(PROJECT, f"vex:{digest_of(document).hex}").urn}


def _analysis(about: Vulnerable | Statement) -> Json:
    if isinstance(about, Vulnerable):
        return {"state": _STATES["under_investigation"]}
    analysis: dict[str, Json] = {"state": _STATES[about.status]}
    if about.justification is not None:
        analysis["justification"] = _JUSTIFICATIONS[about.justification]
    if about.detail is not None:
        analysis["detail"] = about.detail
    return analysis


def _ratings(name: str, about: Vulnerable | Statement, findings: Iterable[Vulnerable]) -> list[Json]:
    known = about if isinstance(about, Vulnerable) else next((each for each in findings if name in each.ids), None)
    if known is None or known.score is None:
        return []
    method = _METHODS.get(known.vector.partition("/")[0], "other")
    return [{"score": known.score, "severity": known.level, "method": method, "vector": known.vector}]


def _openvex(found: ReadBom, sheet: StatementSheet, findings: tuple[Vulnerable, ...]) -> dict[str, Json]:
    root = found.bom.root
    product: dict[str, Json] = {
        "@id": root.purl if root is not None and root.purl else sheet.release,
        "hashes": {"sha-256": sheet.release.removeprefix("sha256:")},
    }
    statements: list[Json] = []
    for name, about, ends in _told(found, sheet, findings):
        parts: list[Json] = [{"@id": purl} for purl in dict.fromkeys(purl for _, purl in ends)]
        entry: dict[str, Json] = {
            "vulnerability": {"name": name},
            "products": [{**product, "subcomponents": parts}],
            "status": "under_investigation" if isinstance(about, Vulnerable) else about.status,
        }
        if isinstance(about, Statement):
            if about.justification is not None:
                entry["justification"] = about.justification
            if about.detail is not None:
                key = {"not_affected": "impact_statement", "affected": "action_statement"}
                entry[key.get(about.status, "status_notes")] = about.detail
        statements.append(entry)
    document: dict[str, Json] = {
        "@context": _CONTEXT,
        "author": sheet.author,
        "timestamp": f"{sheet.date}T00:00:00Z",
        "version": 1,
        "tooling": f"twinbuild {__version__}",
        "statements": statements,
    }
    return {**document, "@id": uuid.uuid5(PROJECT, f"openvex:{digest_of(document).hex}").urn}
