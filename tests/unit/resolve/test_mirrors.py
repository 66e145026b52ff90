"""Where Debian's archives are, from variables or from apt's sources."""

from __future__ import annotations

import pytest

from twinbuild.errors import EnvironmentFault, UsageError
from twinbuild.resolve.apt_sources import AptFiles
from twinbuild.resolve.mirrors import apt_archives, find_mirrors, require_addresses, snapshot_address

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\nID_LIKE=debian\n'
DEB822 = """# made by an installer
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
# a comment amid a stanza
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
FOUND = (
    ("debian", ("http://mirror.example/debian",)),
    ("debian-security", ("http://security.example/debian-security",)),
)


def files(text: str, name: str = "x.sources", release: str = DEBIAN) -> AptFiles:
    """A host with one sources file."""
    return AptFiles(os_release=release, sources=((name, text),))


def test_debian_host_in_both_styles() -> None:
    """The archives come from deb822 stanzas or from lines, each address once."""
    lines = """
    deb http://mirror.example/debian bookworm main # comment
    deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian/ trixie main
    deb-src http://sources.example/debian bookworm main
    deb http://security.example/debian-security bookworm-security main contrib
    """
    assert apt_archives(files(DEB822)) == FOUND
    assert apt_archives(files(lines, "/etc/apt/sources.list")) == FOUND


def test_private_mirror_under_another_path() -> None:
    """Debian's keyring as Signed-By makes any address one of Debian's."""
    text = DEB822.replace("mirror.example/debian/", "artifacts.example/remote/deb-proxy")
    assert apt_archives(files(text))[0] == ("debian", ("http://artifacts.example/remote/deb-proxy",))


@pytest.mark.parametrize(
    "line",
    [
        "deb http://vendor.example/linux/debian bookworm stable",
        "deb [signed-by=/usr/share/keyrings/vendor.gpg] http://vendor.example/debian bookworm main",
        "deb http://vendor.example/apt bookworm main",
        "deb http://vendor.example/debian bookworm-pgdg main",
        "deb http://vendor.example/debian nodistro main",
        "deb http://archive.example/ubuntu noble main",
        "deb cdrom:[Debian]/ bookworm main",
        "deb file:/srv/debian bookworm main",
        "# deb http://mirror.example/debian bookworm main",
    ],
)
def test_sources_of_others_are_not_taken(line: str) -> None:
    """Other vendors' sources, other suites and addresses that are no HTTP do not count."""
    assert apt_archives(files(line, "vendor.list")) == ()


@pytest.mark.parametrize(
    "change", [("Types: deb deb-src", "Types: deb-src"), ("Types: deb ", "Enabled: no\nTypes: deb ")]
)
def test_disabled_and_source_entries_are_not_taken(change: tuple[str, str]) -> None:
    """An entry counts if it is on and has binary packages."""
    assert apt_archives(files(DEB822.replace(*change))) == FOUND[1:]


def test_ubuntu_is_never_taken_for_debian() -> None:
    """On a host that is not Debian itself no source of Debian counts; the error names the host and the variable."""
    host = files(DEB822, release=UBUNTU)
    mirrors = find_mirrors({}, host)
    assert mirrors.archives == ()
    with pytest.raises(EnvironmentFault) as caught:
        require_addresses("debian", mirrors.archives, host.os_release)
    finding = caught.value.findings[0]
    assert finding.code == "TB2140"
    assert "Ubuntu 24.04" in finding.message
    assert "TWINBUILD_DEBIAN_MIRROR" in finding.hint


def test_the_archive_of_an_ubuntu_host() -> None:
    """Its own sources are those of the archive ``ubuntu``; a variable comes first, and Debian's stay unknown."""
    lines = "deb http://a.example/ubuntu/ noble main universe\ndeb http://s.example/ubuntu noble-security main"
    host = files(lines, "/etc/apt/sources.list", UBUNTU + "VERSION_CODENAME=noble\n")
    found = ("ubuntu", ("http://a.example/ubuntu", "http://s.example/ubuntu"))
    assert find_mirrors({}, host).archives == (found,)
    assert require_addresses("ubuntu", find_mirrors({}, host).archives, "") == found[1]
    stated = {"TWINBUILD_UBUNTU_MIRROR": "https://mirror.example/ubuntu/ https://mirror.example/ubuntu-ports"}
    both = ("https://mirror.example/ubuntu", "https://mirror.example/ubuntu-ports")
    assert find_mirrors(stated, host).archives == (("ubuntu", both),)
    assert find_mirrors(stated, files(DEB822)).archives == (*FOUND, ("ubuntu", both))
    assert find_mirrors({}, files(lines, "/etc/apt/sources.list")).archives == ()  # on Debian: another's
    assert find_mirrors({}, files(lines, "/etc/apt/sources.list", UBUNTU)).archives == ()  # of no release


def test_any_system_has_a_variable() -> None:
    """Its ID, in upper case, with underscores for what a variable cannot have."""
    archives = find_mirrors({"TWINBUILD_MY_LINUX_MIRROR": "https://mirror.example/my"}, files("")).archives
    assert require_addresses("my-linux", archives, "") == ("https://mirror.example/my",)
    assert require_addresses("my.linux", archives, "") == ("https://mirror.example/my",)
    with pytest.raises(EnvironmentFault) as caught:
        require_addresses("ubuntu", archives, DEBIAN)
    assert caught.value.findings[0].code == "TB2293"
    assert "TWINBUILD_UBUNTU_MIRROR" in caught.value.findings[0].hint


def test_variables_come_before_apt() -> None:
    """A mirror that is set is the only one; security lies beside it unless it is set too."""
    mirrors = find_mirrors(
        {"TWINBUILD_DEBIAN_MIRROR": "https://one.example/debian/ https://two.example/d"}, files(DEB822)
    )
    assert mirrors.archives == (
        ("debian", ("https://one.example/debian", "https://two.example/d")),
        ("debian-security", ("https://one.example/debian-security", "https://two.example/d/debian-security")),
    )
    both = {
        "TWINBUILD_DEBIAN_MIRROR": "https://one.example/debian",
        "TWINBUILD_DEBIAN_SECURITY": "https://sec.example/s",
    }
    assert find_mirrors(both, files("")).archives[1] == ("debian-security", ("https://sec.example/s",))
    assert require_addresses("debian", find_mirrors(both, files("")).archives, "") == ("https://one.example/debian",)


def test_only_security_set() -> None:
    """The other archive still comes from apt."""
    mirrors = find_mirrors({"TWINBUILD_DEBIAN_SECURITY": "https://sec.example/s"}, files(DEB822))
    assert mirrors.archives == (FOUND[0], ("debian-security", ("https://sec.example/s",)))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TWINBUILD_DEBIAN_MIRROR", "mirror.example/debian"),
        ("TWINBUILD_DEBIAN_MIRROR", "ftp://mirror.example/debian"),
        ("TWINBUILD_DEBIAN_MIRROR", "https:///debian"),
        ("TWINBUILD_DEBIAN_MIRROR", "https://mirror.example/debian?x=1"),
        ("TWINBUILD_DEBIAN_MIRROR", "https://[::1/debian"),
        ("TWINBUILD_DEBIAN_SECURITY", "https://mirror.example/\x07"),
        ("TWINBUILD_DEBIAN_SNAPSHOT", "https://snapshot.example/archive/"),
        ("TWINBUILD_UBUNTU_MIRROR", "mirror.example/ubuntu"),
    ],
)
def test_malformed_variables(variable: str, value: str) -> None:
    """What is no address raises TB2142 and names the variable."""
    with pytest.raises(UsageError) as caught:
        find_mirrors({variable: value}, files(""))
    assert (caught.value.findings[0].code, str(caught.value.findings[0].where)) == ("TB2142", variable)


def test_credentials_are_not_shown() -> None:
    """A password in a malformed address does not reach the message."""
    with pytest.raises(UsageError) as caught:
        find_mirrors({"TWINBUILD_DEBIAN_MIRROR": "ftp://user:secret@mirror.example/debian"}, files(""))
    assert "secret" not in str(caught.value)


def test_snapshots() -> None:
    """The pattern is per archive, and the index's date fills it."""
    pattern = "https://snapshot.example/archive/{archive}/{timestamp}"
    snapshots = dict(find_mirrors({"TWINBUILD_DEBIAN_SNAPSHOT": pattern}, files("")).snapshots)
    assert snapshot_address(snapshots["debian-security"][0], "2026-11-21T09:15:44Z") == (
        "https://snapshot.example/archive/debian-security/20261121T091544Z"
    )
    assert find_mirrors({}, files("")).snapshots == ()


def test_malformed_sources() -> None:
    """A broken file of apt is named, with the variable that replaces it."""
    with pytest.raises(EnvironmentFault) as caught:
        apt_archives(files("no field\n"))
    assert caught.value.findings[0].code == "TB2141"
    assert "TWINBUILD_DEBIAN_MIRROR" in caught.value.findings[0].hint
