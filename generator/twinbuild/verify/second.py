"""Starting the second build: a fresh process that knows nothing of the caller but what the request says."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from twinbuild.codec.built import decode_image
from twinbuild.codec.canonical import to_json
from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.ports import Runner
from twinbuild.verify.conditions import CLOCK, Conditions, varied_environment

__all__ = ["SecondBuild", "build_again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondBuild:
    """What the second process built, and how each condition was brought about (witnesses)."""

    images: tuple[Image, ...]
    store: Path  # of its own blobs
    witnesses: tuple[tuple[str, str], ...]


def build_again(
    runner: Runner,
    *,
    interpreter: Path,
    spec: Path,
    overlays: tuple[Path, ...],
    store: Path,
    scratch: Path,
    epoch: int,
    conditions: Conditions,
    clock: bytes = b"",
    proven: tuple[BuiltLayer, ...] = (),
    variants: tuple[str, ...] = (),
) -> SecondBuild:
    """Run ``twinbuild rebuild`` under ``conditions``; its layers go to a store of their own below ``scratch``.

    ``clock`` is a library that gives another time, b"" for none. ``proven`` are layers that need no second build, where
    it arrives at their derivations; ``variants`` are those that are built, () all of them. Raises BuildError TB6001 if
    it fails, with what it said; EnvironmentFault TB6001 where that is this machine's fault (a full disk).
    """
    directory = scratch / "a-directory-of-another-name-and-length" / "second"
    directory.mkdir(parents=True)
    if clock:
        (directory / CLOCK).write_bytes(clock)
    request = {
        "spec": str(spec),
        "overlays": [str(path) for path in overlays],
        "store": str(store),
        "scratch": str(directory),
        "epoch": epoch,
        "conditions": asdict(conditions),
        "variants": list(variants),
        "proven": [to_json(layer) for layer in proven],
        "parent": os.getpid(),
    }
    completed = runner.run(
        (str(interpreter), "-P", "-s", "-m", "twinbuild.cli", "second-build"),
        environment=varied_environment(directory, conditions, clock=bool(clock)),
        stdin=json.dumps(request).encode(),
        directory=directory,
        timeout=3600.0,
    )
    if completed.status != 0:
        said = " ".join(completed.stderr.decode(errors="replace").split()) or "it said nothing"
        what = f"the second build stopped with status {completed.status}: {said[-2000:]}"
        if completed.status == EnvironmentFault.exit_code:
            raise EnvironmentFault.of("TB6001", what, hint="do what it says of this machine, and run the command again")
        raise BuildError.of(
            "TB6001",
            what,
            hint="the first build worked: something that only the second met, such as its environment, is the reason",
        )
    answer = json.loads(completed.stdout)
    images = tuple(decode_image(json.dumps(image).encode()) for image in answer["images"])
    assert all(image is not None for image in images)
    return SecondBuild(
        images=tuple(image for image in images if image is not None),
        store=directory / "store",
        witnesses=tuple((str(name), str(how)) for name, how in answer["witnesses"]),
    )
