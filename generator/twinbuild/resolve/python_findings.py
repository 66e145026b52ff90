"""Why nothing could be resolved, in words: the resolver's machine-readable reason becomes findings with codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from twinbuild.deploy.accelerator.frameworks import framework
from twinbuild.errors import EnvironmentFault, FetchError, Finding, IntegrityError, Location, LockError, TwinbuildError
from twinbuild.model.lock import PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.model.settings import index_variable
from twinbuild.resolve.python_index import scrub
from twinbuild.wheel.fitting import fitting_glibc, fitting_machines, fitting_pythons

__all__ = ["Asked", "failure"]

Answer = Mapping[str, Any]
_SHOWN: Final = 6  # versions or files in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked of the resolver, as far as messages need it."""

    python: PythonEnvironment
    platform: Platform
    cutoff: str  # "" without
    kept: tuple[str, ...]  # projects whose earlier pins were to be kept
    constraints: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    pointer: str = ""  # where these stand in the spec

    def place(self, causes: Iterable[Answer]) -> Location:
        """Where in the spec the first of the causes stands that the spec itself is; nowhere where none is."""
        for cause in causes:
            name = _named(str(cause["requirement"]))
            for number, text in enumerate(self.requirements):
                if not cause["parent"] and name and _named(text) == name:
                    return Location(pointer=f"{self.pointer}/{number}")
        return Location()

    @property
    def target(self) -> str:
        """The target in a few words."""
        return f"CPython {self.python.minor} on {self.platform.machine} with glibc {self.python.glibc}"


def failure(error: Answer, asked: Asked) -> TwinbuildError:
    """The error for a resolver's reason (``kind`` and its facts, as ``shim`` states them)."""
    kind = str(error["kind"])
    if kind == "impossible":
        return LockError(tuple(_impossible(error, asked)))
    if kind == "network":
        return _network(error)
    return _FAILURES.get(kind, _unexpected)(error)


def _index(error: Answer) -> str:
    return f"index {error['index']!r}" if "index" in error else "an index or its file server"


def _network(error: Answer) -> FetchError:
    subject, status = error.get("project") or error.get("file") or "a file", error.get("status")
    if status in {401, 403, 407}:
        return FetchError.of(
            "TB2031",
            f"{_index(error)} refused to show {subject} to us (status {status})",
            hint="give credentials for it in the settings, in ~/.netrc or in a keyring",
        )
    reason = f"status {status}" if status else str(error.get("cause", "no connection"))
    return FetchError.of(
        "TB2030",
        f"{_index(error)} did not answer for {subject} ({reason}); going on without it could choose other versions",
        hint="try again when it answers; check address, proxy and certificates in the settings",
    )


def _not_an_index(error: Answer) -> TwinbuildError:
    return FetchError.of(
        "TB2032",
        f"what answers for {error['project']!r} is not a package index ({_index(error)})",
        hint="give the base address of its simple API (it often ends in /simple)",
    )


def _redirected(error: Answer) -> TwinbuildError:
    return IntegrityError.of(
        "TB2033",
        f"{_index(error)} sent us to the host {error['host']} for {error['project']!r}, which is bound to it",
        hint="switch forwarding of unknown projects off on that index, or correct the binding in `indexes`",
    )


def _no_address(error: Answer) -> TwinbuildError:
    return EnvironmentFault.of(
        "TB2034",
        f"{_index(error)} is to be asked for {error['project']!r}, but this machine has no address for it",
        hint="write it, or a directory of wheels as file:///…, below [indexes] in twinbuild.toml, or set "
        f"{index_variable(str(error.get('index', 'default')))} to it; `url` in the spec is for an index of your own",
    )


def _ambiguous(error: Answer) -> TwinbuildError:
    return LockError.of(
        "TB2035",
        f"{error['project']!r} is bound to {len(error['indexes'])} indexes: {', '.join(error['indexes'])}",
        hint="let the patterns in `indexes` bind each project to one index",
    )


def _no_upload_time(error: Answer) -> TwinbuildError:
    return LockError.of(
        "TB2019",
        f"{_index(error)} does not state when {error['file']} was uploaded, so the cut-off date cannot be judged",
        hint="use an index that states upload times (PEP 700), or remove `exclude_newer`",
    )


def _no_digest(error: Answer) -> TwinbuildError:
    return LockError.of(
        "TB2020",
        f"the index states no SHA-256 for {error['file']}",
        hint="use an index that states SHA-256 digests (PEP 503 fragments or PEP 691)",
    )


def _no_size(error: Answer) -> TwinbuildError:
    return FetchError.of(
        "TB2021",
        f"neither the index nor the file server states the size of {error['file']}",
        hint="use an index that states sizes (PEP 700) or a server that states Content-Length",
    )


def _changed(error: Answer) -> TwinbuildError:
    return IntegrityError.of(
        "TB2022",
        f"{error['file']} on {_index(error)} is not the pinned file: got sha256:{error['got']}, "
        f"expected sha256:{error['expected']}",
        hint="find out who replaced it; a release file never changes, so don't upgrade past this without an answer",
        where=f"sha256:{error['expected']}",
    )


def _kernel(error: Answer) -> TwinbuildError:
    return LockError.of(
        "TB2008",
        f"what {error['project']} requires depends on the kernel of the machine: {error['requirement']!r}",
        hint="choose a version of it whose requirements do not",
    )


def _too_deep(_: Answer) -> TwinbuildError:
    return LockError.of(
        "TB2018",
        "the resolver gave up: too many combinations of versions",
        hint="give closer bounds for the direct requirements, or constraints for what they pull in",
    )


def _unexpected(error: Answer) -> TwinbuildError:
    text = scrub(" ".join(str(error.get("text") or error).split()))
    return EnvironmentFault.of(
        "TB2043",
        f"the resolver failed: {text[:400]}",
        hint="try again; if it persists, report this with the requirements that caused it",
    )


_FAILURES: Final = {
    "not-an-index": _not_an_index,
    "redirected": _redirected,
    "no-address": _no_address,
    "ambiguous": _ambiguous,
    "no-upload-time": _no_upload_time,
    "no-sha256": _no_digest,
    "no-size": _no_size,
    "changed": _changed,
    "kernel-marker": _kernel,
    "too-deep": _too_deep,
}


def _impossible(error: Answer, asked: Asked) -> Iterator[Finding]:
    """One finding for each project that has no file at all for us; else who wants what of the one in dispute."""
    causes = [cause for cause in error["causes"] if isinstance(cause, dict)]
    hopeless: list[Finding] = []
    for cause in causes:
        finding = _hopeless(cause, error["pages"].get(canonicalize_name(cause["project"])), asked)
        if finding is not None and finding.message not in {each.message for each in hopeless}:
            hopeless.append(replace(finding, where=asked.place((cause,))))
    if hopeless:
        yield from hopeless
        return
    for project in sorted({cause["project"] for cause in causes}):
        wishes = sorted(
            {f"{_who(cause)} requires {cause['requirement']}" for cause in causes if cause["project"] == project}
        )
        name = canonicalize_name(project)
        wishes += [f"a constraint says {text}" for text in asked.constraints if _named(text) == name]
        hint = "loosen one of these requirements"
        if asked.kept:
            hint += ", or let pinned projects move with `lock --upgrade`"
        message = f"no version of {project} satisfies all: {'; '.join(wishes)}"
        where = asked.place(cause for cause in causes if cause["project"] == project)
        yield Finding(code="TB2016", message=message, hint=hint, where=where)


def _who(cause: Answer) -> str:
    parent = cause["parent"]
    return f"{parent['name']} {parent['version']}" if parent else "the spec"


def _named(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""


def _hopeless(cause: Answer, page: Answer | None, asked: Asked) -> Finding | None:
    """Why a requirement has no file by itself, whatever the others say; None if it has one."""
    if cause["python"]:
        return Finding(
            code="TB2014",
            message=f"{_who(cause)} requires Python {cause['requirement']}, the target has {asked.python.version}",
            hint="choose a version of it that supports this Python, or another `environment.python`",
        )
    if page is None:
        return None
    project, wanted = cause["project"], cause["requirement"]
    index = f"index {page['index']!r}"
    if page["missing"]:
        return Finding(
            code="TB2010",
            message=f"{index} has no project {project!r} ({_who(cause)} requires {wanted})",
            hint="check the spelling; bind the project in `indexes` if it lives on another index",
        )
    offered = list(_matching(page["files"], wanted))
    verdicts = {verdict for _, _, verdict in offered}
    if "candidate" in verdicts:
        return None
    for verdict, explain in _VERDICTS:
        if verdict in verdicts:
            files = sorted(((version, name) for version, name, each in offered if each == verdict), reverse=True)
            code, message, hint = explain(asked, tuple(name for _, name in files))
            hint += _known_version(project, asked) if code in ("TB2012", "TB2014") else ""
            return Finding(code=code, message=f"{_who(cause)} requires {wanted}: {message}", hint=hint)
    usable = sorted(
        {version for version, _, each in _matching(page["files"], project) if each == "candidate"}, reverse=True
    )
    shown = (", ".join(str(version) for version in usable[:_SHOWN]) or "none") + (" …" if len(usable) > _SHOWN else "")
    return Finding(
        code="TB2011",
        message=f"{_who(cause)} requires {wanted}, which no version on {index} satisfies; it has {shown}",
        hint="correct the version bounds",
    )


def _known_version(project: str, asked: Asked) -> str:
    """What the table of frameworks knows: their newest version with a wheel for the target's Python, on x86-64."""
    row = framework(canonicalize_name(project))
    newest = dict(row.pythons).get(asked.python.minor) if row is not None else None
    if row is None or newest is None or asked.platform.machine != "x86_64":
        return ""
    return f"; {row.name} {newest} had one for CPython {asked.python.minor} on {row.source.read}"


def _matching(files: Mapping[str, str], requirement: str) -> Iterator[tuple[Version, str, str]]:
    """Version, name and verdict of the files that a requirement's specifier admits."""
    try:
        specifier = Requirement(requirement).specifier
    except (InvalidRequirement, InvalidSpecifier):
        specifier = SpecifierSet()
    for name, verdict in files.items():
        try:
            version = parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
        if specifier.contains(version, prereleases=verdict != "candidate" or None):
            yield version, name, verdict


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


_Explained = tuple[str, str, str]


def _too_late(asked: Asked, files: tuple[str, ...]) -> _Explained:
    return (
        "TB2015",
        f"every matching file was uploaded on or after the cut-off {asked.cutoff} ({_some(files)})",
        "move `exclude_newer`, or ask for an older version",
    )


def _only_yanked(_: Asked, files: tuple[str, ...]) -> _Explained:
    return "TB2017", f"only withdrawn (yanked) files match ({_some(files)})", "ask for a version that was not withdrawn"


def _other_python(asked: Asked, files: tuple[str, ...]) -> _Explained:
    return (
        "TB2014",
        f"the matching files do not support Python {asked.python.version} ({_some(files)})",
        "ask for another version, or choose another `environment.python`",
    )


def _other_platform(asked: Asked, files: tuple[str, ...]) -> _Explained:
    """Of the target's Python, glibc and machine, the one that another choice of makes a wheel fit."""
    wheels = tuple(name for name in files if name.endswith(".whl"))
    there, hint = "there are", "ask for a version that has such a wheel, or choose another Python, platform or base"
    if minors := fitting_pythons(wheels, asked.python, asked.platform):
        there = f"there are wheels for CPython {', '.join(minors)}:"
        hint = "choose one of these as `environment.python`, or ask for a version that has a wheel for yours"
    elif glibc := fitting_glibc(wheels, asked.python, asked.platform):
        there = f"there are wheels for glibc {glibc} or newer:"
        hint = "stand the variant on a newer base, or ask for an older version"
    elif machines := fitting_machines(wheels, asked.python):
        there = f"there are wheels for {', '.join(machines)} alone:"
        hint = "take the platform out of the variant's `platforms`, or ask for a version that has a wheel for it"
    return "TB2012", f"no wheel for {asked.target}; {there} {_some(files)}", hint


def _only_source(asked: Asked, files: tuple[str, ...]) -> _Explained:
    return (
        "TB2012",
        f"no wheel for {asked.target}, only source: {_some(files)}",
        "ask for a version with a wheel, or build one yourself and put it on an index of your own",
    )


_VERDICTS: Final = (
    ("yanked", _only_yanked),
    ("upload_too_late", _too_late),
    ("requires_python_mismatch", _other_python),
    ("platform_mismatch", _other_platform),
    ("format_unsupported", _only_source),
)
