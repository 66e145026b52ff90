"""Deployments of examples and of any text, with images that nobody built."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Final

import yaml

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.deploy.deployment import DeployedImage, Deployment
from twinbuild.deploy.rollout.target import Target, targets
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform

__all__ = ["EXAMPLES", "a_target", "deployed", "documents", "example", "example_unchanged"]

ROOT: Final = Path(__file__).resolve().parents[2]
EXAMPLES: Final = sorted(path.parent.name for path in (ROOT / "examples").glob("*/release.yaml"))


def example(name: str = "fraud-scorer") -> str:
    """The text of an example's spec."""
    return (ROOT / "examples" / name / "release.yaml").read_text("utf-8")


def example_unchanged() -> str:
    """The first example without a knob that changes while the service runs: its tests, or all knobs, may be cut out."""
    before, _, rest = example().replace("      runtime_change: true\n", "").partition("  changes:\n")
    return before + "".join(itertools.dropwhile(lambda line: line.startswith("    "), rest.splitlines(keepends=True)))


def deployed(text: str) -> Deployment:
    """The spec of a text with an image of each of its variants."""
    spec = load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec
    images = tuple(
        DeployedImage(
            variant=variant.name,
            digest=Digest.of(variant.name.encode()),
            platforms=tuple(sorted(map(Platform.parse, variant.platforms or spec.environment.platforms))),
        )
        for variant in sorted(spec.environment.variants, key=lambda each: each.name)
    )
    return Deployment(spec=spec, images=images)


def a_target(text: str = "") -> Target:
    """The first variant in the first stage, of the first example or of a text."""
    return next(targets(deployed(text or example())))


def documents(files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
    """The documents for a cluster among rendered files, by path."""
    return {
        f"{path}#{number}": document
        for path, content in files.items()
        if path.endswith(".yaml")
        for number, document in enumerate(yaml.load_all(content, yaml.CSafeLoader))
        if isinstance(document, dict) and "apiVersion" in document
    }
