"""Lint: a project's spec against the conventions of its team, which ``conventions.toml`` beside it chooses."""

from __future__ import annotations

import tomllib
from typing import Final

from twinbuild.describe.conventions import RULES, Conventions, breaches
from twinbuild.errors import Finding, Location, UsageError
from twinbuild.pipeline.project import Project

__all__ = ["CONVENTIONS", "conventions_of", "lint"]

CONVENTIONS: Final = "conventions.toml"
_LARGEST: Final = 1 << 20


def lint(project: Project) -> tuple[Finding, ...]:
    """Every breach of a convention, with its place. Raises UsageError TB7630 for conventions that are none."""
    conventions = conventions_of(project)
    changelog: str | None = None
    if conventions.changelog:
        path = project.directory / conventions.changelog
        changelog = path.read_bytes()[:_LARGEST].decode("utf-8", "replace") if path.is_file() else ""
    return breaches(project.loaded, conventions, changelog=changelog)


def conventions_of(project: Project) -> Conventions:
    """Those of ``conventions.toml``, or the usual ones. Raises UsageError TB7630."""
    path = project.directory / CONVENTIONS
    if not path.is_file():
        return Conventions()
    try:
        stated = tomllib.loads(path.read_bytes()[:_LARGEST].decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(f"it cannot be read: {str(error)[:200]}", "write it as TOML") from error
    for key in stated:
        if key not in ("versions", "ignore", "changelog"):
            raise _refused(f"unknown key {key[:80]!r}", "versions, ignore and changelog are all there is")
    versions, ignore = stated.get("versions", "semver"), stated.get("ignore", [])
    changelog = stated.get("changelog", "")
    if versions not in ("semver", "pep440", "any"):
        raise _refused(f"got versions = {versions!r}"[:120], "write semver, pep440 or any")
    if not isinstance(ignore, list) or not all(isinstance(code, str) and code in RULES for code in ignore):
        raise _refused(f"got ignore = {ignore!r}"[:120], f"list codes of {min(RULES)} to {max(RULES)}")
    if not isinstance(changelog, str) or changelog.startswith("/") or ".." in changelog.split("/"):
        raise _refused(f"got changelog = {changelog!r}"[:120], "name a file of the project")
    return Conventions(versions=versions, ignore=frozenset(ignore), changelog=changelog)


def _refused(message: str, hint: str) -> UsageError:
    return UsageError.of("TB7630", message, hint=hint, where=Location(file=CONVENTIONS))
