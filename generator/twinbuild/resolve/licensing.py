"""What packages say of their licences, read from the bytes that were stored; once for each file and set of rules."""

from __future__ import annotations

import json
from typing import Final

from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.codec.lock import decode_licensing, encode_licensing
from twinbuild.debian.copyright import deb_licensing
from twinbuild.errors import LockError
from twinbuild.model.lock import Licensing, LockedDeb, LockedWheel
from twinbuild.ports import Store
from twinbuild.wheel.contents import open_wheel
from twinbuild.wheel.licence import wheel_licensing

__all__ = ["read_licensing"]

_KIND: Final = "licensing"
_RULES: Final = 2  # raised when the rules change, so that what was read by older ones is read again


def read_licensing(item: LockedDeb | LockedWheel, store: Store) -> Licensing:
    """The statement of a stored wheel or package.

    Raises LockError TB3102 where the store lacks it, and IntegrityError where its bytes or its structure are wrong.
    """
    key = digest_of({"file": item.filename, "sha256": item.sha256, "rules": _RULES})
    record = store.record(_KIND, key)
    if record is not None:
        try:
            return decode_licensing(json.loads(record))
        except (LockError, ValueError):
            pass  # a record is a cache: what is not well-formed is read anew
    store.check(item.sha256)
    with store.path(item.sha256).open("rb") as file:
        match item:
            case LockedDeb():
                found = deb_licensing(file, item)
            case LockedWheel():
                found = wheel_licensing(open_wheel(file, item.filename), item.sha256)
    store.put_record(_KIND, key, canonical(encode_licensing(found)))
    return found
