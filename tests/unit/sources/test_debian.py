"""Where a locked Debian package is looked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import AptIndex, LockedDeb
from twinbuild.model.settings import Settings
from twinbuild.sources.debian import Mirrors

DEB = LockedDeb(
    archive="debian", suite="bookworm", component="main", name="hello", version="2.10-3", architecture="amd64",
    path="pool/main/h/hello/hello_2.10-3_amd64.deb", size=1, sha256=Digest.of(b""), source="hello",
    source_version="2.10-3", depends=(), pre_depends=(), essential=False, requested=True,
)  # fmt: skip
INDEX = AptIndex(
    archive="debian", suite="bookworm", component="main", architecture="amd64", date="2026-06-06T08:17:00Z",
    release=Digest.of(b""),
    packages=Digest.of(b""), signed_by="0" * 40,
)  # fmt: skip


def test_mirrors_come_before_the_snapshot_of_the_index_s_date() -> None:
    """In order: each mirror of the archive, then the snapshot service at the date of the locked index."""
    settings = Settings(
        store="/s",
        archives=(("debian", ("https://a.example/debian", "file:///mirror")),),
        snapshots=(("debian", ("https://snap.example/{timestamp}",)),),
    )
    assert Mirrors(settings, (INDEX,)).addresses(DEB) == (
        f"https://a.example/debian/{DEB.path}",
        f"file:///mirror/{DEB.path}",
        f"https://snap.example/20260606T081700Z/{DEB.path}",
    )


def test_an_archive_without_an_address() -> None:
    """TB3045 names the archive and the variable to set."""
    with pytest.raises(UsageError) as caught:
        Mirrors(Settings(store="/s"), (INDEX,)).addresses(DEB)
    assert caught.value.findings[0].code == "TB3045"
    assert "TWINBUILD_DEBIAN_MIRROR" in caught.value.findings[0].hint
    ubuntu = replace(DEB, archive="ubuntu", path="pool/universe/h/hello.deb")
    with pytest.raises(UsageError, match=r"TB3045.*'ubuntu'.*TWINBUILD_UBUNTU_MIRROR"):
        Mirrors(Settings(store="/s", archives=(("debian", ("https://a.example",)),)), ()).addresses(ubuntu)
    known = Settings(store="/s", archives=(("ubuntu", ("https://a.example/ubuntu",)),))
    assert Mirrors(known, ()).addresses(ubuntu) == ("https://a.example/ubuntu/pool/universe/h/hello.deb",)
