"""Packages that are locked with a release and get into no image: to build, to test and to develop it with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from twinbuild.describe.site.cells import Table, columns, digest, text

__all__ = ["beside"]

_PURPOSES: Final = (("build", "building"), ("test", "tests"), ("development", "development"))
_KINDS: Final = (("os_packages", "deb"), ("wheels", "wheel"), ("sdists", "source"))


def beside(manifest: dict[str, Any]) -> Table:
    """A row for each package and what it is for; one that several targets have for the same is told once."""
    found = dict.fromkeys((*_locked(manifest["dependencies"]), *_given(manifest["environment"])))
    return Table(
        name="beside",
        caption="Packages in no image",
        columns=columns("Package", "Version", "Kind", "What it is for", "SHA-256"),
        rows=tuple(
            (text(name), text(version), text(kind), text(purpose), digest(sha256))
            for name, version, kind, purpose, sha256 in sorted(found)
        ),
        searched="Search packages",
    )


_Package = tuple[str, str, str, str, str]


def _locked(dependencies: dict[str, Any]) -> Iterator[_Package]:
    for entry in dependencies.get("beside", ()):
        for key, purpose in _PURPOSES:
            yield from _packages(entry.get(key, ()), "wheel", purpose)


def _given(environment: dict[str, Any]) -> Iterator[_Package]:
    """What build steps are given."""
    for target in environment["targets"]:
        for step in target.get("steps", ()):
            for key, kind in _KINDS:
                yield from _packages(step.get(key, ()), kind, f"step {step['name']}")


def _packages(listed: Any, kind: str, purpose: str) -> Iterator[_Package]:
    for each in listed:
        yield each["name"], str(each.get("version", "")), kind, purpose, str(each.get("sha256", ""))
