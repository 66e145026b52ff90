"""What a base's own apt says: where its archive is, and whose signatures count."""

from __future__ import annotations

import pytest
from pysequoia import Tsk
from tests.unit.oci.test_stack import Files, stacked

from fakes.bases import files_of_a_base, layer_tar
from twinbuild.errors import TwinbuildError
from twinbuild.model.platform import Platform
from twinbuild.resolve.base_apt import SystemArchive, read_system_archive
from twinbuild.resolve.base_facts import find_facts
from twinbuild.resolve.keyrings import KEYRING_LIMIT

RELEASE = b'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n'
SOURCES = b"""# see sources.list(5)
Types: deb
URIs: http://archive.example/ubuntu/
Suites: noble noble-updates noble-backports
Components: main universe restricted multiverse
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg

Types: deb
URIs: http://security.example/ubuntu/
Suites: noble-security
Components: main universe
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
"""
VENDOR = b"deb [signed-by=/usr/share/keyrings/cuda-archive-keyring.gpg] https://vendor.example/repos/ubuntu2404 /\n"
OTHERS = b"""Types: deb
URIs: https://people.example/ada/ppa/ubuntu/
Suites: noble
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGYov84BEADSrLhiWvqL
 -----END PGP PUBLIC KEY BLOCK-----
"""
ADDRESSES = ("http://archive.example/ubuntu", "http://security.example/ubuntu")
KEYRING = "usr/share/keyrings/ubuntu-archive-keyring.gpg"
SECRET = Tsk.generate("Archive <archive@ubuntu.example>")
CERT = SECRET.extract_certificate()
OTHER = Tsk.generate("Another <another@ubuntu.example>").extract_certificate()
BOTH = bytes(CERT) + bytes(OTHER)


def base(**more: bytes | str | None) -> Files:
    """A tree of Ubuntu with further files."""
    return {"etc": None, "etc/os-release": RELEASE} | more


def archive(files: Files) -> SystemArchive:
    """The archive that the tree of these files knows."""
    return read_system_archive(*stacked(layer_tar(files)), system="ubuntu", subject="base")


def usual(sources: bytes = SOURCES) -> Files:
    """Sources and keyring as Ubuntu's own images have them."""
    return base(**{"etc/apt/sources.list.d/ubuntu.sources": sources, KEYRING: bytes(CERT)})


def test_as_ubuntus_images_have_it() -> None:
    """Addresses in the order of the sources, each once; the one keyring that they name."""
    found = archive(usual())
    assert (found.name, found.addresses) == ("ubuntu", ADDRESSES)
    assert found.keyrings == ((KEYRING, bytes(CERT)),)
    assert [each.fingerprint for each in found.certificates()] == [CERT.fingerprint]


def test_other_vendors_have_no_part() -> None:
    """Neither addresses nor keys of NVIDIA's repository, of people's archives and of vendors count."""
    vendor = b"deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor.example/linux/ubuntu noble main\n"
    more: Files = {
        "etc/apt/sources.list": b"# now in sources.list.d\n",
        "etc/apt/sources.list.d/cuda.list": VENDOR,
        "etc/apt/sources.list.d/ada.sources": OTHERS,
        "etc/apt/sources.list.d/vendor.list": vendor,
        "etc/apt/sources.list.d/broken.sources": b"no field\n",
        "etc/apt/sources.list.d/old.list.save": b"deb http://old.example/ubuntu noble main\n",
        "usr/share/keyrings/cuda-archive-keyring.gpg": bytes(OTHER),
        "etc/apt/keyrings/vendor.gpg": bytes(OTHER),
        "etc/apt/trusted.gpg.d/vendor.gpg": bytes(OTHER),
    }
    assert archive(usual() | more) == archive(usual())


def test_sources_without_signed_by() -> None:
    """As Ubuntu 22.04 has them: what apt trusts for every source, which it names no keyring for."""
    lines = b"deb http://a.example/ubuntu/ noble main restricted\ndeb http://a.example/ubuntu noble universe\n"
    files = base(
        **{
            "etc/apt/sources.list": lines,
            "etc/apt/trusted.gpg.d/ubuntu.gpg": BOTH,
            "etc/apt/trusted.gpg.d/old.asc": str(CERT).encode(),
            "etc/apt/trusted.gpg.d/backup.gpg~": b"junk",
            KEYRING: b"not asked",
        }
    )
    found = archive(files)
    assert found.addresses == ("http://a.example/ubuntu",)
    assert [path for path, _ in found.keyrings] == ["etc/apt/trusted.gpg.d/old.asc", "etc/apt/trusted.gpg.d/ubuntu.gpg"]
    assert [each.fingerprint for each in found.certificates()] == [CERT.fingerprint, OTHER.fingerprint]


def test_a_base_whose_sources_are_gone() -> None:
    """No address then, and the archive's keyring at its usual place, through whatever link."""
    files = base(**{KEYRING: "../keys/archive.gpg", "usr/share/keys/archive.gpg": bytes(CERT)})
    found = archive(files)
    assert (found.addresses, found.keyrings) == ((), (("usr/share/keys/archive.gpg", bytes(CERT)),))
    assert archive(base()).keyrings == ()


def test_a_keyring_that_is_named_and_gone() -> None:
    """Nothing else takes its place: apt would trust nobody for that source either."""
    files = usual() | {"etc/apt/trusted.gpg.d/vendor.gpg": bytes(OTHER)}
    del files[KEYRING]
    assert archive(files).keyrings == ()


def test_facts_of_a_base_that_is_ubuntus() -> None:
    """The archive is found where packages are to be added, and Debian's own bases have none."""
    files = files_of_a_base("3.12.3") | usual() | {"etc/os-release": RELEASE}
    stack, layers, opened = stacked(layer_tar(files))

    def found(suite: str) -> SystemArchive | None:
        return find_facts(
            stack,
            layers,
            opened,
            python="3.12",
            platform=Platform.parse("linux/amd64"),
            path="",
            subject="base",
            suite=suite,
        ).archive

    assert found("") is None
    assert found("noble") == archive(usual())
    debian = files | {"etc/os-release": RELEASE.replace(b"ID=ubuntu", b"ID=debian")}
    stack, layers, opened = stacked(layer_tar(debian))
    assert found("noble") is None


def test_a_keyring_of_the_base_that_is_too_large() -> None:
    """It isn't even read; nor are many that each would do."""
    with pytest.raises(TwinbuildError, match="TB4404"):
        archive(usual() | {KEYRING: bytes(KEYRING_LIMIT + 1)})
    for place, suffix in (("sources.list.d", ".list"), ("trusted.gpg.d", ".gpg")):
        many: Files = {f"etc/apt/{place}/{number:02}{suffix}": bytes(KEYRING_LIMIT) for number in range(17)}
        with pytest.raises(TwinbuildError, match=r"TB4404.*17 files"):
            archive(base() | many)
