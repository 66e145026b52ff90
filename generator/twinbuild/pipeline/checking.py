"""Check a configuration before it is deployed: what the image's entrypoint would say, said where nothing starts yet.

The same code is asked that every image carries (``twinbuild.model.knobs``, ``twinbuild.build.configured``), with the
definitions of a spec or of a release.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twinbuild.build import configured, preflight
from twinbuild.codec.canonical import Json
from twinbuild.codec.envfile import Assignment
from twinbuild.deploy.configuration import FORMAT, configuration_environment, definitions_document
from twinbuild.deploy.requirements import requirements_document
from twinbuild.errors import Finding, IntegrityError, Location, UsageError
from twinbuild.model import knobs
from twinbuild.model.digest import Digest
from twinbuild.pipeline.project import Project, open_project, read_lock
from twinbuild.pipeline.reading.released import Released, read_release

__all__ = ["Checked", "Given", "check_configuration"]

_DEFINITIONS: Final = "deploy/definitions.json"
_FIXED: Final = frozenset({"PATH", "VIRTUAL_ENV", "LANG", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "TZ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody wants to deploy: values by knob, lines of environment files by file, and a stage ("": none)."""

    values: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, tuple[Assignment, ...]], ...] = ()
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The text of each knob, by name, in the spec's order, and everything that is wrong."""

    texts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is checked: ``definitions`` and ``requirements`` are JSON documents as the images hold them."""

    name: str
    definitions: bytes
    requirements: tuple[tuple[str, bytes], ...]  # by variant
    stages: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]  # texts by knob of each stage
    fixed: frozenset[str]  # variables that are no knobs
    project: Project | None


def check_configuration(
    where: Path, given: Given, *, overlays: tuple[Path, ...] = (), live: bool = False, machine: bool = False
) -> Checked:
    """Hold what is given against the knobs of a spec or a release.

    ``live``: only what may change while the service runs may be set; ``machine``: this machine is looked at, too.

    Secrets are asked for where an environment file is given, or the machine is looked at; the model's artifacts are
    read where a project has them.
    Raises UsageError TB7102, TB7103, TB7003, IntegrityError TB7005, and what reading a spec raises.
    """
    subject = _of_release(where) if _is_release(where) else _of_project(where, overlays)
    document: dict[str, Any] = json.loads(subject.definitions)
    texts = dict(_stage_texts(subject, given.stage))
    places: dict[str, Location] = {}
    findings: list[Finding] = []
    environment: dict[str, str] = {}
    known = {knob["environment"]: knob["name"] for knob in document["parameters"] if knob["environment"]}
    secrets = {secret["reference"] for secret in document["secrets"] if secret["provider"] == "env"}
    for file, assignments in given.files:
        for each in assignments:
            place = Location(file=file, line=each.line, column=1)
            environment[each.name] = each.value
            if each.name in known:
                texts[known[each.name]] = each.value
                places[known[each.name]] = place
            elif each.name not in subject.fixed | secrets:
                findings.append(_unknown(each.name, sorted(known), "environment variable", place))
    names = [knob["name"] for knob in document["parameters"]]
    fixed = {knob["name"] for knob in document["parameters"] if not knob.get("live")} if live else set()
    for name, text in given.values:
        place = Location(subject=f"--set {name}")
        if name in names:
            texts[name], places[name] = text, place
        else:
            findings.append(_unknown(name, names, "knob", place))
    findings += [_needs_a_restart(name, places[name]) for name in names if name in fixed and name in places]
    complete, wrong = knobs.check(document, texts)
    findings += [_located(each, places, names) for each in wrong]
    environment |= {variable: complete[name] for variable, name in known.items()}
    host = preflight.Host()
    if given.files or machine:
        asked = [secret for secret in document["secrets"] if machine or secret["provider"] == "env"]
        findings += [_plain(each, subject.name) for each in configured.secrets(asked, environment, host)]
    if subject.project is not None:
        findings += _artifacts(subject.project, document["artifacts"])
    if machine:
        findings += _machine(subject, document, environment)
    return Checked(texts=tuple(complete.items()), findings=tuple(findings))


def _is_release(where: Path) -> bool:
    return (where / "manifest.json").is_file() or (where.is_file() and where.suffix == ".json")


def _of_project(where: Path, overlays: tuple[Path, ...]) -> _Subject:
    project = open_project(where, overlays)
    spec = project.spec
    lock = read_lock(project)
    configuration = spec.configuration
    return _Subject(
        name=str(project.spec_path),
        definitions=definitions_document(spec, lock.artifacts if lock is not None else ()),
        requirements=tuple(
            (variant.name, requirements_document(spec, variant.name)) for variant in spec.environment.variants
        ),
        stages=tuple(
            (stage, tuple((name, knobs.written(value)) for name, value in configuration.values(stage).items()))
            for stage in dict.fromkeys((*spec.publish.repositories, *configuration.stages))
        ),
        fixed=_FIXED | set(spec.serving.environment) | set(configuration_environment(spec)),
        project=project,
    )


def _of_release(where: Path) -> _Subject:
    release = read_release(where)
    document = release.document
    publish = document.get("publish")
    repositories = publish.get("repositories") if isinstance(publish, dict) else None
    stages: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    for stage in repositories if isinstance(repositories, dict) else ():
        values = json.loads(_covered(release, f"deploy/{stage}/configuration.json"))["values"]
        stages.append((stage, tuple((name, knobs.written(value)) for name, value in values.items())))
    serving = document.get("serving")
    fixed = serving.get("environment") if isinstance(serving, dict) else None
    paths = [path for path in _documents(release) if path.startswith("deploy/requirements.")]
    definitions = _covered(release, _DEFINITIONS)
    version = json.loads(definitions).get("apiVersion")
    if version != FORMAT:
        raise UsageError.of(
            "TB7103",
            f"{_DEFINITIONS} has the format {str(version)[:80]!r}, expected {FORMAT!r}",
            hint="use the version of twinbuild that made the release, or a later one",
            where=str(release.path),
        )
    return _Subject(
        name=str(release.path),
        definitions=definitions,
        requirements=tuple(
            (path.removeprefix("deploy/requirements.").removesuffix(".json"), _covered(release, path)) for path in paths
        ),
        stages=tuple(stages),
        fixed=_FIXED | (fixed.keys() if isinstance(fixed, dict) else set()),
        project=None,
    )


def _documents(release: Released) -> dict[str, str]:
    """The SHA-256 of each file that a release manifest covers, by path."""
    listed: Json = release.document.get("documents")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {str(entry.get("path")): str(entry.get("sha256")) for entry in entries}


def _covered(release: Released, path: str) -> bytes:
    """The bytes of a file that a release covers. Raises UsageError TB7103, IntegrityError TB7005."""
    expected = _documents(release).get(path)
    if expected is None or release.directory is None:
        raise UsageError.of(
            "TB7103",
            f"the release has no {path}",
            hint="name the whole directory of a release, made by this version of twinbuild; or its spec",
            where=str(release.path),
        )
    file = release.directory / path
    try:
        with configured.opened(str(file)) as stream:
            content = stream.read()
    except OSError as error:
        found, content = f"can't be read: {error.strerror}", b""
    else:
        found = f"has the digest {Digest.of(content)}"
    if Digest.of(content).hex != expected:
        raise IntegrityError.of(
            "TB7005",
            f"{path} {found}, expected sha256:{expected}",
            hint="take the directory from where it was released again",
            where=str(file),
        )
    return content


def _stage_texts(subject: _Subject, stage: str) -> tuple[tuple[str, str], ...]:
    stages = dict(subject.stages)
    if not stage:
        return ()
    if stage not in stages:
        known = f"one of {', '.join(stages)}" if stages else "none: there are no stages"
        raise UsageError.of(
            "TB7102", f"got the stage {stage[:80]!r}, expected {known}", hint="name a stage", where="--stage"
        )
    return stages[stage]


def _unknown(name: str, known: list[str], kind: str, place: Location) -> Finding:
    near = difflib.get_close_matches(name.casefold(), [each.casefold() for each in known], n=1)
    meant = next((each for each in known if near and each.casefold() == near[0]), "")
    hint = f"did you mean {meant}?" if meant else f"name one of {', '.join(known) or 'none: there are no knobs'}"
    return Finding(code="TB5419", message=f"there is no {kind} {name[:80]!r}", hint=hint, where=place)


def _needs_a_restart(knob: str, place: Location) -> Finding:
    message = f"knob {knob!r} does not change while the service runs: got it in a live change, expected others"
    hint = "deploy the value with the next start; or, if the service can, declare the knob with runtime_change: true"
    return Finding(code="TB7104", message=message, hint=hint, where=place)


def _located(found: knobs.Finding, places: Mapping[str, Location], names: list[str]) -> Finding:
    """A finding at the place where the first knob that it names was set."""
    code, message, hint = found
    if code == "TB5414":  # its rule names the knobs, behind the word `with`
        said = message.partition(" with ")[2]
        place = next((places[name] for name in names if name in places and f" {name} " in f" {said}"), Location())
    else:
        place = places.get(message.split(" ", 1)[0], Location())
    return Finding(code=code, message=message, hint=hint, where=place)


def _plain(found: knobs.Finding, subject: str) -> Finding:
    return Finding(code=found[0], message=found[1], hint=found[2], where=Location(subject=subject))


def _artifacts(project: Project, wanted: dict[str, Any]) -> list[Finding]:
    """Local files of the model that are not what the lock says. What lies elsewhere is not asked for."""
    local = {artifact.name: artifact.uri for artifact in project.spec.model.artifacts if ":" not in artifact.uri}
    findings = []
    for file in wanted["files"]:
        if file["name"] in local:
            path = project.directory / local[file["name"]]
            problem = configured.unlike(str(path), file, every_byte=wanted["check"] == "digest")
            if problem:
                findings.append(
                    Finding(
                        code="TB5416",
                        message=f"artifact {file['name']}: {local[file['name']]} {problem}",
                        hint="put the locked file back, or run `twinbuild lock` to pin the new one",
                        where=Location(file=str(path)),
                    )
                )
    return findings


def _machine(subject: _Subject, document: dict[str, Any], environment: Mapping[str, str]) -> list[Finding]:
    """What this machine lacks: memory, driver and devices, limits, shared memory."""
    host = preflight.Host()
    found: list[Finding] = []
    for variant, text in subject.requirements:
        unmet = preflight.findings(preflight.requirements_of(text.decode()), host)
        found += [_plain(each, f"variant {variant}") for each in unmet]
    memory = min(preflight.memory_limits(host), default=None)
    for knob in document["parameters"]:
        value, wrong = knobs.finding(knob, environment[knob["environment"]]) if knob["environment"] else (None, None)
        if knob["environment"] and wrong is None:
            asked = configured.asked_of_the_container(knob, value, host, memory[0] if memory is not None else None)
            found += [_plain(each, "this machine") for each in asked]
    return found
