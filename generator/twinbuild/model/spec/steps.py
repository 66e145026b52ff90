"""``environment.steps``: commands that make files of the image, or of later steps, from declared inputs alone."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.paths import AbsolutePath, Confined, owned_place
from twinbuild.model.spec.references import Requirement
from twinbuild.model.spec.serving import Argument
from twinbuild.model.spec.tables import EnvironmentTable
from twinbuild.model.spec.values import Duration, Name, Quantity, duration_seconds, objection, quantity_value

__all__ = ["BuildStep", "StepInputs", "StepOutput", "check_steps"]

_DEB = re.compile(r"[a-z0-9][a-z0-9+.-]{1,127}", re.ASCII)
_SDIST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?==[0-9A-Za-z][0-9A-Za-z.!+_-]{0,62}", re.ASCII)
_SITE = re.compile(r"/opt/venv/lib/python3\.[0-9]+/site-packages(/.+)?", re.ASCII)
_LONGEST = 24 * 3600  # seconds
_RESERVED = frozenset({"HOME", "LC_ALL", "PATH", "PYTHONDONTWRITEBYTECODE", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ"})


def _check_deb(text: str) -> str:
    if not _DEB.fullmatch(text):
        raise objection("TB1104", f"got the package {text[:80]!r}", "write the name alone, such as gcc")
    return text


def _check_sdist(text: str) -> str:
    if not _SDIST.fullmatch(text):
        raise objection("TB1104", f"got {text[:80]!r}", "write PROJECT==VERSION, such as ujson==5.10.0")
    return text


def _check_output(text: str) -> str:
    owned = owned_place(text)
    if owned is not None and not _SITE.fullmatch(text):
        raise objection(
            "TB1108",
            f"path {text[:120]!r} lies in {owned}, which belongs to packages or to twinbuild",
            "choose another one, such as /models/NAME, or one below /opt/venv/lib/python3.N/site-packages",
        )
    if text.count("/") < 2:
        raise objection("TB1108", f"path {text[:120]!r} is a directory of the system", f"write {text}/NAME")
    return text


def _check_time(text: str) -> str:
    if not 1 <= duration_seconds(text) <= _LONGEST:
        raise objection("TB1105", f"got {text}, expected 1 second to 1 day", "write a length such as 10m")
    return text


def _check_memory(text: str) -> str:
    if not 2**26 <= quantity_value(text) <= 2**50:
        raise objection("TB1105", f"got {text}, expected 64Mi to 1024Ti", "write an amount such as 2Gi")
    return text


class StepInputs(Section):
    """What a step may read beside its root file system: nothing else is there."""

    application: Several[Confined] = ()
    """Files or directories of the application, relative to `source.directory`."""
    artifacts: Several[Name] = ()
    """Artifacts of the model by name."""
    steps: Several[Name] = ()
    """Earlier steps, whose outputs it sees."""
    directory: Confined | None = None
    """A directory beside the spec whose files only this step uses."""
    sdists: Several[Annotated[str, AfterValidator(_check_sdist)]] = ()
    """Source distributions as PROJECT==VERSION; the lock pins the index's file by digest."""


class StepOutput(Section):
    """A file or directory that a step must leave, and may leave."""

    path: Annotated[AbsolutePath, AfterValidator(_check_output)]
    """Where it lies in the image; the step writes it below /outputs."""
    kind: Literal["file", "directory"] = "file"
    """What it is."""


class BuildStep(Section):
    """A command that runs in the sandbox when the image is built, and whose outputs are a layer."""

    name: Name
    """Name of the step."""
    command: Several[Argument] = Field(min_length=1)
    """Program and arguments; no shell reads them."""
    environment: EnvironmentTable = Field(default_factory=FrozenMapping)
    """Environment variables beside those that every step has."""
    directory: AbsolutePath = "/work"
    """Working directory: /work, which is empty and writable, or a place below /inputs."""
    inputs: StepInputs = Field(default_factory=StepInputs)
    """What it may read."""
    packages: Several[Annotated[str, AfterValidator(_check_deb)]] = ()
    """Debian packages that the step needs and the image does not get, with what they need."""
    wheels: Several[Requirement] = ()
    """Requirements that the step needs and the image does not get."""
    outputs: Several[StepOutput] = Field(min_length=1)
    """What it makes."""
    image: bool = True
    """Whether its outputs are a layer of the image; else only later steps see them."""
    timeout: Annotated[Duration, AfterValidator(_check_time)] = "10m"
    """Longest time that it may take."""
    memory: Annotated[Quantity, AfterValidator(_check_memory)] = "4Gi"
    """Most memory that it may use, all of its processes together."""
    space: Annotated[Quantity, AfterValidator(_check_memory)] = "4Gi"
    """Most that it may write to disk."""
    processes: int = Field(default=256, ge=1, le=4096)
    """Most processes and threads that it may have at once."""
    fixed_clock: bool = False
    """Whether its clock stands still at SOURCE_DATE_EPOCH."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        if not self.command[0].strip():
            objections.add("TB1126", "the program of 'command' is empty", "name the program to start", "command", 0)
        if not f"{self.directory}/".startswith(("/work/", "/inputs/")) or self.directory.startswith("/work/"):
            objections.add(
                "TB1108",
                f"the working directory {self.directory!r} is none of a step's",
                "write /work, or a place below /inputs such as /inputs/application",
                "directory",
            )
        for name in sorted(_RESERVED & set(self.environment)):
            objections.add(
                "TB1115",
                f"the variable {name} has a fixed value in every step",
                "take it out; `env NAME=VALUE PROGRAM` in the command sets it for one program",
                *("environment", name),
            )
        inputs = self.inputs
        for key in ("application", "artifacts", "steps", "sdists"):
            objections.repeated("entry", getattr(inputs, key), "inputs", key)
        objections.repeated("package", self.packages, "packages")
        objections.repeated("requirement", self.wheels, "wheels")
        objections.settle()
        return self


def check_steps(steps: tuple[BuildStep, ...], *, python: str, closed: bool, objections: Objections) -> None:
    """Object to what is wrong between the steps of an environment."""
    objections.repeated("step", (step.name for step in steps), "steps", key="name")
    earlier: set[str] = set()
    used = {name for step in steps for name in step.inputs.steps}
    placed: list[tuple[str, str]] = []
    for number, step in enumerate(steps):
        for place, name in enumerate(step.inputs.steps):
            if name not in earlier:
                objections.add(
                    "TB1117",
                    f"step {step.name!r} needs the step {name!r}, which does not come before it",
                    "name an earlier step, or change the order",
                    *("steps", number, "inputs", "steps", place),
                )
        earlier.add(step.name)
        if not step.image and step.name not in used:
            objections.add(
                "TB1116",
                f"nobody uses what step {step.name!r} makes",
                "say `image: true`, name it in `inputs.steps` of a later step, or take it out",
                *("steps", number, "image"),
            )
        if closed and step.packages:
            objections.add(
                "TB1116",
                "packages are to be added to an image, but no suite is named that has them",
                "name the image's suite in base.debian beside base.image, or take 'packages' out",
                *("steps", number, "packages"),
            )
        for place, output in enumerate(step.outputs):
            if output.path.startswith("/opt/venv/") and not output.path.startswith(f"/opt/venv/lib/python{python}/"):
                objections.add(
                    "TB1108",
                    f"path {output.path!r} is another Python's, the image has {python}",
                    f"write /opt/venv/lib/python{python}/site-packages",
                    *("steps", number, "outputs", place, "path"),
                )
            for other, owner in placed:
                if f"{output.path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{output.path}/"):
                    objections.add(
                        "TB1115",
                        f"step {step.name!r} makes {output.path}, where step {owner!r} makes {other}",
                        "give each output a place of its own",
                        *("steps", number, "outputs", place, "path"),
                    )
            placed.append((output.path, step.name))
