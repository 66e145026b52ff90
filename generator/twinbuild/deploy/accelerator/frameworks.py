"""Frameworks that use an accelerator, as data: how each brings the libraries of it, and for which Python it has wheels.

Every row names its source and the day on which it was read there. ``docs/variants.md`` shows the versions of Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from twinbuild.deploy.accelerator.table import Source

__all__ = ["FRAMEWORKS", "Framework", "framework"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A project whose wheels use an accelerator.

    ``extra`` is what a requirement must ask for so that its CUDA libraries are locked; "" where they come without.
    ``twins`` are projects that bring the same package in another build. ``plain`` is the one without accelerator.
    ``cuda`` says whether its wheel is of use with CUDA alone. ``pythons`` are versions of CPython, each with the newest
    version that had a wheel for it on x86-64 on the day of the source: a hint, and no proof, for new ones appear.
    """

    name: str
    extra: str = ""
    twins: tuple[str, ...] = ()
    plain: str = ""
    cuda: bool = False
    pythons: tuple[tuple[str, str], ...] = ()
    source: Source


_READ: Final = "2026-11-26"


def _published(name: str, tags_of: str = "") -> Source:
    more = f", tags of {tags_of}" if tags_of else ""
    return Source(title=f"METADATA and tags of the published wheels of {name}{more}", read=_READ)


def _since(newest: str, first: int, last: int, *older: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Pythons 3.``first`` to 3.``last`` have the newest version; ``older`` ones another."""
    return (*older, *((f"3.{minor}", newest) for minor in range(first, last + 1)))


FRAMEWORKS: Final[tuple[Framework, ...]] = (
    Framework(
        name="torch",
        pythons=_since("2.15.0", 11, 15, ("3.9", "2.8.0"), ("3.10", "2.14.1")),
        source=_published("torch"),
    ),
    Framework(
        name="vllm",
        cuda=True,
        pythons=_since("0.33.0", 11, 14, ("3.9", "0.11.0"), ("3.10", "0.31.0")),
        source=_published("vllm"),
    ),
    Framework(
        name="tensorflow",
        extra="and-cuda",
        twins=("tensorflow-cpu", "tensorflow-gpu", "tensorflow-rocm"),
        plain="tensorflow-cpu",
        pythons=_since("2.21.0", 10, 13, ("3.9", "2.20.0")),
        source=_published("tensorflow"),
    ),
    Framework(
        name="jax",
        extra="cuda12 or cuda13",
        pythons=_since("0.12.0.1", 12, 15, ("3.9", "0.4.30"), ("3.10", "0.6.2"), ("3.11", "0.10.2")),
        source=_published("jax", "jaxlib"),
    ),
    Framework(
        name="onnxruntime-gpu",
        extra="cuda,cudnn",
        twins=("onnxruntime", "onnxruntime-rocm", "onnxruntime-openvino"),
        plain="onnxruntime",
        cuda=True,
        pythons=_since("1.31.1", 11, 14, ("3.9", "1.19.2"), ("3.10", "1.23.2")),
        source=_published("onnxruntime-gpu"),
    ),
    Framework(
        name="xgboost",
        twins=("xgboost-cpu",),
        plain="xgboost-cpu",
        pythons=_since("3.4.1", 12, 15, ("3.9", "2.1.4"), ("3.10", "3.2.0"), ("3.11", "3.2.0")),
        source=_published("xgboost"),
    ),
    Framework(
        name="faiss-gpu",
        twins=("faiss-cpu",),
        plain="faiss-cpu",
        cuda=True,
        pythons=_since("1.15.1", 10, 15, ("3.9", "1.7.2")),
        source=_published("faiss-gpu"),
    ),
)


def framework(project: str) -> Framework | None:
    """The row of a normalised project name."""
    return next((row for row in FRAMEWORKS if row.name == project), None)
