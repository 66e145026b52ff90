"""One signed release, and two of a stage, for all tests of this directory."""

from fakes.case import case, staged, staged_once
from fakes.signed import signed, signed_once

__all__ = ["case", "signed", "signed_once", "staged", "staged_once"]
