"""What became of the tests of an image: it passed them, or it was not tried, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform

__all__ = ["REASONS", "Outcome", "Passed", "Reason", "Untested"]

Reason = Literal["none", "accelerator", "platform", "sandbox", "machine"]
REASONS: Final[dict[Reason, str]] = {
    "none": "the spec has no tests",
    "accelerator": "the sandbox shows a service no accelerator",
    "platform": "the machine of the release is of another platform",
    "sandbox": "the machine of the release has no sandbox",
    "machine": "the machine of the release has less than the image needs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An image that answered as the spec expects, within its limits.

    ``observed`` is canonical JSON of what was seen: it differs from run to run, and is no part of a release's identity.
    ``reused``: it was seen in an earlier run on this machine.
    """

    variant: str
    platform: Platform
    image: Digest
    observed: bytes
    reused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """An image that was not tried."""

    variant: str
    platform: Platform
    image: Digest
    reason: Reason


Outcome = Passed | Untested
