"""Why a build step failed: from its status and its log, or from the limit that it met, by the step's name."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Final

from twinbuild.errors import BuildError, EnvironmentFault, TwinbuildError
from twinbuild.model.plan import StepRecipe
from twinbuild.model.platform import Platform

__all__ = ["explained", "failed", "foreign", "log_tail"]

_LINES: Final = 12  # of a log, the last
_BYTES: Final = 64 << 10
_WIDTH: Final = 300
_REMEDIES: Final = {
    "TB5304": "declare what it fetches as an artifact, a wheel, a package or an sdist of the step: the lock pins it",
    "TB5303": "declare it: `inputs` for files, `packages` for programs and headers, `wheels` for modules",
    "TB5306": "raise `space`, or write less",
    "TB5307": "raise `memory` of the step, or let it do less at once",
    "TB5310": "write to the declared outputs below /outputs; what is not kept belongs into /work or /tmp",
    "TB5301": "correct the command; `packages` and `wheels` of the step give it what it needs",
}
# In this order: a program that has no network often says, too, that there is no such file.
_SIGNS: Final = (
    (
        "TB5304",
        re.compile(
            r"network is unreachable|could not resolve|temporary failure in name resolution|name or service not known"
            r"|no route to host|nodename nor servname|failed to establish a new connection|getaddrinfo",
            re.IGNORECASE,
        ),
    ),
    (
        "TB5307",
        re.compile(
            r"\bMemoryError\b|cannot allocate memory|(?:out of memory|memory exhausted)|std::bad_alloc", re.IGNORECASE
        ),
    ),
    (
        "TB5306",
        re.compile(r"file (?:too large|size limit exceeded)|no space left on device", re.IGNORECASE),
    ),
    ("TB5310", re.compile(r"read-only file system", re.IGNORECASE)),
    ("TB5303", re.compile(r"no such file or directory|ModuleNotFoundError|(?:command )?not found", re.IGNORECASE)),
)
_TARGETS: Final = (
    re.compile(r"https?://[\w.-]+(?::\d+)?"),
    re.compile(r"resolve (?:host(?:name)?[: ]*)['\"]?([\w.-]+)", re.IGNORECASE),
    re.compile(r"host='?([\w.-]+)'?, port=\d+"),
    re.compile(r"connect to ([\w.:-]+)", re.IGNORECASE),
    re.compile(r"/dev/(?:tcp|udp)/([\w.:-]+/\w+)"),
)
_FULL: Final = (-signal.SIGXFSZ, 128 + signal.SIGXFSZ)  # as it is, and as a shell tells of it
_LIMITS: Final = {
    "TB5902": ("TB5305", "it did not end within {timeout} s", "raise `timeout` of the step, or let it do less"),
    "TB5914": ("TB5306", "it wrote more than {space} bytes, or filled the disk", _REMEDIES["TB5306"]),
    "TB5915": ("TB5307", "its processes had more than {memory} bytes of memory", _REMEDIES["TB5307"]),
    "TB5916": ("TB5308", "it had more than {processes} processes", "raise `processes`, or start fewer at once"),
    "TB5911": ("TB5303", "it could not be started", _REMEDIES["TB5303"]),
}


def log_tail(log: Path) -> tuple[str, ...]:
    """The last lines of a log, printable and cut."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    lines = ["".join(c if c.isprintable() else "?" for c in line)[:_WIDTH] for line in text.splitlines()]
    return tuple(line.strip() for line in lines if line.strip(" ^~|"))[-_LINES:]  # compilers underline what they show


def failed(recipe: StepRecipe, status: int, log: Path) -> BuildError:
    """The error of a step whose status is not 0."""
    lines = log_tail(log)
    text = "\n".join(lines)
    code = next((code for code, sign in _SIGNS if sign.search(text)), "TB5301")
    if status in _FULL:
        code = "TB5306"
    ended = f"ended with signal {-status}" if status < 0 else f"ended with status {status}"
    cause = {
        "TB5303": ", because it lacked something that it does not declare",
        "TB5304": f" after it tried to reach {_target(text, recipe)}: steps have no network",
        "TB5306": f" for want of space: no file, nor what it prints, may have more than {recipe.space} bytes",
        "TB5307": f" for want of memory: it may have {recipe.memory} bytes",
        "TB5310": ", because it wrote where no output is declared",
    }.get(code, "")
    return BuildError.of(
        code, f"step {recipe.step!r} {ended}{cause}{_shown(lines)}", hint=_REMEDIES[code], where=_where(recipe)
    )


def explained(recipe: StepRecipe, error: TwinbuildError, log: Path) -> TwinbuildError:
    """What the sandbox says of a step, by the step's name; an error that is not about the step stays as it is."""
    finding = error.findings[0]
    if finding.code == "TB5910":
        return EnvironmentFault.of(
            "TB5302",
            f"step {recipe.step!r} needs a sandbox: {finding.message}",
            hint=finding.hint,
            where=_where(recipe),
        )
    if finding.code not in _LIMITS:
        return error
    code, text, hint = _LIMITS[finding.code]
    limits = {"timeout": recipe.timeout, "space": recipe.space, "memory": recipe.memory, "processes": recipe.processes}
    detail = f": {finding.message}" if finding.code in ("TB5911", "TB5915", "TB5916") else ""
    return BuildError.of(
        code,
        f"step {recipe.step!r} was ended: {text.format(**limits)}{detail}{_shown(log_tail(log))}",
        hint=hint,
        where=_where(recipe),
    )


def foreign(recipe: StepRecipe, platform: Platform, machine: str) -> EnvironmentFault:
    """The error of a machine that cannot run the image's programs."""
    return EnvironmentFault.of(
        "TB5302",
        f"step {recipe.step!r} runs programs of {platform}, and this machine is {machine}",
        hint=f"build on a machine of {platform}, or take the platform out of environment.platforms",
        where=_where(recipe),
    )


def _target(text: str, recipe: StepRecipe) -> str:
    """What the step wanted to reach, by its log, or else by its command."""
    for said in (text, " ".join(recipe.command)):
        for pattern in _TARGETS:
            if found := pattern.search(said):
                return found.group(found.lastindex or 0)
    return "the network"


def _shown(lines: tuple[str, ...]) -> str:
    return f"; its log ends: {' | '.join(lines)}" if lines else "; it printed nothing"


def _where(recipe: StepRecipe) -> str:
    return f"step {recipe.step}"
