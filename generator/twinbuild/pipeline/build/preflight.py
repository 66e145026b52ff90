"""The files of an image's entrypoint, in ``/etc/twinbuild``: the program, and what the release needs as its data."""

from __future__ import annotations

from pathlib import Path

from twinbuild.build import accelerators, configured, preflight
from twinbuild.deploy.configuration import definitions_document
from twinbuild.deploy.requirements import configured as has_configuration
from twinbuild.deploy.requirements import requirements_document
from twinbuild.model import knobs
from twinbuild.model.lock import Lock
from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["preflight_files"]


def preflight_files(spec: ReleaseSpec, lock: Lock, variant: str) -> tuple[tuple[str, bytes], ...]:
    """Path below ``etc/twinbuild`` and content; the program is the very text that is tested here."""
    files = [
        ("preflight.py", Path(preflight.__file__).read_bytes()),
        ("requirements.json", requirements_document(spec, variant)),
    ]
    if next(each for each in spec.environment.variants if each.name == variant).accelerator != "none":
        files.append(("accelerators.py", Path(accelerators.__file__).read_bytes()))
    if has_configuration(spec):
        files += [
            ("configuration.json", definitions_document(spec, lock.artifacts)),
            ("configured.py", Path(configured.__file__).read_bytes()),
            ("knobs.py", Path(knobs.__file__).read_bytes()),
        ]
    return tuple(sorted(files))
