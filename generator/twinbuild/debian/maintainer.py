"""The field Maintainer of a control file (Debian Policy, 5.6.2): ``Mark Brown <broonie@debian.org>``."""

from __future__ import annotations

import re
from typing import Final

from twinbuild.codec.spdx import one_line

__all__ = ["maintainer_address", "maintainer_name"]

_ADDRESS: Final = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,250})>", re.ASCII)


def maintainer_name(field: str) -> str:
    """Who is named, as one line; "" for none, and for what is no name for its length."""
    return one_line(field.partition("<")[0].strip(' "'))


def maintainer_address(field: str) -> str:
    """The mail address, or "" where there is none."""
    match = _ADDRESS.search(field)
    return match[1] if match is not None else ""
