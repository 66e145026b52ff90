"""Statements of rebuilders for pages: who else built a release's images, and whether the same bytes came out.

They come from `rebuild --key`. A page counts nothing: whether enough others got the same is for `challenge` to say.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.dsse import pae
from twinbuild.describe.site.published import Rebuilder
from twinbuild.errors import Location, PolicyRefused, UsageError
from twinbuild.govern.keys import PublicKey
from twinbuild.pipeline.challenge.judging import forged, unlike_release
from twinbuild.pipeline.challenge.statements import Statement, read_statements

__all__ = ["heard_below", "rebuilders"]

_MOST: Final = 10_000  # statements of a run
_END: Final = ".dsse.json"
_HINT: Final = "name what `twinbuild rebuild --key` wrote, or a directory of that"


def heard_below(places: Sequence[Path]) -> tuple[Statement, ...]:
    """The statements of files, and of the files right below directories that are called so (``*.dsse.json``).

    Raises UsageError TB9411 for a place without one, or too many, and as ``read_statements``.
    """
    return read_statements(path for place in places for path in _files(place))


def _files(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    with os.scandir(place) as entries:
        names = sorted(
            each.name for each in entries if each.name.endswith(_END) and each.is_file(follow_symlinks=False)
        )
    if not 0 < len(names) <= _MOST:
        raise _refused(place, f"{len(names)} files *{_END}, expected 1 to {_MOST}")
    yield from (place / name for name in names)


def _refused(path: Path, why: str) -> UsageError:
    return UsageError.of(
        "TB9411",
        f"{path.name or path}: {why}",
        hint=_HINT,
        where=Location(file=str(path)),
    )


def rebuilders(
    manifest: dict[str, Any], heard: Sequence[Statement], keys: Sequence[PublicKey]
) -> tuple[Rebuilder, ...]:
    """Who says something of a release's images, by key and file.

    Statements about other sources are passed over, and so are images that the release does not have.
    Raises PolicyRefused TB6102 for a signature in the name of one of ``keys`` that is not by it.
    """
    known = {key.keyid: key for key in keys}
    images = {f"{each['variant']} {each['platform']}": each["digest"] for each in manifest["environment"]["images"]}
    found = []
    for one in heard:
        built = tuple(each for each in one.rebuilt.images if each.name in images)
        if unlike_release(manifest, one.rebuilt) or not built:
            continue
        for signature in one.envelope.signatures:
            key = known.get(signature.keyid)
            if key is not None and not key.verifies(
                pae(one.envelope.payload_type, one.envelope.payload), signature.sig
            ):
                raise PolicyRefused((forged(one.file, signature.keyid),))
            found.append(
                Rebuilder(
                    keyid=signature.keyid,
                    versions=f"twinbuild {one.rebuilt.tool}, Python {one.rebuilt.python}",
                    images=tuple(
                        (each.name, str(each.digest), images[each.name] == str(each.digest)) for each in built
                    ),
                    is_verified=key is not None,
                )
            )
    return tuple(sorted(set(found), key=lambda each: (each.keyid, each.images, each.versions)))
