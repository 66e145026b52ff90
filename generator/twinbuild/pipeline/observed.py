"""``run.json``: what one run observed. Readable, unhashed, and the only place for it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Final

from twinbuild import __version__

__all__ = ["APPROVALS", "RUN", "SIGNATURES", "is_beside", "run_document"]

RUN: Final = "run.json"  # the one file that differs between two runs
SIGNATURES: Final = "signatures"  # what people say of the release afterwards
APPROVALS: Final = "approvals"  # where it may go, in the opinion of those who are asked


def is_beside(path: str) -> bool:
    """Whether a path in a release is of what comes beside it: another run or signature leaves the release the same."""
    return path == RUN or path.startswith((f"{SIGNATURES}/", f"{APPROVALS}/"))


def run_document(
    *,
    started: float,
    seconds: Mapping[str, float],
    commit: Mapping[str, object] | None,
    verification: Mapping[str, object],
    store: str,
    sources: object,
    unchanged_since: float | None = None,
) -> bytes:
    """The document; times in seconds since 1970.

    ``sources``: where files were fetched from, of ``pipeline.lock.sourced``; ``unchanged_since``: when the run began
    whose result still stands.
    """
    uname = os.uname()
    document = {
        "twinbuild": __version__,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "started": _moment(started),
        "seconds": {name: round(spent, 3) for name, spent in sorted(seconds.items())},
        "host": {
            "name": uname.nodename,
            "kernel": uname.release,
            "machine": uname.machine,
            "processors": len(os.sched_getaffinity(0)),
            "uid": os.getuid(),
            "byte_order": sys.byteorder,
        },
        "commit": commit,
        "verification": verification,
        "store": store,
        "sources": sources,
    }
    if unchanged_since is not None:
        document["unchanged_since"] = _moment(unchanged_since)
    return (json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
