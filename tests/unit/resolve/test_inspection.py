"""``resolve.inspection``: found once from the stored bytes, and again where the record is not to be trusted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from tests.unit.resolve.test_licensing import stored
from tests.unit.wheel.making import project_wheel

from fakes.binaries import shared_object
from fakes.packages import DEB, LOCKED_DEB, LOCKED_WHEEL
from twinbuild.errors import IntegrityError, LockError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedWheel
from twinbuild.resolve import inspection

_BOM = (
    b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"bom-ref": "a", "name": "a", "version": "1"}]}'
)
_NAME, _WHEEL = project_wheel(
    "demo",
    {
        "demo/libx.so.2": shared_object(soname="libx.so.2"),
        "demo-1.dist-info/sboms/a.json": _BOM,
        "demo-1.dist-info/licenses/LICENSE": b"Do what you like.",
    },
)
_LOCKED: LockedWheel = replace(
    LOCKED_WHEEL, name="demo", version="1", filename=_NAME, sha256=Digest.of(_WHEEL), size=len(_WHEEL)
)


def test_both_kinds_and_any_file() -> None:
    """SHA-512 of each; of a wheel also what lies in it."""
    store = stored(_WHEEL, DEB, b"weights")
    found = inspection.inspect_package(_LOCKED, store)
    assert found.sha512 == hashlib.sha512(_WHEEL).hexdigest()
    assert ([each.name for each in found.libraries], [each.name for bom in found.boms for each in bom.parts]) == (
        ["libx"],
        ["a"],
    )
    assert [each.path for each in found.texts] == ["licenses/LICENSE"]
    assert inspection.inspect_package(LOCKED_DEB, store).sha512 == hashlib.sha512(DEB).hexdigest()
    blob = inspection.inspect_blob(Digest.of(b"weights"), store)
    assert (blob.sha512, blob.libraries) == (hashlib.sha512(b"weights").hexdigest(), ())


def test_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The record says the very same; other rules, and a damaged record, read the bytes again."""
    store = stored(_WHEEL)
    first = inspection.inspect_package(_LOCKED, store)
    monkeypatch.setattr(inspection, "_sha512", lambda digest, store: "other")
    assert inspection.inspect_package(_LOCKED, store) == first
    monkeypatch.setattr(inspection, "_RULES", -1)
    assert inspection.inspect_package(_LOCKED, store).sha512 == "other"
    for record in (b"{", b"[]", b"{}", b'{"sha256": 1}', b'{"sha256": "sha256:x"}'):
        monkeypatch.setattr(store, "record", lambda kind, key, record=record: record)
        assert inspection.inspect_package(_LOCKED, store).sha512 == "other"


def test_bytes_that_are_not_there() -> None:
    """None, and others."""
    with pytest.raises(LockError, match="TB3102"):
        inspection.inspect_package(_LOCKED, stored())
    with pytest.raises((LockError, IntegrityError)):
        inspection.inspect_package(replace(_LOCKED, sha256=Digest.of(b"other")), stored(b"other"))
