"""What the application's own code does while golden tests run: variables that it asks for, and steps that it calls.

A directory with the hook is bound into the sandbox, and a ``.pth`` file into the place where the image's Python looks
for such: neither is a part of the image. Only the second start is watched, whose answers must be those of the first.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twinbuild.build.sandbox import Bind
from twinbuild.errors import Finding
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.regular import beginning_of
from twinbuild.pipeline.trial.traces import trial_environment
from twinbuild.trial import hook

__all__ = ["Watching", "watching"]

_PLACE: Final = "/run/twinbuild-trial"
_LINE: Final = (
    f"import sys; sys.path.insert(0, {_PLACE!r}); import twinbuild_trial_hook as hook; sys.path.remove({_PLACE!r}); "
    f"hook.begin({_PLACE!r})\n"
)
_SEEN: Final = "seen"
_PTH: Final = "twinbuild-trial.pth"
_MOST: Final = 1 << 20  # bytes of the report that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """A watch: what to bind into the sandbox, and afterwards what was seen."""

    binds: tuple[Bind, ...]
    directory: Path

    def asking(self) -> None:
        """Questions begin: from now on it counts which steps are called, not what the service does as it starts."""
        (self.directory / "asked").touch()

    def findings(self, project: Project) -> tuple[Finding, ...]:
        """A TB7217 for each variable that was asked for and that nobody declared."""
        declared = _declared(project.spec)
        asked: dict[str, list[str]] = {}
        for name, file, line in self._seen():
            if name not in declared:
                asked.setdefault(name, []).append(f"{file}:{line}")
        return tuple(
            Finding(
                code="TB7217",
                message=f"the service asks for the environment variable {name} ({', '.join(places[:3])}), which "
                "nothing declares: got another variable, expected knobs, serving.environment and secrets alone",
                hint="declare it as one of these, or do not ask for it",
                where=project.loaded.where("configuration", "parameters"),
            )
            for name, places in sorted(asked.items())
        )

    def ran(self, spec: ReleaseSpec) -> tuple[str, ...]:
        """The preprocessing steps that were called since ``asking``, as ``module:attribute``, in the spec's order."""
        seen = {line[1] for line in self._lines() if isinstance(line, list) and len(line) == 2 and line[0] == "ran"}
        return tuple(step for step in _steps(spec, "") if step in seen)

    @property
    def watched(self) -> bool:
        """Whether the hook ran in the service at all."""
        return bool(self._lines())

    def _seen(self) -> Iterator[tuple[str, str, int]]:
        for line in self._lines():
            match line:
                case [str(name), str(file), int(number)]:
                    yield name, file, number

    def _lines(self) -> list[object]:
        """Lines of the report. The service could write to it, too: what is no such line says nothing."""
        content = beginning_of(self.directory / _SEEN, _MOST)
        found: list[object] = []
        for line in content.splitlines():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
        return found


@contextmanager
def watching(root: Path, spec: ReleaseSpec, *, scratch: Path) -> Iterator[Watching]:
    """A watch on the application that lies in the image unpacked at ``root``.

    Without a virtual environment of ours in the image nothing is bound, and nothing watched.
    """
    with tempfile.TemporaryDirectory(prefix="watch-", dir=scratch) as name:
        directory = Path(name)
        sites = sorted(root.glob("opt/venv/lib/python3*/site-packages"))
        shared = directory / "shared"
        shared.mkdir()
        shutil.copyfile(hook.__file__, shared / "twinbuild_trial_hook.py")
        told = {"application": spec.source.target, "steps": _steps(spec, spec.source.target)}
        (shared / "watch.json").write_text(json.dumps(told))
        (shared / _SEEN).touch(mode=0o600)
        (directory / _PTH).write_text(_LINE)
        binds = []
        if sites:  # one file alone may be written to: in a directory the service could lay links for us to follow
            seen = Bind(source=str(shared / _SEEN), target=f"{_PLACE}/{_SEEN}", writable=True)
            binds += [Bind(source=str(shared), target=_PLACE), seen]
        for site in sites:
            target = f"/{site.relative_to(root).as_posix()}/{_PTH}"
            binds.append(Bind(source=str(directory / _PTH), target=target))
        yield Watching(binds=tuple(binds), directory=shared)


def _steps(spec: ReleaseSpec, application: str) -> dict[str, list[str]]:
    """For each preprocessing step of the application: its code's possible files, and its qualified name."""
    found = {}
    for step in (*spec.source.preprocessing, *spec.model.preprocessing):
        module, is_code, attribute = step.step.partition(":")
        if is_code:
            base = f"{application}/{module.replace('.', '/')}"
            found[step.step] = [f"{base}.py", f"{base}/__init__.py", attribute]
    return found


def _declared(spec: ReleaseSpec) -> frozenset[str]:
    """Variables that the spec names: what is set in the image is not looked up in vain, and so is not seen."""
    knobs = (knob.variable for knob in spec.configuration.parameters)
    secrets = [secret.variable for secret in spec.secrets if secret.variable is not None]
    services = (service.environment for service in spec.services)
    told = (name for name, _ in trial_environment(spec, "sha256:"))
    given = {name for name in (*knobs, *services) if name}
    return frozenset({*given, *spec.serving.environment, *secrets, *told})
