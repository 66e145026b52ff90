"""What lies inside of the files that a release is made of, read from the stored bytes; once for each file.

Two stores that hold the same file find the same: nothing here depends on the machine. The record is a cache.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, Final

from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.debian.archive import read_deb
from twinbuild.debian.maintainer import maintainer_address
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.inspection import BundledLibrary, Inspection, LicenceText, ShippedBom, ShippedPart
from twinbuild.model.lock import LockedDeb, LockedWheel
from twinbuild.ports import Store
from twinbuild.resolve.licencetexts import licence_texts, other_licence_texts
from twinbuild.wheel.contents import open_wheel
from twinbuild.wheel.inside import bundled_libraries, contact_of, shipped_boms

__all__ = ["inspect_blob", "inspect_package"]

_KIND: Final = "inspection"
_RULES: Final = 3  # raised when the rules change, so that what was found by older ones is looked for again


def inspect_package(item: LockedDeb | LockedWheel, store: Store) -> Inspection:
    """A stored wheel or Debian package. Raises LockError TB3102 where the store lacks it, else IntegrityError."""
    key = digest_of({"file": item.filename, "sha256": item.sha256, "rules": _RULES})
    if (known := _known(store.record(_KIND, key))) is not None:
        return known
    sha512 = _sha512(item.sha256, store)
    with store.path(item.sha256).open("rb") as file:
        match item:
            case LockedDeb():
                contact = maintainer_address(read_deb(file, expected=item).field("Maintainer"))
                found = Inspection(sha256=item.sha256, sha512=sha512, contact=contact)
            case LockedWheel():
                wheel = open_wheel(file, item.filename)
                found = Inspection(
                    sha256=item.sha256,
                    sha512=sha512,
                    contact=contact_of(wheel.metadata),
                    libraries=bundled_libraries(wheel),
                    boms=shipped_boms(wheel),
                    texts=licence_texts(wheel),
                    others=other_licence_texts(wheel),
                )
    store.put_record(_KIND, key, canonical({**asdict(found), "sha256": str(found.sha256)}))
    return found


def inspect_blob(digest: Digest, store: Store) -> Inspection:
    """Any other stored file: a file of the model or of the application. Raises as ``inspect_package``."""
    key = digest_of({"sha256": digest, "rules": _RULES})
    if (known := _known(store.record(_KIND, key))) is not None:
        return known
    found = Inspection(sha256=digest, sha512=_sha512(digest, store))
    store.put_record(_KIND, key, canonical({**asdict(found), "sha256": str(digest)}))
    return found


def _sha512(digest: Digest, store: Store) -> str:
    """Hashed while the store checks that the bytes are those of the digest."""
    hasher = hashlib.sha512()
    with store.open(digest) as stream:
        while chunk := stream.read(1 << 20):
            hasher.update(chunk)
    return hasher.hexdigest()


def _known(record: bytes | None) -> Inspection | None:
    """What a record says; None for one that is not well-formed, as for none."""
    if record is None:
        return None
    try:
        value: dict[str, Any] = json.loads(record)
        return Inspection(
            sha256=Digest.parse(value["sha256"]),
            sha512=value["sha512"],
            contact=value["contact"],
            libraries=tuple(BundledLibrary(**_frozen(each)) for each in value["libraries"]),
            boms=tuple(
                ShippedBom(**_frozen(each) | {"parts": tuple(ShippedPart(**_frozen(part)) for part in each["parts"])})
                for each in value["boms"]
            ),
            texts=tuple(LicenceText(**_frozen(each)) for each in value["texts"]),
            others=tuple(LicenceText(**_frozen(each)) for each in value["others"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, IntegrityError):
        return None


def _frozen(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _tuples(item) for key, item in value.items()}


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value
