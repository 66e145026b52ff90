"""Records of OSV's schema, and databases of them in a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

__all__ = ["CRITICAL", "MEDIUM", "database", "record"]

CRITICAL: Final = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"  # 9.8
MEDIUM: Final = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"  # 5.3


def record(
    identifier: str,
    ecosystem: str = "PyPI",
    name: str = "alpha",
    *,
    fixed: str = "",
    vector: str = "",
    modified: str = "2026-11-01T00:00:00Z",
    **more: Any,
) -> dict[str, Any]:
    """A record about every version, or those before ``fixed``."""
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    affected = {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    stated = {"severity": [{"type": "CVSS_V3", "score": vector}]} if vector else {}
    return {"id": identifier, "modified": modified, "affected": [affected], **stated, **more}


def database(directory: Path, *records: dict[str, Any]) -> Path:
    """A directory with a file for each."""
    directory.mkdir(parents=True, exist_ok=True)
    for each in records:
        (directory / f"{each['id']}.json").write_text(json.dumps(each), encoding="utf-8")
    return directory
