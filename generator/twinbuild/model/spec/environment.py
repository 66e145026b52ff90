"""``environment``: what lies below the application, and what it needs to run."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twinbuild.model.platform import SUPPORTED
from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.references import ImageName, Requirement
from twinbuild.model.spec.steps import BuildStep, check_steps
from twinbuild.model.spec.values import Label, Line, Name, Quantity, objection, quantity_value

__all__ = ["Amount", "Base", "DebianBase", "Environment", "Gpu", "NodeLabel", "Resources", "Toleration", "Variant"]

_NO_SUITE = "packages are to be added to an image, but no suite is named that has them"
_SUITE_HINT = "name the image's suite in base.debian beside base.image, or take 'packages' out"
_SUITE = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_DEB = re.compile(r"[a-z0-9][a-z0-9+.-]{1,127}", re.ASCII)
_PYTHON = re.compile(r"3\.(9|[1-9][0-9])", re.ASCII)
_DRIVER = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,3}", re.ASCII)
_CUDA = re.compile(r"[1-9][0-9]?\.[0-9]{1,2}", re.ASCII)
_CAPABILITY = re.compile(r"([1-9][0-9]?\.[0-9](\+PTX)?)|(gfx[1-9][0-9a-f]{2,4})", re.ASCII)


def _check_suite(text: str) -> str:
    if not _SUITE.fullmatch(text):
        raise objection("TB1104", f"got the suite {text[:80]!r}", "write a suite's code name, such as bookworm")
    if text in ("stable", "oldstable", "oldoldstable", "testing", "unstable"):
        raise objection(
            "TB1104", f"the suite {text!r} moves with every release", "write its code name, such as bookworm"
        )
    return text


def _check_deb(text: str) -> str:
    if not _DEB.fullmatch(text):
        raise objection(
            "TB1104",
            f"got the package {text[:80]!r}",
            "write the name alone, such as libgomp1; the lock pins its version",
        )
    return text


def _check_python(text: str) -> str:
    if not _PYTHON.fullmatch(text):
        raise objection(
            "TB1127", f"got Python {text[:20]!r}", "write major and minor version in quotes, such as '3.11'"
        )
    return text


def _check_cuda(text: str) -> str:
    if not _CUDA.fullmatch(text):
        raise objection("TB1104", f"got CUDA {text[:20]!r}", "write major and minor version in quotes, such as '12.4'")
    return text


def _check_driver(text: str) -> str:
    if not _DRIVER.fullmatch(text):
        raise objection("TB1104", f"got the driver {text[:40]!r}", "write its version in quotes, such as '535.104.05'")
    return text


def _check_capability(text: str) -> str:
    if not _CAPABILITY.fullmatch(text):
        raise objection(
            "TB1104",
            f"got the compute capability {text[:40]!r}",
            "write it in quotes, such as '8.0' or '9.0+PTX' for CUDA, gfx90a for ROCm",
        )
    return text


def _check_platform(text: str) -> str:
    if text not in SUPPORTED:
        raise objection("TB1120", f"platform {text[:80]!r} is not supported", f"use one of {', '.join(SUPPORTED)}")
    return text


Component = Literal["main", "contrib", "non-free", "non-free-firmware", "restricted", "universe", "multiverse"]
Suite = Annotated[str, AfterValidator(_check_suite)]
DebName = Annotated[str, AfterValidator(_check_deb)]
PythonVersion = Annotated[str, AfterValidator(_check_python), Field(json_schema_extra={"pattern": r"^3\.[0-9]+$"})]
CudaVersion = Annotated[str, AfterValidator(_check_cuda)]
DriverVersion = Annotated[str, AfterValidator(_check_driver)]
ComputeCapability = Annotated[str, AfterValidator(_check_capability)]
PlatformName = Annotated[str, AfterValidator(_check_platform), Field(json_schema_extra={"enum": list(SUPPORTED)})]


class DebianBase(Section):
    """A base made of Debian packages."""

    suite: Suite
    """Code name of the suite, such as bookworm."""
    components: Several[Component] = Field(default=("main",), min_length=1)
    """Components of the archive: Debian's, or those of Ubuntu for a base image of Ubuntu."""
    suites: Several[Suite] = ()
    """Further suites, such as bookworm-updates or bookworm-security."""


class Base(Section):
    """What the image stands on: packages of a suite, another image, or an image with packages of its suite added."""

    debian: DebianBase | None = None
    """A Debian suite: alone the whole system is made of its packages; beside `image`, what is added comes from it."""
    image: ImageName | None = None
    """An image by name and tag or digest, or `oci-layout:DIR`; the lock pins its digest."""

    @property
    def closed(self) -> bool:
        """Whether nothing can be added to it."""
        return self.debian is None

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.debian is None and self.image is None:
            raise objection(
                "TB1116", "got neither of 'debian' and 'image'", "name a Debian suite, or an image, or both"
            )
        return self


class Amount(Section):
    """What a container asks for, and what it may take."""

    request: Quantity | None = None
    """Amount that is kept for it."""
    limit: Quantity | None = None
    """Amount that it may not exceed."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.request and self.limit and quantity_value(self.request) > quantity_value(self.limit):
            raise objection(
                "TB1105",
                f"the request {self.request} is above the limit {self.limit}",
                "raise the limit, or ask for less",
            )
        return self


class Gpu(Section):
    """Accelerator cards."""

    count: int = Field(default=0, ge=0, le=64)
    """Number of cards for one container."""
    kind: Line | None = None
    """Kind of card, such as nvidia-l4."""
    driver: DriverVersion | None = None
    """Oldest driver that works, such as '535.104.05'."""


class Toleration(Section):
    """A taint of a node that is accepted (Kubernetes)."""

    key: Label
    """Key of the taint."""
    operator: Literal["Exists", "Equal"] = "Exists"
    """How it is compared."""
    value: Line | None = None
    """Value of the taint, for Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; every effect where it is missing."""


class NodeLabel(Section):
    """A label that a node must have."""

    key: Label
    """Key of the label."""
    values: Several[Line] = Field(min_length=1)
    """Values of which it must have one."""


class Resources(Section):
    """What one container needs."""

    cpu: Amount = Field(default_factory=Amount)
    """Processor cores."""
    memory: Amount = Field(default_factory=Amount)
    """Memory in bytes."""
    gpu: Gpu = Field(default_factory=Gpu)
    """Accelerator cards."""
    affinity: Several[NodeLabel] = ()
    """Labels of nodes on which it may run."""
    tolerations: Several[Toleration] = ()
    """Taints of nodes that it accepts."""


class Variant(Section):
    """One flavour of the image, for one kind of accelerator."""

    name: Name
    """Name of the variant, such as cpu or cuda12."""
    accelerator: Literal["none", "cuda", "rocm"] = "none"
    """Accelerator that it uses."""
    cuda: CudaVersion | None = None
    """CUDA version, where the accelerator is cuda."""
    driver: DriverVersion | None = None
    """Oldest driver that works, such as '525.60.13'; `environment.resources.gpu.driver` where it is missing."""
    compute_capabilities: Several[ComputeCapability] = ()
    """Devices that there is code for: '8.0', '9.0+PTX' (CUDA), gfx90a (ROCm); any where there are none."""
    base: Base | None = None
    """What this variant stands on, where that is not `environment.base`."""
    indexes: Several[Name] = ()
    """Indexes of `dependencies.indexes` that serve this variant; one that variants name serves no other."""
    runtime: Several[Requirement] = ()
    """Requirements beside those of `dependencies.runtime`."""
    packages: Several[DebName] = ()
    """Debian packages beside those of `environment.packages`."""
    platforms: Several[PlatformName] = ()
    """Platforms of this variant; all of `environment.platforms` where there are none."""
    resources: Resources | None = None
    """What one container of this variant needs, in place of `environment.resources`."""

    @model_validator(mode="after")
    def _accelerator_fits(self) -> Self:
        objections = Objections()
        if (self.accelerator == "cuda") != (self.cuda is not None):
            objections.add(
                "TB1116",
                f"accelerator is {self.accelerator!r} and cuda is {'given' if self.cuda else 'missing'}",
                "give 'cuda' if, and only if, the accelerator is cuda",
            )
        if self.accelerator == "none":
            for key in ("driver", "compute_capabilities"):
                if getattr(self, key):
                    objections.add(
                        "TB1116",
                        f"'{key}' is given, and the variant uses no accelerator",
                        "take it out, or name the accelerator",
                        key,
                    )
        for index, capability in enumerate(self.compute_capabilities):
            if self.accelerator != "none" and capability.startswith("gfx") != (self.accelerator == "rocm"):
                objections.add(
                    "TB1116",
                    f"{capability!r} is no device of the accelerator {self.accelerator!r}",
                    "write '8.0' or '9.0+PTX' for CUDA, gfx90a for ROCm",
                    *("compute_capabilities", index),
                )
        objections.repeated("compute capability", self.compute_capabilities, "compute_capabilities")
        objections.repeated("index", self.indexes, "indexes")
        objections.settle()
        return self


class Environment(Section):
    """Operating system, Python, platforms and variants."""

    base: Base
    """What the image stands on."""
    python: PythonVersion
    """Python of the image, as major.minor in quotes."""
    platforms: Several[PlatformName] = Field(default=("linux/amd64",), min_length=1)
    """Platforms for which the image is built."""
    variants: Several[Variant] = Field(default_factory=lambda: (Variant(name="cpu"),), min_length=1)
    """Flavours of the image."""
    packages: Several[DebName] = ()
    """Debian packages by name, with what they need."""
    steps: Several[BuildStep] = ()
    """Commands that make files of the image when it is built, in their order."""
    resources: Resources = Field(default_factory=Resources)
    """What one container needs."""

    def base_of(self, variant: Variant) -> Base:
        """What a variant stands on."""
        return variant.base or self.base

    def resources_of(self, variant: Variant) -> Resources:
        """What one container of a variant needs."""
        return variant.resources or self.resources

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        objections.repeated("platform", self.platforms, "platforms")
        objections.repeated("package", self.packages, "packages")
        objections.repeated("variant", (variant.name for variant in self.variants), "variants", key="name")
        for index, variant in enumerate(self.variants):
            for place, platform in enumerate(variant.platforms):
                if platform not in self.platforms:
                    objections.add(
                        "TB1117",
                        f"variant {variant.name!r} names the platform {platform!r}, which environment.platforms lacks",
                        "add it there, or take it out here",
                        *("variants", index, "platforms", place),
                    )
            objections.repeated("platform", variant.platforms, "variants", index, "platforms")
            if self.base_of(variant).closed and variant.packages:
                objections.add("TB1116", _NO_SUITE, _SUITE_HINT, "variants", index, "packages")
            if variant.base is not None and variant.base.closed and self.packages:
                objections.add("TB1116", _NO_SUITE, _SUITE_HINT, "variants", index, "base")
        if self.base.closed and self.packages:
            objections.add("TB1116", _NO_SUITE, _SUITE_HINT, "packages")
        closed = any(self.base_of(variant).closed for variant in self.variants)
        check_steps(self.steps, python=self.python, closed=closed, objections=objections)
        objections.settle()
        return self
