"""Roots: which blobs must stay. What no root names may be deleted.

A root may have an *origin*, the lock or the release that it was made for. Once nothing lies there, the root is
*orphaned*, and collecting drops it first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.store import layout
from twinbuild.store.area import Area
from twinbuild.store.faults import translated

__all__ = ["Roots"]

_LIMIT: Final = 256 << 20  # three million digests
_ORIGIN: Final = "origin"  # the kind of record that says what a root was made for


class Roots:
    """Named lists of digests, each a file below ``v1/roots`` that ends with its own digest."""

    def __init__(self, area: Area) -> None:
        self._area = area

    def put(self, name: str, digests: Iterable[Digest]) -> None:
        """Keep these blobs, under a name, replacing what stood under it.

        Raises UsageError TB3112 (name), EnvironmentFault TB3107-8.
        """
        file = f"{layout.ROOTS}/{layout.check_name(name)}"
        with translated(str(self._area.path / file), form=self._area.form):
            self._area.publish(file, layout.encode_root(digests))

    def keep(self, name: str, digests: Iterable[Digest], *, origin: Path | None = None) -> None:
        """``put``, with an origin; nothing is written if that is what stands there. Raises as ``put``."""
        file = f"{layout.ROOTS}/{layout.check_name(name)}"
        content = layout.encode_root(digests)
        record = None if origin is None else layout.encode_record(os.fsencode(origin.absolute()))
        with translated(str(self._area.path / file), form=self._area.form):
            # The origin comes first: a root without one would be kept for ever.
            if record is not None and self._content(self._origin_name(name)) != record:
                self._area.publish(self._origin_name(name), record)
            if self._content(file) != content:
                self._area.publish(file, content)

    def origins(self) -> dict[str, Path]:
        """What each root was made for; a root without an origin is left out."""
        found = {}
        with translated(str(self._area.path / layout.ROOTS), reading=True, form=self._area.form):
            for name in self._area.names(layout.ROOTS):
                stored = self._content(self._origin_name(name))
                origin = None if stored is None else layout.decode_record(stored)
                if origin is not None:
                    found[name] = Path(os.fsdecode(origin))
        return found

    def orphaned(self) -> dict[str, Path]:
        """The roots whose origin is gone, with it. A root without an origin never is."""
        return {name: origin for name, origin in self.origins().items() if not os.path.lexists(origin)}

    def remove(self, name: str) -> None:
        """No longer keep what stands under a name; none there is fine. Raises as ``put``."""
        file = f"{layout.ROOTS}/{layout.check_name(name)}"
        with translated(str(self._area.path / file), form=self._area.form):
            self._area.files.remove(file)
            self._area.files.sync_directory(layout.ROOTS)
            self._area.files.remove(self._origin_name(name))  # last: a root without an origin would be kept for ever

    def names(self) -> tuple[str, ...]:
        """The names of all roots, sorted."""
        with translated(str(self._area.path / layout.ROOTS), reading=True, form=self._area.form):
            return tuple(self._area.names(layout.ROOTS))

    def all(self) -> dict[str, tuple[Digest, ...]]:
        """All roots by name, sorted. Raises IntegrityError TB3113 with a finding for each that can't be trusted."""
        roots, problems = {}, []
        for name in self.names():
            digests = self._one(name)
            if isinstance(digests, str):
                problems.append(
                    IntegrityError.of(
                        "TB3113",
                        f"the root {digests}",
                        hint="write it again, or delete the file if it is no longer needed; nothing was deleted",
                        where=str(self._area.path / layout.ROOTS / name),
                    ).findings[0]
                )
            else:
                roots[name] = digests
        if problems:
            raise IntegrityError(tuple(problems))
        return roots

    def _content(self, file: str) -> bytes | None:
        try:
            return self._area.content(file, limit=_LIMIT)
        except OSError:
            return None

    @staticmethod
    def _origin_name(name: str) -> str:
        return layout.record_name(_ORIGIN, Digest.of(name.encode()))

    def _one(self, name: str) -> tuple[Digest, ...] | str:
        try:
            stored = self._area.content(f"{layout.ROOTS}/{name}", limit=_LIMIT)
        except OSError as error:
            return f"cannot be read: {os.strerror(error.errno or 0)}"
        if stored is None:
            return "is not a regular file"
        digests = layout.decode_root(stored)
        return "does not end with the digest of its lines" if digests is None else digests
