"""Files of an index that states no digests: read once, as a stream, and remembered.

A record answers for the same index, file name and size. An index that puts other bytes of the same size under an old
name is found when the file is fetched: its digest is then not the locked one. What a server says of a file (ETag,
Last-Modified) is not kept: it differs between mirrors of one index and between their machines, so it would often be a
false alarm, and whoever replaces bytes can repeat it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from twinbuild.codec.canonical import digest_of
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.net.opener import Opener
from twinbuild.ports import Progress, Store, silent
from twinbuild.resolve.python_index import PythonIndex

__all__ = ["Reading"]

_KIND: Final = "index-file"


class _Nowhere:
    """Bytes that are only hashed."""

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Forget them."""
        return len(chunk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where what was read is remembered; ``keep`` its bytes too, so that fetching does not read them again."""

    store: Store
    keep: bool
    progress: Progress = silent

    def digests(
        self, files: Iterable[Mapping[str, Any]], *, settings: Settings, indexes: tuple[PythonIndex, ...]
    ) -> dict[str, str]:
        """SHA-256 in hexadecimal by address, of files as the resolver names them (index, file, url, size).

        Raises FetchError and IntegrityError as ``Opener.download``.
        """
        opener = Opener(settings)
        plain = {index.name for index in indexes if index.address.lower().startswith("http:")}
        return {str(file["url"]): self._digest(file, opener, allow_http=file["index"] in plain).hex for file in files}

    def _digest(self, file: Mapping[str, Any], opener: Opener, *, allow_http: bool) -> Digest:
        name, size = str(file["file"]), int(file["size"])
        key = digest_of({"index": str(file["index"]), "file": name, "size": size})
        known = _decoded(self.store.record(_KIND, key))
        if known is not None and (not self.keep or self.store.has(known)):
            return known
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self.progress(f"reading {name}, whose index states no digest", done, size)

        if self.keep:
            with self.store.writer() as writer:
                opener.download(str(file["url"]), writer, size=size, allow_http=allow_http, advance=advance)
                found, _ = writer.commit()
        else:
            found, _ = opener.download(str(file["url"]), _Nowhere(), size=size, allow_http=allow_http, advance=advance)
        self.store.put_record(_KIND, key, json.dumps({"sha256": found.hex}).encode())
        return found


def _decoded(record: bytes | None) -> Digest | None:
    try:
        return Digest(json.loads(record or b"")["sha256"])
    except (ValueError, TypeError, KeyError, RecursionError, IntegrityError):
        return None
