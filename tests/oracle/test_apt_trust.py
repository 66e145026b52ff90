"""Whom a base's apt trusts is whom we trust: ``apt-get update`` accepts an archive, or refuses it, as we do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.oci.test_stack import Files, stacked

from fakes.apt_archive import TOOLS, AptArchive, Signer, served, signer
from fakes.bases import layer_tar
from twinbuild.errors import TwinbuildError
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings
from twinbuild.model.spec.environment import DebianBase
from twinbuild.net.http import HttpClient
from twinbuild.resolve.base_apt import read_system_archive
from twinbuild.resolve.debian import load_pool

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in (*TOOLS, "apt-get")), reason=f"needs {', '.join(TOOLS)}"
    ),
]
KEYRING = "usr/share/keyrings/ubuntu-archive-keyring.gpg"
RELEASE = 'ID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n'
_DEB822 = "Types: deb\nURIs: ADDRESS\nSuites: noble\nComponents: main\nSigned-By: /KEYRINGS\n"
_LINE = "deb ADDRESS noble main\n"
_SIGNED = "deb [signed-by=/KEYRINGS] ADDRESS noble main\n"
# name: sources file, its text, what lies where, whether the archive is trusted. `good` signed it, `other` did not.
CASES = {
    "named": ("a.sources", _DEB822, {KEYRING: "good"}, True),
    "named, another key": ("a.sources", _DEB822, {KEYRING: "other"}, False),
    "named, several keys": ("a.sources", _DEB822, {KEYRING: "both"}, True),
    "named, armoured": ("a.sources", _DEB822.replace("keyring.gpg", "keyring.asc"), {KEYRING: "armoured"}, True),
    "named and gone": ("a.sources", _DEB822, {"etc/apt/trusted.gpg.d/x.gpg": "good"}, False),
    "named in a line": ("a.list", _SIGNED, {KEYRING: "good", "etc/apt/trusted.gpg.d/x.gpg": "other"}, True),
    "named in a line, another": ("a.list", _SIGNED, {KEYRING: "other", "etc/apt/trusted.gpg.d/x.gpg": "good"}, False),
    "not named": ("a.list", _LINE, {"etc/apt/trusted.gpg.d/x.gpg": "good"}, True),
    "not named, armoured": ("a.list", _LINE, {"etc/apt/trusted.gpg.d/x.asc": "armoured"}, True),
    "not named, the old place": ("a.list", _LINE, {"etc/apt/trusted.gpg": "good"}, True),
    "not named, another key": ("a.list", _LINE, {"etc/apt/trusted.gpg.d/x.gpg": "other"}, False),
    "not named, not trusted": ("a.list", _LINE, {KEYRING: "good"}, False),
    "not named, of no form that apt reads": ("a.list", _LINE, {"etc/apt/trusted.gpg.d/x.key": "good"}, False),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The address of a signed archive without packages, and keyrings by name."""
    root = tmp_path_factory.mktemp("trust")
    made = AptArchive(root=root / "ubuntu", components=("main",))
    with signer() as good, signer("Other <other@mirror.example>") as other, served(root) as address:
        made.root.mkdir()
        made.publish("noble", codename="noble", pool="pool", key=good)
        keyrings = {"good": good.keyring, "other": other.keyring, "both": other.keyring + good.keyring}
        yield f"{address}/ubuntu", keyrings | {"armoured": _armoured(good)}


def _armoured(key: Signer) -> bytes:
    return key.gpg("--armor", "--export", key.name)


def _apt_accepts(root: Path, files: dict[str, bytes]) -> bool:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    for name in ("etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "var/lib/apt/lists/partial", "var/lib/dpkg"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "apt.conf").write_text(
        f'Dir "{root}";\nDir::State::status "{root}/var/lib/dpkg/status";\nAcquire::Languages "none";\n'
        'APT::Architecture "amd64";\nAPT::Architectures {"amd64";};\nDebug::NoLocking "1";\nAPT::Sandbox::User "";\n'
    )
    environment = {"APT_CONFIG": str(root / "apt.conf"), "PATH": os.environ["PATH"], "LC_ALL": "C"}
    done = subprocess.run(["apt-get", "update"], env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode == 0) == ("is not signed" not in done.stderr), done.stderr
    return done.returncode == 0


def _we_accept(files: Files) -> str:
    """The code with which we refuse the archive, "" if we don't."""
    system = read_system_archive(*stacked(layer_tar(files)), system="ubuntu", subject="base")
    settings = Settings(store="/nonexistent")
    try:
        load_pool(
            DebianBase(suite="noble"),
            Platform.parse("linux/amd64"),
            client=HttpClient(settings),
            settings=settings,
            now=datetime.now(UTC),
            system=system,
        )
    except TwinbuildError as error:
        return error.findings[0].code
    return ""


@pytest.mark.parametrize("name", CASES)
def test_apt_says_the_same(name: str, archive: tuple[str, dict[str, bytes]], tmp_path: Path) -> None:
    """Named, not named, named and gone; one key or several; binary or armoured."""
    address, keyrings = archive
    file, text, keys, trusted = CASES[name]
    text = text.replace("ADDRESS", address)
    held = {(path[:-3] + "asc" if key == "armoured" else path): keyrings[key] for path, key in keys.items()}
    keyring = KEYRING[:-3] + "asc" if "armoured" in keys.values() else KEYRING
    sources = f"etc/apt/sources.list.d/{file}"
    outside = {sources: text.replace("/KEYRINGS", f"{tmp_path}/{keyring}").encode(), **held}
    inside = {"usr/lib/os-release": RELEASE.encode(), sources: text.replace("KEYRINGS", keyring).encode(), **held}
    assert _apt_accepts(tmp_path, outside) is trusted
    code = _we_accept({"etc/os-release": "../usr/lib/os-release", **inside})
    assert code in ({""} if trusted else {"TB2290", "TB2292"})
