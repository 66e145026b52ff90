"""``metadata`` and ``source``: what the release is called, and which files it is made from."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.paths import AbsolutePlace, Confined
from twinbuild.model.spec.references import Address, StepReference
from twinbuild.model.spec.tables import TextTable
from twinbuild.model.spec.values import Date, Description, Line, Name, Version, objection

__all__ = ["Metadata", "Owner", "Source", "Step"]

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)


def _check_email(text: str) -> str:
    if not _EMAIL.fullmatch(text) or len(text) > 254:
        raise objection("TB1104", f"got {text[:80]!r}, expected an e-mail address", "write name@domain.example")
    return text


class Owner(Section):
    """A person who answers for the release."""

    name: Line
    """Name as people write it."""
    email: Annotated[str, AfterValidator(_check_email)]
    """Address at which the person is reached."""


class Metadata(Section):
    """Name, version and origin of the release."""

    name: Name
    """Name of the release; with the version it names the image and the output directory."""
    version: Version
    """Version of the release. Published versions never change: raise it for every change."""
    team: Line
    """Team that owns the release."""
    owners: Several[Owner] = Field(min_length=1)
    """People who answer for it."""
    date: Date = "commit"
    """Time stamp of every file (SOURCE_DATE_EPOCH): a day (its midnight in UTC), an RFC 3339 time, or `commit`, the
    date of the source commit."""
    description: Description | None = None
    """What the release is for."""
    licence: Line | None = None
    """SPDX expression of the licence of the release and its application, such as Apache-2.0 or LicenseRef-internal."""
    labels: TextTable = Field(default_factory=FrozenMapping)
    """Labels of the image and the manifest."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        objections = Objections()
        objections.repeated("owner", (owner.email for owner in self.owners), "owners", key="email")
        objections.settle()
        return self


class Step(Section):
    """One step of preparing inputs."""

    name: Name
    """Name of the step."""
    step: StepReference
    """What runs: `module:attribute` of the application, or the name of a build step of `environment.steps`."""
    description: Description | None = None
    """What the step does."""


class Source(Section):
    """The application: which files go into the image."""

    repository: Address | None = None
    """Address of the repository that holds the spec."""
    commit: Literal["record", "omit"] = "omit"
    """Whether the manifest names the source commit. Provenance always does."""
    directory: Confined
    """Directory of the application, relative to the spec. In the spec's own, what twinbuild writes is left out."""
    target: AbsolutePlace = "/app"
    """Where the directory lies in the image."""
    ignore: Several[Line] = ()
    """Files to leave out, as patterns of gitignore(5). Byte code, version control and `.env` are always left out."""
    preprocessing: Several[Step] = ()
    """Steps by which the application prepares its inputs."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        objections = Objections()
        objections.repeated("pattern", self.ignore, "ignore")
        objections.repeated("step", (step.name for step in self.preprocessing), "preprocessing", key="name")
        objections.settle()
        return self
