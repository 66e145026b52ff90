"""A library that an image lacks is found when it is built, not when its service is started."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from twinbuild.build.unpack import layer_members
from twinbuild.codec.amounts import counted
from twinbuild.codec.canonical import digest_of
from twinbuild.debian.providers import driver_library, provider
from twinbuild.errors import BuildError, Finding, Location
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.lock import Lock
from twinbuild.model.plan import AddedPackagesRecipe, ArtifactRecipe, Derivation, LayerDerivation, LayerRecipe, Plan
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.oci.libraries import FORMAT, LayerLibraries, decode_libraries, encode_libraries, layer_libraries
from twinbuild.oci.linking import Missing, missing_libraries
from twinbuild.pipeline.machine import Machine

__all__ = ["refuse_missing_libraries"]

_KIND: Final = "libraries"
_IN_MEMORY: Final = 32 << 20  # bytes of an ELF file that needs no file


def refuse_missing_libraries(
    spec: ReleaseSpec, lock: Lock, plan: Plan, images: tuple[Image, ...], machine: Machine
) -> None:
    """Raise BuildError TB5420 (TB5421: out of reach) for each library that a file of an image needs and lacks.

    Those that ``dependencies.absent_libraries`` names may be missing, and of a variant for an accelerator those that
    come with its driver.
    """
    findings: dict[tuple[str, str], Finding] = {}
    for derivation, image in zip(plan.derivations, images, strict=True):
        for library, group in _missing(spec, lock, derivation, image, machine).items():
            finding = _finding(library, group, derivation)
            findings.setdefault((finding.code, library), finding)
    if findings:
        raise BuildError(tuple(findings[key] for key in sorted(findings)))


def _missing(
    spec: ReleaseSpec, lock: Lock, derivation: Derivation, image: Image, machine: Machine
) -> dict[str, list[Missing]]:
    """By library, what needs it."""
    target = lock.target(image.variant, image.platform)
    assert target is not None, "an image is built from a target of the lock"
    accelerator = next(each for each in spec.environment.variants if each.name == image.variant).accelerator
    search = dict(derivation.config.environment).get("LD_LIBRARY_PATH", "").split(":")
    pairs = tuple(_with_derivations(image, derivation))
    below = [_libraries(layer, machine) for layer, made in pairs if made is None]
    ours = [
        _libraries(layer, machine) for layer, made in pairs if made is not None and not _is_plain(made.recipe, machine)
    ]
    # Whoever made the base left out on purpose what its own files ask for (Python's slim images have no Tk).
    theirs = {path for libraries in below for path, _ in libraries.objects}
    theirs -= {path for libraries in ours for path, _ in libraries.objects}
    found = missing_libraries(
        [*below, *ours],
        image.platform,
        search=filter(None, search),
        requires={wheel.name: wheel.requires for wheel in target.wheels},
    )
    groups: dict[str, list[Missing]] = {}
    for missing in found:
        allowed = missing.library in spec.dependencies.absent_libraries or missing.file in theirs
        if not allowed and not (accelerator != "none" and driver_library(missing.library)):
            groups.setdefault(missing.library, []).append(missing)
    return groups


def _finding(library: str, group: list[Missing], derivation: Derivation) -> Finding:
    first = group[0]
    others = f" and {counted(len(group) - 1, 'other file')}" if len(group) > 1 else ""
    whose = f"{first.project}'s " if first.project else ""
    image = f"the image {derivation.variant} {derivation.platform}"
    code = "TB5420"
    message = f"{image} lacks {library}, which {whose}/{first.file}{others} cannot be loaded without"
    if first.elsewhere:
        code = "TB5421"
        message = (
            f"{whose}/{first.file}{others} of {image} cannot be loaded: {library} lies at /{first.elsewhere} alone"
        )
    return Finding(
        code=code, message=message, hint=_hint(library, derivation), where=Location(subject=f"/{first.file}")
    )


def _hint(library: str, derivation: Derivation) -> str:
    if driver_library(library):
        return "it comes with a driver: take a build of the package for processors, or a variant with an accelerator"
    package = provider(library)
    remedy = f"add {package} to environment.packages" if package else "add the package that has it"
    if derivation.base is not None and not isinstance(derivation.layers[0].recipe, AddedPackagesRecipe):
        remedy = f"name a base that has {f'the package {package}' if package else 'it'}"
    return f"{remedy}; where that file is never loaded, name {library} in dependencies.absent_libraries"


def _with_derivations(image: Image, derivation: Derivation) -> Iterator[tuple[BuiltLayer, LayerDerivation | None]]:
    """The layers of an image; those of its base, the lowest, have no derivation."""
    base = len(image.layers) - len(derivation.layers)
    yield from ((layer, None) for layer in image.layers[:base])
    yield from zip(image.layers[base:], derivation.layers, strict=True)


def _is_plain(recipe: LayerRecipe, machine: Machine) -> bool:
    """Whether a layer is a file of the model that is no program: such files are large, and need not be read."""
    if not isinstance(recipe, ArtifactRecipe):
        return False
    with machine.store.open(recipe.file.sha256) as file:
        return file.read(4) != b"\x7fELF"


def _libraries(layer: BuiltLayer, machine: Machine) -> LayerLibraries:
    key = digest_of({"layer": layer.diff_id, "format": FORMAT})
    record = machine.store.record(_KIND, key)
    known = decode_libraries(record) if record is not None else None
    if known is not None:
        return known
    machine.progress("looking for missing libraries", 0, 0)
    machine.scratch.mkdir(parents=True, exist_ok=True)

    def spool() -> BinaryIO:
        return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(machine.scratch)))

    found = layer_libraries(layer_members(layer, machine.store, special=True), spool=spool)
    machine.store.put_record(_KIND, key, encode_libraries(found))
    return found
