"""The catalogue: which script has which effects on a fresh tree. Each entry was made by reading the script.

Keys are package, script and fingerprint (``scripts.fingerprint``), so that one entry serves every architecture and
every rebuild, and a script that changed in any other way is unknown again.
"""

from __future__ import annotations

from typing import Final

from twinbuild.debian.effects import Effect
from twinbuild.debian.effects.common import COMMON
from twinbuild.debian.effects.essential import ESSENTIAL
from twinbuild.debian.effects.tools import TOOLS
from twinbuild.debian.effects.trixie import TRIXIE

__all__ = ["KNOWN"]

KNOWN: Final[dict[tuple[str, str, str], tuple[Effect, ...]]] = {**ESSENTIAL, **COMMON, **TOOLS, **TRIXIE}
