"""A directory that changes as a ConfigMap's volume does in a pod: what a service sees when a knob is changed live.

Each name is a link to ``..data/NAME``, and ``..data`` one to a directory that is replaced as a whole: no content is
ever half there, and the status of a name never changes (Kubernetes, ``AtomicWriter``).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["LiveVolume"]

_DATA: Final = "..data"


class LiveVolume:
    """Such a volume below ``directory``, which is empty and stays there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._number = 0

    def hold(self, texts: Mapping[str, str]) -> None:
        """From now on it holds these texts, by name, and no others."""
        old = self.directory / f"..{self._number}"
        self._number += 1
        new = self.directory / f"..{self._number}"
        new.mkdir()
        for name, text in texts.items():
            (new / name).write_text(text, encoding="utf-8")
        link = self.directory / "..data_tmp"
        link.symlink_to(new.name)
        link.replace(self.directory / _DATA)
        there = {path.name for path in self.directory.iterdir() if not path.name.startswith("..")}
        for name in texts.keys() - there:
            (self.directory / name).symlink_to(f"{_DATA}/{name}")
        for name in there - texts.keys():
            (self.directory / name).unlink()
        shutil.rmtree(old, ignore_errors=True)
