"""Shadow: the same traffic to the images of two releases, each in a sandbox, and what they answer, how fast."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.plan import ImageConfig
from twinbuild.model.platform import Platform
from twinbuild.model.spec.serving import Serving
from twinbuild.model.spec.tests import Request
from twinbuild.oci.document import parse
from twinbuild.oci.foreign import parse_manifest
from twinbuild.pipeline.machine import Machine
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.run.running import unpacked_image
from twinbuild.pipeline.run.trying import Trial, trial
from twinbuild.pipeline.trial.told import told_by_manifest
from twinbuild.resolve.base_layout import LayoutSource
from twinbuild.trial.asking import Answer, NoAnswer
from twinbuild.trial.comparing import Mismatch
from twinbuild.trial.loading import percentile
from twinbuild.trial.shadowing import Recorded, question_of, recorded_requests, unlike

__all__ = [
    "Compared",
    "Shadowed",
    "Side",
    "answer_of",
    "ask_both",
    "golden_requests",
    "read_side",
    "served",
    "shadow",
    "traffic_of",
]

_PATIENCE: Final = 300.0  # seconds that a service gets to start


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A release's image for this machine, and how its service is asked."""

    name: str  # NAME VERSION
    digest: Digest  # of the release
    image: Image
    source: LayoutSource
    serving: Serving
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One request, and how the second answer differed from the first (None: not at all)."""

    name: str
    mismatch: Mismatch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """All requests, and of each side the seconds of its answers, sorted."""

    compared: tuple[Compared, ...]
    seconds: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def differing(self) -> int:
        """How many requests had another answer."""
        return sum(each.mismatch is not None for each in self.compared)

    def latency(self, side: int, share: float) -> float:
        """The seconds within which that share of a side's answers came."""
        return percentile(self.seconds[side], share)


def read_side(where: Path, *, variant: str, machine: str) -> Side:
    """The release of a directory or spec, and its one image for a machine (as ``uname -m`` calls it).

    Raises UsageError TB7304 where there is no such image, TB7303 for a service without ports, and as ``read_release``.
    """
    release = read_release(where)
    document: Mapping[str, Any] = release.document
    metadata, images = document["metadata"], document["environment"]["images"]
    found = [
        each
        for each in images
        if Platform.parse(each["platform"]).machine == machine and variant in ("", each["variant"])
    ]
    if release.directory is None or len(found) != 1:
        raise _no_image(release, images, f"{len(found)} images for {machine}", variant)
    try:
        serving = Serving.model_validate(document["serving"])
    except ValidationError as error:
        message = f"its section `serving` cannot be read: {error.errors(include_url=False)[0]['msg']}"
        raise UsageError.of("TB7303", message, hint="release it again", where=str(release.path)) from None
    if not serving.ports:
        message = "its service listens on no port"
        raise UsageError.of(
            "TB7303", message, hint="name one in serving.ports, and release it again", where=str(release.path)
        )
    return Side(
        name=f"{metadata['name']} {metadata['version']}",
        digest=release.digest,
        image=_image(found[0]),
        source=LayoutSource(directory=release.directory / "image"),
        serving=serving,
        document=document,
    )


def _no_image(release: Released, images: list[dict[str, Any]], got: str, variant: str) -> UsageError:
    there = ", ".join(f"{each['variant']} ({each['platform']})" for each in images)
    what = "a release manifest without its images" if release.directory is None else f"{got}, expected one of {there}"
    return UsageError.of(
        "TB7304",
        f"got {what}",
        hint="name the directory of a release" if release.directory is None else "choose one with --variant",
        where=f"{release.path}{f', variant {variant}' if variant else ''}",
    )


def _image(entry: dict[str, Any]) -> Image:
    """The image of a release manifest; its manifest's and configuration's sizes stand in the layout."""
    layers = tuple(
        BuiltLayer(
            derivation=Digest.parse(entry["derivation"]),
            title=layer["title"],
            diff_id=Digest.parse(layer["diff_id"]),
            uncompressed_size=layer["uncompressed_size"],
            blob=Descriptor(media_type=layer["media_type"], digest=Digest.parse(layer["digest"]), size=layer["size"]),
        )
        for layer in entry["layers"]
    )
    unknown = "application/octet-stream"
    return Image(
        derivation=Digest.parse(entry["derivation"]),
        variant=entry["variant"],
        platform=Platform.parse(entry["platform"]),
        manifest=Descriptor(media_type=unknown, digest=Digest.parse(entry["digest"]), size=0),
        config=Descriptor(media_type=unknown, digest=Digest.parse(entry["config"]), size=0),
        layers=layers,
    )


def golden_requests(side: Side) -> tuple[Recorded, ...]:
    """The requests of a release's golden tests."""
    golden = side.document.get("tests", {}).get("golden", ())
    return tuple(Recorded(name=each["name"], request=Request.model_validate(each["request"])) for each in golden)


def traffic_of(side: Side, file: Path | None) -> tuple[Recorded, ...]:
    """The requests of a file, else the golden ones. Raises UsageError TB7301 where there are none, TB7302."""
    if file is None:
        found, where = golden_requests(side), f"the golden tests of {side.name}"
    else:
        try:
            content = file.read_bytes()
        except OSError as error:
            message = f"the file cannot be read: {error.strerror}"
            raise UsageError.of("TB7301", message, hint="name a JSON Lines file", where=str(file)) from error
        found, where = recorded_requests(content, file=str(file)), str(file)
    if not found:
        hint = "add golden tests to the spec, or name a file with --traffic"
        raise UsageError.of("TB7301", "got no requests, expected one at least", hint=hint, where=where)
    return found


def shadow(
    sides: tuple[Side, Side],
    traffic: tuple[Recorded, ...],
    machine: Machine,
    *,
    repeat: int = 1,
    tolerance: float = 0.0,
    ignored: tuple[str, ...] = (),
) -> Shadowed:
    """Start both images, and ``ask_both``. Raises EnvironmentFault TB5910, TB5912 where one does not start."""
    with ExitStack() as stack:
        services = [stack.enter_context(served(side, machine)) for side in sides]
        for service in services:
            service.wait_until_ready(_PATIENCE)
        machine.progress("sending the same traffic to both", 0, 0)
        found = ask_both(services[0], services[1], traffic, repeat=repeat, tolerance=tolerance, ignored=ignored)
        machine.progress("", 0, 0)
    return found


def ask_both(
    first: Trial,
    second: Trial,
    traffic: tuple[Recorded, ...],
    *,
    repeat: int = 1,
    tolerance: float = 0.0,
    ignored: tuple[str, ...] = (),
) -> Shadowed:
    """Every request to both services, ``repeat`` times, now to one first and now to the other.

    Of a request whose answers differ the first difference counts, in whichever turn it came.
    """
    services = (first, second)
    seconds: tuple[list[float], list[float]] = ([], [])
    found: dict[str, Mismatch | None] = {each.name: None for each in traffic}
    for turn in range(repeat):
        for number, recorded in enumerate(traffic):
            answers: list[Answer | str] = ["", ""]
            for side in (0, 1) if (turn + number) % 2 == 0 else (1, 0):
                answers[side] = answer = answer_of(services[side], recorded.request)
                if isinstance(answer, Answer):
                    seconds[side].append(answer.seconds)
            mismatch = unlike(answers[0], answers[1], tolerance=tolerance, ignored=ignored)
            found[recorded.name] = found[recorded.name] or mismatch
    return Shadowed(
        compared=tuple(Compared(name=name, mismatch=mismatch) for name, mismatch in found.items()),
        seconds=(tuple(sorted(seconds[0])), tuple(sorted(seconds[1]))),
    )


def answer_of(service: Trial, request: Request) -> Answer | str:
    """What a service answers, or why it does not."""
    question = question_of(request, service.ports)
    if question is None:
        return f"it has no port {request.port!r}"
    try:
        return service.ask(question)
    except NoAnswer as error:
        return str(error)


@contextmanager
def served(side: Side, machine: Machine, *, also: tuple[tuple[str, str], ...] = ()) -> Iterator[Trial]:
    """The side's image, checked into the store, unpacked and started; ``also`` are variables over all others."""
    subject = side.name
    told = told_by_manifest(
        side.document,
        side.serving,
        variant=side.image.variant,
        image=str(side.image.manifest.digest),
        release=str(side.digest),
        where=side.name,
    )
    told = replace(told, environment=(*told.environment, *also))
    media_type, content = side.source.manifest(str(side.image.manifest.digest))
    manifest = parse_manifest(content, media_type, subject)
    for blob in (manifest.config, *manifest.layers):
        side.source.fetch(blob, machine.store, machine.progress)
    runtime = parse(machine.store.read(manifest.config.digest), subject).child("config")
    config = ImageConfig(
        user=runtime.text("User"),
        command=runtime.texts("Cmd"),
        entrypoint=runtime.texts("Entrypoint"),
        working_directory=runtime.text("WorkingDir", "/") or os.sep,
        environment=tuple((name, value) for name, _, value in (each.partition("=") for each in runtime.texts("Env"))),
        exposed_ports=(),
        labels=(),
        stop_signal="",
    )
    with (
        unpacked_image(side.image, machine, base=len(side.image.layers)) as root,
        trial(config, root, machine, serving=side.serving, told=told) as service,
    ):
        yield service
