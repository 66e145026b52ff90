"""``dependencies``: Python requirements by purpose, and where they may come from."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.references import Address, Requirement
from twinbuild.model.spec.values import Instant, Name, objection

__all__ = ["Dependencies", "Index"]

_PROJECT_PATTERN = re.compile(r"[A-Za-z0-9*]([A-Za-z0-9._*-]*[A-Za-z0-9*])?", re.ASCII)
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)

_LIBRARY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,200}", re.ASCII)
_UNASKED = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?/[^/\s]{1,200}")


def _check_pattern(text: str) -> str:
    if not _PROJECT_PATTERN.fullmatch(text) or not text.strip("*"):
        raise objection("TB1104", f"got {text[:80]!r}", "write a project's name, in which * stands for any part")
    return text


def _check_project(text: str) -> str:
    if not _PROJECT.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "write a project's name, such as numpy")
    return text


def _check_library(text: str) -> str:
    if not _LIBRARY.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "write the name of a library, such as libtbb.so.12")
    return text


def _check_unasked(text: str) -> str:
    if not _UNASKED.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "write PROJECT/FILE as TB4111 names it")
    return text


class Index(Section):
    """A package index of the spec's own. The machine's default index is called `default` and has no address here."""

    name: Name
    """Name by which the lock calls it."""
    url: Address | None = None
    """Address of its simple API; settings of the machine may give it instead."""
    packages: Several[Annotated[str, AfterValidator(_check_pattern)]] = ()
    """Projects that come from this index and from no other; * stands for any part of a name."""

    @model_validator(mode="after")
    def _no_default_address(self) -> Self:
        if self.name == "default" and self.url is not None:
            raise objection(
                "TB1116", "the index 'default' has an address", "set it on the machine, or give the index another name"
            )
        if self.name != "default" and not self.packages:
            raise objection(
                "TB1116",
                f"index {self.name!r} names no packages",
                "list the projects that come from it, so that none of them can be taken from elsewhere",
            )
        return self


class Dependencies(Section):
    """Python requirements, kept apart by purpose."""

    runtime: Several[Requirement] = ()
    """What the service imports: this alone enters the image."""
    build: Several[Requirement] = ()
    """What builds the application."""
    development: Several[Requirement] = ()
    """What its developers use."""
    test: Several[Requirement] = ()
    """What its tests use."""
    constraints: Several[Requirement] = ()
    """Limits on whatever is chosen, which choose nothing themselves."""
    indexes: Several[Index] = ()
    """Indexes beside the machine's own."""
    exclude_newer: Instant | None = None
    """Files that were uploaded later are not seen."""
    source_builds: Several[Annotated[str, AfterValidator(_check_project)]] = ()
    """Projects whose source distribution may be built; none by default."""

    unasked_code: Several[Annotated[str, AfterValidator(_check_unasked)]] = ()
    """Code of wheels that runs, or replaces other code, without being imported by name; refused unless named here, such
    as `setuptools/distutils-precedence.pth`."""
    absent_libraries: Several[Annotated[str, AfterValidator(_check_library)]] = ()
    """Libraries that files in the image name and may lack, such as `libtbb.so.12`, for these files are never loaded."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        objections = Objections()
        for key in (
            "runtime",
            "build",
            "development",
            "test",
            "constraints",
            "source_builds",
            "unasked_code",
            "absent_libraries",
        ):
            objections.repeated("entry", getattr(self, key), key)
        objections.repeated("index", (index.name for index in self.indexes), "indexes", key="name")
        objections.settle()
        return self
