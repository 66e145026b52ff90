"""What a stage that uses the network learns of the machine: who is asked where several say where an archive is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.machines import machine
from twinbuild.model.settings import Settings, addresses_of
from twinbuild.pipeline.machine import apart, moment, reach
from twinbuild.resolve import apt_sources
from twinbuild.resolve.apt_sources import AptFiles
from twinbuild.store.memory import MemoryStore

HOST = AptFiles(
    os_release="ID=ubuntu\nVERSION_CODENAME=noble\n",
    sources=(("/etc/apt/sources.list", "deb http://host.example/ubuntu noble main\n"),),
)


@pytest.mark.parametrize(
    ("variable", "document", "expected"),
    [
        ("http://v.example/ubuntu http://w.example/ubuntu", "http://t.example/ubuntu", "http://v.example/ubuntu"),
        ("", "http://t.example/ubuntu", "http://t.example/ubuntu"),
        ("", "", "http://host.example/ubuntu"),
    ],
)
def test_where_an_archive_is(
    variable: str, document: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable comes before twinbuild.toml, and that before the host's apt."""
    monkeypatch.setattr(apt_sources, "read_apt_files", lambda: HOST)
    stated = (("ubuntu", (document,)),) if document else ()
    settings = Settings(store="/s", indexes=(("default", "https://index.example/"),), archives=stated)
    here = replace(
        machine(MemoryStore(), tmp_path),
        settings=settings,
        environment={"TWINBUILD_UBUNTU_MIRROR": variable} if variable else {},
    )
    found = reach(here).settings
    assert addresses_of("ubuntu", found.archives)[0] == expected
    assert addresses_of("debian", found.archives) == ()


def test_a_machine_apart(tmp_path: Path) -> None:
    """It has nothing of this one, so that a build there is made of the store alone."""
    found = apart(MemoryStore(), tmp_path)
    assert found.settings == Settings(store=str(tmp_path / "store"), offline=True)
    assert (found.environment, found.home, found.scratch) == ({}, "/nonexistent", tmp_path / "work")
    assert found.now.timestamp() == 0
    assert moment(apart(MemoryStore(), tmp_path, paranoid=True)) is None
