"""``policy.yaml``: who may do what to a release, what a stage asks for, and when nothing moves. No rule, no right."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.values import Duration, Instant, Line, Name, objection

__all__ = [
    "POLICY_VERSION",
    "Action",
    "Allow",
    "Declared",
    "Excused",
    "Freeze",
    "OrganisationPolicy",
    "RegoFile",
    "RegoRules",
    "Requirement",
    "Signatures",
    "Weekly",
    "covers",
]

POLICY_VERSION = "twinbuild/policy/v1"
Encrypted = Literal["services", "monitoring", "configuration", "indexes", "mirrors", "registries", "archive"]
Action = Literal["create", "modify", "approve", "deploy", "rotate"]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY = "*"
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REGO_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\.rego", re.ASCII)
_BELOW = re.compile(r".*([^/:]|[A-Za-z0-9]:/)/\*")
_PATTERN = re.compile(r"\*|[a-z0-9][a-z0-9-]{0,62}\*?", re.ASCII)


def _check_pattern(text: str) -> str:
    if not _PATTERN.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "write a name, or the beginning of one and '*': 'fraud-*'")
    return text


def _check_local(text: str) -> str:
    try:
        # a year before the last one: in every zone it is a time that can be written in UTC
        fine = _LOCAL.fullmatch(text) is not None and 1970 <= datetime.fromisoformat(text).year < 9999
    except ValueError:
        fine = False
    if not fine:
        hint = "write the local time, without its distance from UTC: '2026-12-20T00:00'"
        raise objection("TB1121", f"got {text[:60]!r}, expected a local time", hint)
    return text


def _check_weekly(text: str) -> str:
    day, _, time = text.partition(" ")
    if day not in _DAYS or not _is_time(time):
        raise objection("TB1121", f"got {text[:60]!r}, expected a day of the week and a time", "write 'fri 16:00'")
    return text


def _is_time(text: str) -> bool:
    hour, _, minute = text.partition(":")
    digits = len(hour) == len(minute) == 2 and (hour + minute).isdecimal() and (hour + minute).isascii()
    return digits and int(hour) < 24 and int(minute) < 60


def _check_sha256(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "write the 64 hexadecimal digits that `sha256sum` prints")
    return text


def _check_rego_file(text: str) -> str:
    if not _REGO_FILE.fullmatch(text):
        hint = "put it beside policy.yaml, and name it in lower case: 'licences.rego'"
        raise objection("TB1104", f"got {text[:80]!r}, expected the name of a file of Rego", hint)
    return text


_Sha256 = Annotated[str, AfterValidator(_check_sha256)]
_RegoName = Annotated[str, AfterValidator(_check_rego_file)]
_Pattern = Annotated[str, AfterValidator(_check_pattern)]
_Stage = Annotated[str, AfterValidator(_check_pattern)]
_Local = Annotated[str, AfterValidator(_check_local)]
_Weekly = Annotated[str, AfterValidator(_check_weekly)]


class Allow(Section):
    """A right: what no such rule allows is refused."""

    name: Name
    """Name of the rule."""
    may: Annotated[Several[Action], Field(min_length=1)]
    """What is allowed: create a release, modify one (a further version of a name), approve, deploy, rotate secrets."""
    roles: Annotated[Several[Name], Field(min_length=1)]
    """Roles of the trust root that may."""
    releases: Annotated[Several[_Pattern], Field(min_length=1)] = (_EVERY,)
    """Names of releases, or their beginnings with a star."""
    stages: Several[_Stage] = ()
    """Stages, for approving and deploying."""


class Signatures(Section):
    """Signatures of a role."""

    role: Name
    """Role of the trust root."""
    people: int = Field(default=1, ge=1, le=20)
    """How many people of it must have signed the release."""


class Declared(Section):
    """Something of which nobody can tell from here that it is encrypted, and who says that it is."""

    what: Line
    """Address as `policy check` prints it (or the path of the archive); or s3://models/*: whatever lies below it."""
    by: Line
    """Who vouches for it."""
    reason: Line
    """By what it is encrypted."""
    until: Instant
    """When it ends."""

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if self.what.endswith(_EVERY) and not _BELOW.fullmatch(self.what):
            objections = Objections()
            message = f"{self.what[:80]!r} would be of other hosts or directories, too"
            hint = "put the star behind a slash, after the whole name of the host or directory: 's3://models/*'"
            objections.add("TB1105", message, hint, "what")
            objections.settle()
        return self


class Requirement(Section):
    """What a stage asks of a release."""

    name: Name
    """Name of the rule."""
    stages: Annotated[Several[_Stage], Field(min_length=1)]
    """Stages that ask for it."""
    releases: Annotated[Several[_Pattern], Field(min_length=1)] = (_EVERY,)
    """Names of releases, or their beginnings with a star."""
    approvals: int = Field(default=1, ge=0, le=20)
    """How many people must approve; the release itself may ask for more."""
    two_person: bool = True
    """Whether nobody's approval counts who signed the release, nor may they deploy what nobody else approved."""
    signatures: Several[Signatures] = ()
    """Roles that must have signed."""
    evidence: Several[Literal["built-twice", "tests-passed", "sbom-complete", "source-clean"]] = ()
    """What must have been shown."""
    forbidden_licences: Several[Line] = ()
    """Licences that no component may have, as in SPDX, or their beginnings with a star."""
    unknown_licences: Literal["allow", "refuse"] = "allow"
    """Whether a component may have no licence, or one that is no SPDX expression."""
    key_age: Duration | None = None
    """Greatest age of the keys that signed and approved."""
    secret_age: Duration | None = None
    """Greatest age of the secrets it names, by signed statements of when they were changed."""
    audit_log: bool = False
    """Whether the audit log must be given: the record of promotions is held against it, and each step is in it."""
    encryption: Several[Encrypted] = ()
    """What must be reached by encrypted connections alone, and that the archive lies on an encrypted volume."""
    declared_encrypted: Several[Declared] = ()
    """What is encrypted though nobody can see it from here, and who vouches for that."""


class RegoFile(Section):
    """A file of Rego, by its digest: what signs the policy signs it, too."""

    file: _RegoName
    """Name of the file beside policy.yaml."""
    sha256: _Sha256
    """SHA-256 of its bytes."""


class RegoRules(Section):
    """Rules in Rego (the shape of Conftest): a release is refused for each message of `deny` and `violation`."""

    name: Name
    """Name of the rules."""
    stages: Annotated[Several[_Stage], Field(min_length=1)]
    """Stages that they are about."""
    releases: Annotated[Several[_Pattern], Field(min_length=1)] = (_EVERY,)
    """Names of releases, or their beginnings with a star."""
    files: Annotated[Several[RegoFile], Field(min_length=1, max_length=100)]
    """Files with rules; each has at least one `deny`, `violation` or `warn`."""
    libraries: Annotated[Several[RegoFile], Field(max_length=100)] = ()
    """Files that these import, with no such rule."""


class Weekly(Section):
    """A part of every week."""

    start: Annotated[_Weekly, Field(alias="from")]
    """Day and local time from which on it is frozen: fri 16:00."""
    until: _Weekly
    """Day and local time from which on it is free again: mon 08:00."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.start == self.until:
            objections = Objections()
            objections.add("TB1105", "it ends when it begins", "give another time", "until")
            objections.settle()
        return self


class Freeze(Section):
    """A time in which nothing is deployed: once (``from``, ``until``), or every week (``weekly``)."""

    name: Name
    """Name of the rule."""
    stages: Annotated[Several[_Stage], Field(min_length=1)]
    """Stages that are frozen."""
    releases: Annotated[Several[_Pattern], Field(min_length=1)] = (_EVERY,)
    """Names of releases, or their beginnings with a star."""
    zone: Line
    """Time zone of what follows, such as Europe/Berlin or UTC."""
    start: Annotated[_Local | None, Field(alias="from")] = None
    """Local time from which on it is frozen."""
    until: _Local | None = None
    """Local time from which on it is free again."""
    weekly: Weekly | None = None
    """Every week."""
    rollbacks: Literal["allow", "refuse"] = "allow"
    """Whether a stage may go back to what ran there before all the same."""
    reason: Line
    """Why."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        once = (self.start is not None, self.until is not None)
        if once.count(True) == 1 or (self.weekly is not None) == all(once):
            hint = "give 'from' and 'until', or 'weekly'"
            objections.add("TB1105", "a freeze is from one time until another, or weekly", hint)
        elif self.start is not None and self.until is not None and self.start >= self.until:
            objections.add("TB1105", "it ends before it begins", "give a later time", "until")
        objections.settle()
        return self


class Excused(Section):
    """An exception: one rule does not bind one release, for a while. Rights have none."""

    rule: Line
    """The rule as `policy check` prints it, such as production-needs/tests-passed."""
    release: Line
    """The release digest; or NAME@VERSION, which holds for every release that bears it."""
    stages: Annotated[Several[_Stage], Field(min_length=1)]
    """Stages for which it holds."""
    until: Instant
    """When it ends."""
    reason: Line
    """Why."""


class OrganisationPolicy(Section):
    """The rules of an organisation about its releases."""

    api_version: Annotated[Literal["twinbuild/policy/v1"], Field(alias="apiVersion")]
    """Version of this format."""
    kind: Literal["Policy"]
    """Kind of document."""
    allow: Several[Allow] = ()
    """Who may do what."""
    require: Several[Requirement] = ()
    """What stages ask for."""
    rego: Several[RegoRules] = ()
    """What stages ask for, in Rego."""
    freeze: Several[Freeze] = ()
    """When nothing is deployed."""
    exceptions: Several[Excused] = ()
    """What does not bind for a while."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        names: set[str] = set()
        for key in ("allow", "require", "rego", "freeze"):
            for index, rule in enumerate(getattr(self, key)):
                if rule.name in names:
                    message = f"a rule {rule.name!r} is given more than once"
                    objections.add("TB1115", message, "rename one of them", key, index, "name")
                names.add(rule.name)
        for index, allow in enumerate(self.allow):
            staged = {"approve", "deploy"} & set(allow.may)
            if staged and not allow.stages:
                message = f"the rule {allow.name!r} does not say for which stages"
                objections.add("TB1105", message, "add 'stages:', or '*' for all", "allow", index, "may")
            if allow.stages and not staged:
                message = "stages are for approving and deploying"
                objections.add("TB1105", message, "take them out", "allow", index, "stages")
        self._named_once(objections)
        for index, excused in enumerate(self.exceptions):
            if excused.rule.partition("/")[0] not in names - {allow.name for allow in self.allow}:
                message = f"there is no rule {excused.rule.partition('/')[0]!r} that an exception could be made of"
                hint = "name a rule of 'require', 'rego' or 'freeze' as `policy check` prints it"
                objections.add("TB1117", message, hint, "exceptions", index, "rule")
        objections.settle()
        return self

    def _named_once(self, objections: Objections) -> None:
        """Files of Rego lie beside each other: one name, one digest."""
        digests: dict[str, str] = {}
        for index, rules in enumerate(self.rego):
            own: set[str] = set()
            for key in ("files", "libraries"):
                for at, each in enumerate(getattr(rules, key)):
                    if each.file in own or digests.setdefault(each.file, each.sha256) != each.sha256:
                        message = f"{each.file} is named more than once"
                        objections.add("TB1115", message, "name it once", "rego", index, key, at, "file")
                    own.add(each.file)


def covers(patterns: tuple[str, ...], name: str) -> bool:
    """Whether one of the patterns is this name, or its beginning with a star."""
    return any(name.startswith(each[:-1]) if each.endswith(_EVERY) else name == each for each in patterns)
