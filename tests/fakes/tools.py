"""A few programs of this machine with their libraries, as the files of a package: enough for a script to run."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from pathlib import Path

NAMES = (
    "sh",
    "cat",
    "chmod",
    "chown",
    "date",
    "dd",
    "ln",
    "ls",
    "mkdir",
    "mkfifo",
    "mknod",
    "mv",
    "rm",
    "sleep",
    "touch",
)


@functools.cache
def tools(*extra: str) -> dict[str, bytes | str | None]:
    """Path below the root → content, programs under ``usr/bin``; directories with links have none."""
    files: dict[str, bytes | str | None] = {}
    for name in (*NAMES, *extra):
        found = shutil.which(name)
        assert found is not None
        files[f"usr/bin/{name}"] = Path(found).read_bytes()
        said = subprocess.run(["ldd", found], check=True, capture_output=True, text=True).stdout
        for path in re.findall(r"(/\S+) \(0x", said):
            files[path.removeprefix("/").replace("lib/", "usr/lib/", 1) if path.startswith("/lib/") else path[1:]] = (
                Path(path).read_bytes()
            )
    return {(f"usr/{path}" if path.startswith("lib64/") else path): content for path, content in files.items()}
