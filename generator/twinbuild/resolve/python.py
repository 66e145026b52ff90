"""Python requirements to wheels: pip-compile for the target, and exactly one file of one index for each project."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from twinbuild.codec.canonical import canonical
from twinbuild.errors import EnvironmentFault, Finding, IntegrityError, InternalError, Location, LockError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel, PythonEnvironment
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings
from twinbuild.ports import Runner
from twinbuild.resolve.python_findings import Asked, failure
from twinbuild.resolve.python_index import PythonIndex, index_address, scrub
from twinbuild.resolve.python_reading import Reading
from twinbuild.resolve.python_resolver import PythonResolver, minimal_environment
from twinbuild.resolve.requirements import ParsedRequirement, parse_requirements
from twinbuild.wheel.tags import marker_environment, supported_tags

__all__ = ["resolve_python"]

# The resolver environment runs the package ``shim`` of this directory, and sees nothing else of ours first.
_PROGRAM: Final = "import sys; sys.path.append(sys.argv.pop()); from shim.compile import main; main()"
_OPTIONS: Final = (
    "--quiet",
    "--no-config",
    "--no-header",
    "--no-annotate",
    "--no-emit-options",
    "--strip-extras",
    "--allow-unsafe",  # else setuptools is left out, which torch needs
    "--generate-hashes",
    "--no-reuse-hashes",
)
_PIP_OPTIONS: Final = (
    "--only-binary=:all:",  # a source distribution would run its code on the host
    "--use-feature=fast-deps",
    "--keyring-provider=subprocess",
    "--no-input",
    "--disable-pip-version-check",
)
_TIMEOUT: Final = 1800.0  # seconds; a cold cache and hundreds of packages take some minutes


def resolve_python(
    requirements: tuple[str, ...],
    *,
    python: PythonEnvironment,
    platform: Platform,
    indexes: tuple[PythonIndex, ...],
    resolver: PythonResolver,
    runner: Runner,
    settings: Settings,
    home: str,
    constraints: tuple[str, ...] = (),
    exclude_newer: date | None = None,
    previous: tuple[LockedWheel, ...] = (),
    upgrade: tuple[str, ...] = (),
    pointer: str = "",
    reading: Reading | None = None,
) -> tuple[LockedWheel, ...]:
    """The wheels that satisfy requirements on a target, sorted by name.

    The host's Python, platform and pip configuration have no part in it. Files uploaded at or after 00:00 UTC of
    ``exclude_newer`` do not count. A project of ``previous`` keeps its version and file where the requirements allow
    it, unless ``upgrade`` names it; without ``previous``, all are chosen anew. ``reading`` is how files of an index
    that states no digests are read; without it they are refused.

    Raises SpecError (TB2001-TB2007: what a requirement may not be), LockError (nothing satisfies them, codes TB2008
    to TB2021, TB2023, TB2035), FetchError TB2030-TB2032 (the index), IntegrityError TB2022 (a pinned file changed),
    TB2033; EnvironmentFault TB2034, TB2043; UsageError TB2036 (an index address in the settings), TB2045 (offline).
    """
    wanted = parse_requirements(requirements, pointer=pointer)
    bounds = parse_requirements(constraints, pointer=pointer, constraints=True)
    if not wanted:
        return ()
    if settings.offline:
        raise UsageError.of("TB2045", "resolving asks an index, but the run is offline", hint="run `lock` online")
    markers = marker_environment(python, platform)
    moving = {canonicalize_name(name) for name in upgrade}
    pins = {
        wheel.name: wheel
        for wheel in previous
        if wheel.name not in moving and _admitted(wheel, (*wanted, *bounds), markers)
    }
    cutoff = f"{exclude_newer.isoformat()}T00:00:00+00:00" if exclude_newer else ""
    request = {
        "python": [int(part) for part in python.version.split(".")[:3]],
        "tags": [str(tag) for tag in supported_tags(python, platform)],
        "markers": dict(markers),
        "requirements": [each.text for each in wanted],
        "constraints": [each.text for each in bounds],
        "indexes": {index.name: index_address(index) for index in indexes if index.address},
        "bindings": [[pattern, index.name] for index in indexes for pattern in index.projects],
        "pins": {
            name: {"version": wheel.version, "filename": wheel.filename, "sha256": wheel.sha256.hex}
            for name, wheel in pins.items()
        },
        "known": {},
        "cutoff": bool(cutoff),
        "options": [*_OPTIONS, f"--cache-dir={resolver.cache}"],
        "pip_options": list(_pip_options(settings, cutoff)),
    }
    answer = _ask(request, resolver=resolver, runner=runner, settings=settings, home=home, indexes=indexes)
    if reading is not None and answer.get("error", {}).get("kind") == "no-sha256":
        request["known"] = reading.digests(answer["error"]["files"], settings=settings, indexes=indexes)
        answer = _ask(request, resolver=resolver, runner=runner, settings=settings, home=home, indexes=indexes)
    if "error" in answer:
        kept = tuple(sorted(pins))
        asked = Asked(
            python=python,
            platform=platform,
            cutoff=cutoff,
            kept=kept,
            constraints=tuple(each.text for each in bounds),
            requirements=tuple(each.text for each in wanted),
            pointer=pointer,
        )
        raise failure(answer["error"], asked)
    requested = {each.name for each in wanted if each.applies(markers)}
    wheels = tuple(sorted((_wheel(entry, requested) for entry in answer["wheels"]), key=lambda wheel: wheel.name))
    _agree(answer["text"], wheels)
    _refuse_vanished(answer["pages"], pins)
    _refuse_replaced(wheels, pins)
    _refuse_yanked(answer["wheels"], wheels, previous)
    return wheels


def _pip_options(settings: Settings, cutoff: str) -> Iterator[str]:
    """How pip reaches an index, and which of its files count."""
    yield from _PIP_OPTIONS
    yield f"--timeout={settings.timeout:g}"
    yield f"--retries={settings.retries}"
    if settings.certificates:
        yield f"--cert={settings.certificates}"
    if cutoff:
        yield f"--uploaded-prior-to={cutoff}"


def _admitted(wheel: LockedWheel, requirements: Iterable[ParsedRequirement], markers: Mapping[str, str]) -> bool:
    """Whether a pin is still what the spec asks for; one that is not is no pin, and moves without being named."""
    named = [each for each in requirements if each.name == wheel.name and each.applies(markers)]
    return all(each.admits(wheel.version) for each in named)


def _ask(
    request: dict[str, Any],
    *,
    resolver: PythonResolver,
    runner: Runner,
    settings: Settings,
    home: str,
    indexes: tuple[PythonIndex, ...],
) -> dict[str, Any]:
    """Run pip-compile through ``shim``: one JSON request in, one JSON answer out."""
    with tempfile.TemporaryDirectory(prefix="twinbuild-resolve-") as scratch:  # pip's own, gone even if it is killed
        completed = runner.run(
            (str(resolver.python), "-I", "-B", "-c", _PROGRAM, str(Path(__file__).parent)),
            environment=minimal_environment(settings, home=home, temporary=scratch),
            stdin=canonical(request),
            timeout=_TIMEOUT,
        )
    try:
        answer = json.loads(completed.stdout)
    except ValueError:
        answer = None
    if completed.status == 0 and isinstance(answer, dict):
        return answer
    lines = scrub(completed.stderr.decode("utf-8", "replace"), indexes).strip().splitlines()
    raise EnvironmentFault.of(
        "TB2043",
        f"the resolver stopped with status {completed.status}: {lines[-1][:400] if lines else 'it gave no reason'}",
        hint="try again; if it persists, report this with the requirements that caused it",
    )


def _wheel(entry: Mapping[str, Any], requested: set[str]) -> LockedWheel:
    """One entry of the answer as a value; a file name that is not that of a wheel of this project is refused."""
    name, filename = str(entry["name"]), str(entry["filename"])
    try:
        stated, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise LockError.of(
            "TB2024", f"{filename[:200]!r} is not the name of a wheel", hint="report it to the index's owner"
        ) from error
    if stated != name or str(version) != entry["version"]:
        raise LockError.of(
            "TB2024",
            f"{filename} is offered as {name} {entry['version']}",
            hint="report it to the index's owner; don't use the file",
        )
    return LockedWheel(
        index=str(entry["index"]),
        name=name,
        version=str(entry["version"]),
        filename=filename,
        size=int(entry["size"]),
        sha256=Digest(str(entry["sha256"])),
        requires=tuple(sorted(entry["requires"])),
        requested=name in requested,
        extras=tuple(sorted(entry["extras"])),
    )


def _agree(text: str, wheels: tuple[LockedWheel, ...]) -> None:
    """pip-compile's own output and what was taken from pip's resolver must say the same."""
    lines = [line.split() for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    stated = {(words[0], words[-1]) for words in lines if words}
    expected = {(f"{wheel.name}=={wheel.version}", f"--hash={wheel.sha256}") for wheel in wheels}
    if stated != expected:
        odd = sorted(" ".join(pair) for pair in stated ^ expected)
        raise InternalError.of(
            "TB2046", f"pip-compile's output and its resolution differ: {odd[:3]}", hint="report this as a defect"
        )


def _refuse_vanished(pages: Mapping[str, Any], pins: Mapping[str, LockedWheel]) -> None:
    """A pin must not move just because its file disappeared: that is for a person to decide."""
    findings = [
        Finding(
            code="TB2023",
            message=f"{pins[name].filename} is pinned, but index {page['index']!r} no longer offers it",
            hint=f"find out why, then choose another version with `lock --upgrade {name}`",
        )
        for name, page in sorted(pages.items())
        if pins[name].filename not in page["files"]
    ]
    if findings:
        raise LockError(tuple(findings))


def _refuse_replaced(wheels: Iterable[LockedWheel], pins: Mapping[str, LockedWheel]) -> None:
    """A pinned file has the pinned bytes, also where its index states no digest and it had to be read."""
    findings = [
        Finding(
            code="TB2022",
            message=f"{wheel.filename} on index {wheel.index!r} is not the pinned file: "
            f"got {wheel.sha256}, expected {pin.sha256}",
            hint="find out who replaced it; a release file never changes, so don't upgrade past this without an answer",
            where=Location(subject=str(pin.sha256)),
        )
        for wheel in wheels
        if (pin := pins.get(wheel.name)) is not None
        and (wheel.filename, wheel.index) == (pin.filename, pin.index)
        and wheel.sha256 != pin.sha256
    ]
    if findings:
        raise IntegrityError(tuple(findings))


def _refuse_yanked(
    entries: Iterable[Mapping[str, Any]], wheels: tuple[LockedWheel, ...], previous: tuple[LockedWheel, ...]
) -> None:
    """A withdrawn file is not added anew; one that was pinned before stays what it was."""
    known = {wheel.sha256 for wheel in previous}
    reasons = {str(entry["name"]): entry["yanked"] for entry in entries}
    findings = []
    for wheel in wheels:
        reason = reasons.get(wheel.name)
        if reason is None or wheel.sha256 in known:
            continue
        parents = ", ".join(each.name for each in wheels if wheel.name in each.requires) or "the spec"
        said = f" ({' '.join(str(reason).split())[:200]})" if reason else ""
        findings.append(
            Finding(
                code="TB2017",
                message=f"{wheel.name} {wheel.version} was withdrawn (yanked) by its owner{said}; {parents} pins it",
                hint="ask for a version that was not withdrawn",
                where=Location(subject=wheel.filename),
            )
        )
    if findings:
        raise LockError(tuple(findings))
