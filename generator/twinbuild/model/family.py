"""The template of a model family: what ``family.yaml`` says, and the files beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from twinbuild.model.digest import Digest
from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.extends import FamilyReference
from twinbuild.model.spec.paths import Confined
from twinbuild.model.spec.values import Description, Line, Name, Sha256, Version, objection

__all__ = [
    "FAMILY_VERSION",
    "STANDARD",
    "Conditional",
    "Family",
    "FamilyFile",
    "FamilySheet",
    "Part",
    "Variable",
    "Written",
]

FAMILY_VERSION: Final = "twinbuild/family/v1"
STANDARD: Final = (  # variables that every family has: what a release says of itself
    ("name", "Name of the release; the directory's, made fit, where it is not said."),
    ("version", "Version of the release."),
    ("team", "Team that owns the release."),
    ("owner", "Person who answers for it."),
    ("email", "Address at which that person is reached."),
)
_VARIABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TAKEN: Final = frozenset(name for name, _ in STANDARD) | {"family", "super", "self", "loop", "caller", "none"}


def _check_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "use 1 to 40 lower-case letters, digits and '_'")
    if text in _TAKEN:
        raise objection("TB1181", f"the variable {text!r} is one that every family has", "choose another name")
    return text


def _plain_digest(value: object) -> object:
    """The hexadecimal digits alone: `family show` prints the algorithm before them."""
    if not isinstance(value, str):
        return value
    plain = value.removeprefix("sha256:")
    if not _DIGEST.fullmatch(plain):
        hint = "write the digest that `twinbuild family show FAMILY` prints for the family of 'extends'"
        raise objection("TB1109", f"got {value[:80]!r}, expected 64 lower-case hexadecimal digits", hint)
    return plain


class Variable(Section):
    """A value that whoever starts a project chooses."""

    name: Annotated[str, AfterValidator(_check_variable)]
    """Name: `--set NAME=VALUE`, and `{{ NAME }}` in templates."""
    type: Literal["string", "int", "float", "bool", "enum"] = "string"
    """Type of the value."""
    description: Description | None = None
    """What it is for."""
    default: str | int | float | bool | None = None
    """Value where none is given; one must be given where it is missing."""
    pattern: Line | None = None
    """Regular expression that a whole string must match."""
    values: Several[Line] = ()
    """Values of an enum."""
    minimum: int | float | None = None
    """Smallest number."""
    maximum: int | float | None = None
    """Largest number."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if (self.type == "enum") != bool(self.values):
            objections.add("TB1182", "an enum has values, and nothing else has", "give both, or neither", "values")
        if self.pattern is not None and self.type != "string":
            objections.add("TB1182", f"a pattern is for strings, not for {self.type}", "take it out", "pattern")
        numeric = self.type in ("int", "float")
        for key in ("minimum", "maximum"):
            if getattr(self, key) is not None and not numeric:
                objections.add("TB1182", f"a {key} is for numbers, not for {self.type}", "take it out", key)
        objections.settle()
        return self


class Conditional(Section):
    """A file that is written only where a variable says so."""

    path: Confined
    """Path of the file in the project, or of a directory with all that is in it."""
    when: str
    """Name of a variable of type bool."""


class Part(Section):
    """A place where a project or another family changes what the template does."""

    name: Annotated[str, AfterValidator(_check_variable)]
    """Name of the block, or of the hook."""
    description: Description | None = None
    """What belongs there."""


class FamilySheet(Section):
    """``family.yaml``."""

    api_version: Annotated[Literal["twinbuild/family/v1"], Field(alias="apiVersion")]
    """Version of this format."""
    kind: Literal["Family"]
    """Kind of document."""
    name: Name
    """Name of the family; its directory is called so."""
    version: Version
    """Version of the family. Raise it for every change: a release pins the family by version and digest."""
    description: Description | None = None
    """What it is for."""
    extends: FamilyReference | None = None
    """Family on which this one is built: its files, variables and blocks are here, too."""
    sha256: Annotated[Sha256, BeforeValidator(_plain_digest)] | None = None
    """Digest of that family, as `twinbuild family show` says it; needed where it is of another catalogue."""
    variables: Several[Variable] = ()
    """What whoever starts a project chooses."""
    optional: Several[Conditional] = ()
    """Files that are written only where a variable says so."""
    without: Several[Confined] = ()
    """Files of the family that it extends which are not written, by their paths in the project."""
    blocks: Several[Part] = ()
    """Jinja blocks of the templates that another family may override."""
    hooks: Several[Part] = ()
    """Files of the project that run when an image is built, in the sandbox of a build step."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        for key in ("variables", "blocks", "hooks"):
            names: tuple[str, ...] = tuple(part.name for part in getattr(self, key))
            objections.repeated(key.rstrip("s"), names, key, key="name")
        if self.sha256 is not None and self.extends is None:
            objections.add("TB1183", "sha256 pins the family of 'extends', which is missing", "add it", "sha256")
        objections.settle()
        return self

    @property
    def reference(self) -> str:
        """``NAME@VERSION``."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyFile:
    """A file of a template, by its path below the family's directory."""

    path: str
    content: bytes
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family as it was read: its sheet, all of its files, and the family that it extends."""

    sheet: FamilySheet
    files: tuple[FamilyFile, ...]  # sorted by path
    digest: Digest  # of the files and of the digest of ``base``
    base: Family | None
    directory: str  # for messages

    @property
    def chain(self) -> tuple[Family, ...]:
        """The families that it is made of, the most basic first, itself last."""
        return (*(self.base.chain if self.base is not None else ()), self)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Its variables: those of the families that it extends, in whose place its own of the same name come."""
        found = {variable.name: variable for family in self.chain for variable in family.sheet.variables}
        return tuple(found.values())

    def parts(self, kind: Literal["blocks", "hooks"]) -> tuple[Part, ...]:
        """Its blocks or hooks, those of the families that it extends included."""
        found = {part.name: part for family in self.chain for part in getattr(family.sheet, kind)}
        return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of a new project, by its path there."""

    path: str
    content: bytes
    executable: bool
