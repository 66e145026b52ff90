"""METADATA of a wheel ("Core metadata specifications", PEP 566, 639, 643) as a value."""

from __future__ import annotations

from dataclasses import dataclass

from twinbuild.errors import Finding, IntegrityError
from twinbuild.wheel.faults import finding

__all__ = ["Metadata", "parse_metadata"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What an installation and an SBOM need. Texts are as written; empty where the file has none."""

    metadata_version: str
    name: str  # as written, not normalised
    version: str  # as written, not normalised
    requires_dist: tuple[str, ...]  # PEP 508, in the file's order
    requires_python: str
    provides_extra: tuple[str, ...]
    summary: str
    home_page: str
    project_urls: tuple[tuple[str, str], ...]  # label, address
    author: str
    author_email: str
    maintainer: str
    maintainer_email: str
    licence: str  # the old free text, which may be a whole licence
    licence_expression: str  # SPDX (PEP 639), as written
    licence_files: tuple[str, ...]  # below dist-info/licenses/
    classifiers: tuple[str, ...]


def parse_metadata(content: bytes, *, archive: str, member: str) -> Metadata:
    """The value of a METADATA file.

    Raises IntegrityError TB4104 with a finding for each field that must be right and is not: name and version are
    there once, Requires-Dist and Requires-Python are what packaging can parse.
    """
    from packaging.metadata import parse_email
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    raw, unparsed = parse_email(content)
    findings: list[Finding] = []

    def object_to(message: str) -> None:
        findings.append(finding("TB4104", message, archive=archive, member=member))

    for field in ("metadata-version", "name", "version", "requires-python"):
        if field in unparsed:
            object_to(f"field {field} stands there more than once or cannot be read")
    for field, value in (
        ("Metadata-Version", raw.get("metadata_version")),
        ("Name", raw.get("name")),
        ("Version", raw.get("version")),
    ):
        if not value and field.lower() not in unparsed:
            object_to(f"field {field} is missing")
    for requirement in raw.get("requires_dist", ()):
        try:
            Requirement(requirement)
        except InvalidRequirement as error:
            first = str(error).partition("\n")[0]
            object_to(f"Requires-Dist {requirement[:120]!r} is not a requirement: {first}")
    try:
        SpecifierSet(raw.get("requires_python", ""))
    except InvalidSpecifier:
        object_to(f"Requires-Python {raw.get('requires_python', '')[:120]!r} is not a version specifier")
    if findings:
        raise IntegrityError(tuple(findings))
    return Metadata(
        metadata_version=raw.get("metadata_version", ""),
        name=raw.get("name", ""),
        version=raw.get("version", ""),
        requires_dist=tuple(raw.get("requires_dist", ())),
        requires_python=raw.get("requires_python", ""),
        provides_extra=tuple(raw.get("provides_extra", ())),
        summary=raw.get("summary", ""),
        home_page=raw.get("home_page", ""),
        project_urls=tuple(sorted(raw.get("project_urls", {}).items())),
        author=raw.get("author", ""),
        author_email=raw.get("author_email", ""),
        maintainer=raw.get("maintainer", ""),
        maintainer_email=raw.get("maintainer_email", ""),
        licence=raw.get("license", ""),
        licence_expression=raw.get("license_expression", ""),
        licence_files=tuple(raw.get("license_files", ())),
        classifiers=tuple(raw.get("classifiers", ())),
    )
