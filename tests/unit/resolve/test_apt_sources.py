"""What apt's sources say, and which of them are a system's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.resolve.test_base_apt import RELEASE, SOURCES
from tests.unit.resolve.test_mirrors import DEB822, DEBIAN

from twinbuild.resolve.apt_sources import AptFiles, own_entries, read_apt_files, read_entries
from twinbuild.resolve.mirrors import apt_archives

FIRST = SOURCES.decode().partition("\n\n")[0] + "\n"
RELEASED = RELEASE.decode()


def own(text: str, release: str = RELEASED) -> list[tuple[str, str]]:
    """Address and suite of the entries that are Ubuntu's own."""
    files = AptFiles(os_release=release, sources=(("etc/apt/sources.list.d/x.sources", text),))
    return [(entry.address, entry.suite) for entry in own_entries(files, "ubuntu")]


def test_entries() -> None:
    """One for each address and suite; several keyrings may be named, in either style."""
    one, *others = read_entries("x.sources", FIRST.replace("Signed-By: ", "Signed-By: /k/a.gpg, "))
    assert (one.address, one.suite, one.components[1]) == ("http://archive.example/ubuntu/", "noble", "universe")
    assert one.keyrings == ("/k/a.gpg", "/usr/share/keyrings/ubuntu-archive-keyring.gpg")
    assert [entry.suite for entry in others] == ["noble-updates", "noble-backports"]
    (line,) = read_entries(
        "x.list", "deb [arch=amd64 signed-by=/k/a.gpg,/k/b.gpg] http://a.example/ubuntu noble main\n"
    )
    assert line.keyrings == ("/k/a.gpg", "/k/b.gpg")


@pytest.mark.parametrize(
    "change",
    [
        ("Suites: noble noble-updates noble-backports", "Suites: jammy"),
        ("Components: main ", "Components: multiverse "),
        ("URIs: http:", "URIs: ftp:"),
        ("Types: deb\n", "Enabled: no\nTypes: deb\n"),
        ("Types: deb\n", "Types: deb-src\n"),
        ("/ubuntu-archive-keyring.gpg", "/x-archive-keyring.gpg"),
        ("Signed-By: /usr", "Signed-By: usr"),
        ("Signed-By: ", "Signed-By: /k/other.gpg "),
        ("Types: deb\n", "no field\nTypes: deb\n"),
    ],
)
def test_entries_that_are_not_the_systems(change: tuple[str, str]) -> None:
    """Another release, no main, another protocol, switched off, sources only, another's keyring, broken."""
    assert own(FIRST)[0] == ("http://archive.example/ubuntu/", "noble")
    assert change[0] in FIRST
    assert own(FIRST.replace(*change)) == []


@pytest.mark.parametrize(
    "release", ["", "ID=ubuntu\n", RELEASED.replace("ubuntu", "debian"), "VERSION_CODENAME=noble\n"]
)
def test_another_system(release: str) -> None:
    """Without the system's ID and code name nothing is its own."""
    assert own(FIRST, release) == []


def test_reading_a_host(tmp_path: Path) -> None:
    """What apt reads is read, what it ignores is not, and what is missing or no text counts as absent."""
    folder = tmp_path / "etc/apt/sources.list.d"
    folder.mkdir(parents=True)
    (tmp_path / "etc/os-release").write_text(DEBIAN)
    (folder / "b.sources").write_text(DEB822)
    (folder / "a.list").write_text("deb http://other.example/debian bookworm main\n")
    (folder / "c.list.disabled").write_text("deb http://disabled.example/debian bookworm main\n")
    (folder / "d.list").write_bytes(b"\xff\xfe")
    read = read_apt_files(tmp_path)
    assert [Path(name).name for name, _ in read.sources] == ["a.list", "b.sources"]
    assert apt_archives(read)[0] == ("debian", ("http://other.example/debian", "http://mirror.example/debian"))
    assert read_apt_files(tmp_path / "nowhere") == AptFiles(os_release="", sources=())
