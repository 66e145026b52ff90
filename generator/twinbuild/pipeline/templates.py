"""The templates that are shipped: ``templates/`` of the checkout, or of the installed package."""

from __future__ import annotations

from pathlib import Path

import twinbuild
from twinbuild.errors import EnvironmentFault

__all__ = ["template"]


def template(name: str) -> str:
    """The text of a template. Raises EnvironmentFault TB8040 where the installation lacks it."""
    package = Path(twinbuild.__file__).resolve().parent
    for root in (package, package.parent.parent):
        path = root / "templates" / name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise EnvironmentFault.of(
        "TB8040", f"this installation has no template {name}", hint="install twinbuild again", where=str(package)
    )
