"""Where a store may not lie: in what somebody else committed.

A store says what was built from what, and that it was built twice. One that comes with a checkout, filled, would have
its own release called proven. An address in ``twinbuild.toml`` could lead there; a variable is the user's own word.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["comes_with_the_project"]


def comes_with_the_project(store: str, directory: Path) -> bool:
    """Whether a store's place lies below the directory of the spec, or of the repository that this is in."""
    project = Path(os.path.realpath(directory))
    top = next((level for level in (project, *project.parents) if os.path.lexists(level / ".git")), project)
    return Path(os.path.realpath(store)).is_relative_to(top)
