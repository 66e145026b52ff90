"""The proof that a lock is closed under its variant's accelerator: nothing of another one, and all of its own.

A lock without accelerator holds no library of one. A CUDA lock holds exactly the libraries that its frameworks ask
for, of one CUDA major and one cuDNN major, and those are the variant's and the base image's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from twinbuild.deploy.accelerator.facts import Purpose, purpose
from twinbuild.deploy.accelerator.frameworks import framework
from twinbuild.deploy.accelerator.table import cuda_family, numbers
from twinbuild.errors import Finding, Location
from twinbuild.model.lock import Target
from twinbuild.model.spec.environment import Variant

__all__ = ["BaseFacts", "closure_findings"]

_SHOWN = 4  # wheels in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """What a base image says of itself: its ``CUDA_VERSION`` and ``NV_CUDNN_VERSION``, "" where it says nothing."""

    cuda: str = ""
    cudnn: str = ""


def closure_findings(variant: Variant, target: Target, base: BaseFacts | None = None) -> tuple[Finding, ...]:
    """What keeps a locked target from being its variant's, TB2400-TB2412, TB2417 and TB2418; else nothing."""
    base = base or BaseFacts()
    purposes = tuple(purpose(wheel) for wheel in target.wheels)
    found = [*_foreign(variant, purposes), *_twins(target)]
    if variant.accelerator == "cuda":
        found += _cuda(variant, target, purposes, base)
    elif variant.accelerator == "rocm":
        found += _rocm(purposes)
    where = f"{variant.name} {target.platform}"
    return tuple(
        Finding(code=code, message=message, hint=hint, where=Location(subject=where)) for code, message, hint in found
    )


_Found = tuple[str, str, str]


def _named(purposes: Iterable[Purpose]) -> str:
    texts = [f"{each.wheel.name} {each.wheel.version}" for each in purposes]
    return ", ".join(texts[:_SHOWN]) + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")


def _roots(purposes: Iterable[Purpose], all_of_them: tuple[Purpose, ...]) -> str:
    """Who asked for wheels: the projects of the lock that require them and are none of them."""
    unwanted = {each.wheel.name for each in purposes}
    parents = sorted({each.wheel.name for each in all_of_them if unwanted & set(each.wheel.requires)} - unwanted)
    return ", ".join(parents) or "the spec"


def _foreign(variant: Variant, purposes: tuple[Purpose, ...]) -> Iterator[_Found]:
    cuda = [each for each in purposes if each.accelerated and not each.rocm]
    rocm = [each for each in purposes if each.rocm]
    plain = [each for each in purposes if each.cpu]
    if cuda and variant.accelerator == "none":
        yield (
            "TB2400",
            f"the variant uses no accelerator, but {_roots(cuda, purposes)} brings {_named(cuda)}",
            _without(cuda, purposes),
        )
    libraries = [each for each in cuda if not each.compiler]
    if libraries and variant.accelerator == "rocm":
        yield (
            "TB2402",
            f"the variant uses ROCm, but the lock holds {_named(libraries)}",
            "bind the framework to an index of builds for ROCm in variants[].indexes",
        )
    if rocm and variant.accelerator != "rocm":
        yield (
            "TB2401",
            f"the variant does not use ROCm, but the lock holds {_named(rocm)}",
            "bind the framework to another index in variants[].indexes",
        )
    if plain and variant.accelerator != "none":
        yield (
            "TB2406",
            f"the variant uses {variant.accelerator}, but {_named(plain)} is a build for the CPU alone",
            "bind the framework to the accelerator's index in variants[].indexes",
        )


def _without(unwanted: list[Purpose], purposes: tuple[Purpose, ...]) -> str:
    """How a lock loses its CUDA: another project, or another index."""
    names = {each.wheel.name for each in purposes}
    rows = [row for row in map(framework, sorted(names)) if row is not None and row.plain]
    rows = [row for row in rows if row.name in {each.wheel.name for each in unwanted} or _reaches(row.name, purposes)]
    if rows:
        return f"ask for {rows[0].plain} instead of {rows[0].name}"
    if "torch" in names:
        return "bind torch to an index of builds for the CPU in variants[].indexes"
    return "take out what asks for them, or move it to the `runtime` of a variant with an accelerator"


def _reaches(name: str, purposes: tuple[Purpose, ...]) -> bool:
    return any(each.wheel.name == name and set(each.wheel.requires) & _libraries(purposes) for each in purposes)


def _libraries(purposes: Iterable[Purpose]) -> set[str]:
    return {each.wheel.name for each in purposes if each.library}


def _twins(target: Target) -> Iterator[_Found]:
    names = {wheel.name for wheel in target.wheels}
    for row in map(framework, sorted(names)):
        if row is not None and (twins := sorted(names & set(row.twins))):
            yield (
                "TB2410",
                f"{row.name} and {', '.join(twins)} bring the same package in different builds",
                "ask for one of them alone; move the other to the `runtime` of the variant that needs it",
            )


def _cuda(variant: Variant, target: Target, purposes: tuple[Purpose, ...], base: BaseFacts) -> Iterator[_Found]:
    wanted = numbers(variant.cuda or "")
    stated = [each for each in purposes if each.cuda]
    majors = sorted({each.cuda[0] for each in stated})
    if len(majors) > 1:
        of = {major: _named(each for each in stated if each.cuda[0] == major) for major in majors}
        parts = "; ".join(f"CUDA {major}: {names}" for major, names in of.items())
        yield "TB2403", f"the lock mixes CUDA majors ({parts})", "choose versions, extras or an index of one CUDA"
    elif majors and majors[0] != wanted[0]:
        yield (
            "TB2404",
            f"the variant's CUDA is {variant.cuda}, but the lock is for CUDA {majors[0]} ({_named(stated)})",
            f"write cuda: '{_version(stated)}', or bind the framework to an index of builds for CUDA {wanted[0]}",
        )
    else:
        other = [each for each in stated if len(each.cuda) > 1 and each.cuda[:2] != wanted[:2]]
        if other:
            yield (
                "TB2405",
                f"the variant's CUDA is {variant.cuda}, but the lock holds {_named(other)}",
                f"write cuda: '{_version(other)}', or pin a version of the framework for CUDA {variant.cuda}",
            )
    if not any(each.accelerated or _plugged(each) for each in purposes) and not base.cuda:
        yield _nothing("CUDA")
    yield from _exact(purposes)
    yield from _runtime(target, purposes, base)
    yield from _base(variant, purposes, base, wanted)


def _rocm(purposes: tuple[Purpose, ...]) -> Iterator[_Found]:
    if not any(each.rocm for each in purposes):
        yield _nothing("ROCm")
    versions = sorted({each.rocm_version for each in purposes if each.rocm_version})
    if len(versions) > 1:
        parts = "; ".join(
            f"ROCm {'.'.join(map(str, version))}: {_named(each for each in purposes if each.rocm_version == version)}"
            for version in versions
        )
        yield "TB2418", f"the lock mixes ROCm versions ({parts})", "bind all of them to the index of one ROCm"


def _plugged(each: Purpose) -> bool:
    """Whether a wheel can use CUDA where the base brings it, though nothing in the lock says so."""
    return framework(each.wheel.name) is not None and not each.cpu


def _version(stated: Iterable[Purpose]) -> str:
    newest = max((each.cuda for each in stated), key=lambda cuda: (len(cuda), cuda))
    return ".".join(map(str, newest if len(newest) > 1 else (*newest, 0)))


def _nothing(accelerator: str) -> _Found:
    return (
        "TB2408",
        f"nothing in the lock uses {accelerator}",
        "add the framework's build for it to the variant's `runtime`, or say `accelerator: none`",
    )


def _exact(purposes: tuple[Purpose, ...]) -> Iterator[_Found]:
    """Every library is asked for by a wheel that is none; what only the spec asks for is too much."""
    asked = {name for each in purposes if not each.library for name in each.wheel.requires}
    libraries = {each.wheel.name: each for each in purposes if each.library}
    reached = set(asked & libraries.keys())
    frontier = list(reached)
    while frontier:
        for name in libraries[frontier.pop()].wheel.requires:
            if name in libraries and name not in reached:
                reached.add(name)
                frontier.append(name)
    extra = [each for name, each in sorted(libraries.items()) if name not in reached]
    if extra:
        yield (
            "TB2407",
            f"no framework of the lock asks for {_named(extra)}",
            "take it out; a framework's extra (such as onnxruntime-gpu[cuda,cudnn]) locks the libraries that fit it",
        )


def _runtime(target: Target, purposes: tuple[Purpose, ...], base: BaseFacts) -> Iterator[_Found]:
    """A framework that loads CUDA's libraries needs them from the lock or from the base."""
    if base.cuda or any(each.library for each in purposes):
        return
    for wheel in target.wheels:
        row = framework(wheel.name)
        if row is not None and row.extra and "+" not in wheel.version:
            yield (
                "TB2409",
                f"{wheel.name} {wheel.version} loads libraries of CUDA, but the lock holds none, and the base has none",
                f"ask for {wheel.name}[{row.extra}], or stand the variant on a base image with CUDA",
            )


def _base(
    variant: Variant, purposes: tuple[Purpose, ...], base: BaseFacts, wanted: tuple[int, ...]
) -> Iterator[_Found]:
    if base.cuda and numbers(base.cuda)[:1] != wanted[:1]:
        yield (
            "TB2411",
            f"the variant's CUDA is {variant.cuda}, but its base image has CUDA_VERSION {base.cuda}",
            f"choose a base image with CUDA {wanted[0]}, or write cuda: '{'.'.join(base.cuda.split('.')[:2])}'",
        )
    found = {f"{each.wheel.name} {each.wheel.version}": each.cudnn for each in purposes if each.cudnn}
    if base.cudnn and numbers(base.cudnn):
        found[f"the base image's NV_CUDNN_VERSION {base.cudnn}"] = numbers(base.cudnn)[0]
    if len(set(found.values())) > 1:
        yield (
            "TB2412",
            f"two cuDNN majors meet: {', '.join(sorted(found))}",
            "choose a base image without cuDNN, or with the major that the framework asks for",
        )
    family = cuda_family(variant.cuda or "")
    unfit = sorted(name for name, major in found.items() if family is not None and major not in family.cudnn)
    if family is not None and unfit:
        yield (
            "TB2417",
            f"{', '.join(unfit)}: CUDA {family.major} goes with cuDNN {' or '.join(map(str, family.cudnn))}",
            "choose a version of the framework whose cuDNN was made for the variant's CUDA",
        )
