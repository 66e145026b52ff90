"""What a service has printed is as it was declared: every line of every start, to the end of the last one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from twinbuild.deploy.observability.environment import IMAGE, RELEASE
from twinbuild.errors import Finding
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import LARGEST_OUTPUT
from twinbuild.pipeline.trial.record import finding_at
from twinbuild.pipeline.trial.traces import STAND_IN_RELEASE
from twinbuild.trial.comparing import shortened
from twinbuild.trial.lines import bad_lines, fields_of

__all__ = ["identity_findings", "log_findings"]

Path = tuple[int | str, ...]
_LINES: Final = 3  # of a log, that are shown
_HINT: Final = "let every logger write the declared form, the server's own too, or declare what is written"


def log_findings(project: Project, output: bytes, image: str) -> Iterator[Finding]:
    """What is wrong with all that was printed, its last line too; nothing where nothing is declared of logs."""
    logs = project.spec.observability.logs
    if "logs" not in project.spec.observability.model_fields_set or logs.format == "text":
        return
    lines = output.split(b"\n")
    faults = [(number, fault) for number, fault in bad_lines(output, logs)]
    if lines[-1]:
        faults.append((len(lines), "it has no end"))
    for number, fault in faults[:_LINES]:
        said = shortened(lines[number - 1][:1000].decode(errors="replace"))
        message = f"line {number} of the log is not as declared: {fault}; it is: {said}"
        yield finding_at(project, "TB7405", message, _HINT, "observability", "logs")
    if not faults and len(output) >= LARGEST_OUTPUT:
        message = f"the service printed more than the {LARGEST_OUTPUT} bytes that are looked at"
        yield finding_at(project, "TB7405", message, "print less for each request", "observability", "logs")
    keys = tuple(key for key in ("image", "release") if key in logs.fields)
    if keys and not faults:
        records = (fields_of(line, logs.format) for line in lines[:-1])
        told: list[dict[str, str]] = [
            {key: str(each.get(key)) for key in keys} for each in records if isinstance(each, dict)
        ]
        yield from identity_findings(project, told, image, ("observability", "logs"), keys)


def identity_findings(
    project: Project, said: list[dict[str, str]], image: str, at: Path, keys: tuple[str, ...] = ("image", "release")
) -> Iterator[Finding]:
    """Whoever says which image and release it is says the ones that it was told."""
    for each in said:
        for key, value in (("image", image), ("release", STAND_IN_RELEASE)):
            if key in keys and value and each.get(key) != value:
                variable = IMAGE if key == "image" else RELEASE
                message = f"{key} is {each.get(key, 'nothing')[:80]!r}, expected {value}, as {variable} says"
                yield finding_at(project, "TB7406", message, f"take it from the variable {variable}", *at)
                return
