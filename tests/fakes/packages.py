"""A wheel and a Debian package that state their licences, and what a lock says of them."""

from __future__ import annotations

from tests.unit.wheel.making import NAME, STEM, wheel

from fakes.debs import deb
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedDeb, LockedWheel

__all__ = ["DEB", "LOCKED_DEB", "LOCKED_WHEEL", "WHEEL"]

WHEEL = wheel(
    {f"{STEM}.dist-info/licenses/LICENSE": b"text"},
    metadata=b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nLicense-Expression: MIT\nLicense-File: LICENSE\n",
)
LOCKED_WHEEL = LockedWheel(
    index="default",
    name="demo",
    version="1.0",
    filename=NAME,
    size=len(WHEEL),
    sha256=Digest.of(WHEEL),
    requires=(),
    requested=True,
)
DEB = deb("demo", files={"usr/share/doc/demo/copyright": b"In prose."})
LOCKED_DEB = LockedDeb(
    name="demo",
    version="1.0-1",
    architecture="all",
    archive="debian",
    suite="bookworm",
    component="main",
    path="pool/main/d/demo/demo_1.0-1_all.deb",
    size=len(DEB),
    sha256=Digest.of(DEB),
    source="demo",
    source_version="1.0-1",
    depends=(),
    pre_depends=(),
    essential=False,
    requested=True,
)
