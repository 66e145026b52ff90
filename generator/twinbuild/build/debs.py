"""Debian packages of the store, decompressed once into a spool."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import IO

from twinbuild.debian.archive import read_deb
from twinbuild.debian.unpack import Unpacked, spool_deb, unpack_order
from twinbuild.model.plan import DebInput
from twinbuild.ports import Store

__all__ = ["opened_debs"]

_THREADS = 2  # xz and hashing let go of the interpreter's lock


@contextmanager
def opened_debs(debs: tuple[DebInput, ...], store: Store) -> Iterator[tuple[Unpacked, ...]]:
    """The packages in unpack order, checked against their digests; readable inside the context."""
    known = {deb.name: deb for deb in debs}
    order = unpack_order(debs)
    with ExitStack() as stack:
        spools = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(_THREADS)]
        shares: list[list[DebInput]] = [[] for _ in spools]
        for deb in sorted(debs, key=lambda deb: (-deb.size, deb.name)):
            min(shares, key=lambda share: sum(item.size for item in share)).append(deb)
        with ThreadPoolExecutor(_THREADS) as pool:
            found = list(pool.map(_spool_share, shares, spools, [store] * _THREADS))
        unpacked = {package.deb.name: package for share in found for package in share}
        assert unpacked.keys() == known.keys()
        yield tuple(unpacked[name] for name in order)


def _spool_share(share: list[DebInput], spool: IO[bytes], store: Store) -> list[Unpacked]:
    packages = []
    for deb in share:
        store.check(deb.sha256)
        with store.path(deb.sha256).open("rb") as file:
            packages.append(spool_deb(file, read_deb(file, expected=deb), spool))
    return packages
