"""One signed release for all tests of this directory."""

from fakes.case import case
from fakes.signed import signed, signed_once

__all__ = ["case", "signed", "signed_once"]
