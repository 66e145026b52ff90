"""``publish``, ``governance`` and ``build``: where the release goes, who decides, and how its image is stored."""

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from twinbuild.model.spec.base import Section, Several
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.paths import Confined
from twinbuild.model.spec.references import check_repository
from twinbuild.model.spec.values import Duration, Label, Line, check_stage

__all__ = ["AcceptedFinding", "BuildOptions", "Governance", "Publish", "Roles"]


def _is_none(value: object) -> bool:
    """Whether a field is not stated: then nothing that is made of a spec's value knows of it."""
    return value is None


def _check_repositories(value: object) -> FrozenMapping[str]:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "expected a mapping")
    errors: list[InitErrorDetails] = []
    for stage, repository in value.items():
        problem: PydanticCustomError | None = None
        if not isinstance(repository, str):
            problem = PydanticCustomError("string_type", "expected text")
        elif (problem := check_stage(stage)) is None:
            try:
                check_repository(repository)
            except PydanticCustomError as error:
                problem = error
        if problem is not None:
            errors.append({"type": problem, "loc": (stage,), "input": None})
    if errors:
        raise ValidationError.from_exception_data("repositories", errors, hide_input=True)
    return FrozenMapping(value)


class Publish(Section):
    """Where the image goes."""

    repositories: Annotated[
        FrozenMapping[str],
        PlainValidator(_check_repositories),
        WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
    ] = Field(default_factory=FrozenMapping)
    """Repository of a registry for each stage, such as dev and prod."""


class Roles(Section):
    """Who may do what."""

    creators: Several[Line] = ()
    """People or groups who may make a release."""
    approvers: Several[Line] = ()
    """People or groups who may approve it."""
    deployers: Several[Line] = ()
    """People or groups who may bring it out."""


class AcceptedFinding(Section):
    """Something that looks like a secret, of which a person says that it is none."""

    path: Line
    """Where it is, as the finding named it."""
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """Fingerprint of the finding; of another value in the same place it is another one."""
    reason: Line
    """Why it is no secret, or one that everybody may know."""


class Governance(Section):
    """Rules about the release itself."""

    roles: Roles = Field(default_factory=Roles)
    """Who may do what."""
    dirty_source: Literal["allow", "refuse"] | None = None
    """Whether a release may be made of files that differ from the source commit; refused where it is recorded."""
    approvals: int = Field(default=0, ge=0, le=20)
    """Approvals that the release needs."""
    retention: Duration | None = None
    """How long it is kept."""
    classification: Label | None = None
    """Class of the information in it, such as internal."""
    accepted_findings: Several[AcceptedFinding] | None = Field(default=None, exclude_if=_is_none)
    """What the search for secrets found, and what is none."""


class BuildOptions(Section):
    """How the image is stored."""

    compression: Literal["zstd", "gzip"] = "zstd"
    """Compression of its layers."""
    bytecode: bool = True
    """Whether Python code is compiled ahead of its first run."""
    dockerfile: Confined | None = None
    """A Jinja2 template, relative to the spec, that extends `Dockerfile.j2` for the Docker builder."""
