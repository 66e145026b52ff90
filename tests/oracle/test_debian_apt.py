"""apt's own answer in a private root is ours: equal names and versions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twinbuild.debian.closure import closure
from twinbuild.debian.interpreter import glibc_version, python_packages, python_version
from twinbuild.debian.pool import Pool
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings
from twinbuild.model.spec.environment import DebianBase
from twinbuild.net.http import HttpClient
from twinbuild.resolve.apt_sources import read_apt_files
from twinbuild.resolve.debian import load_pool
from twinbuild.resolve.mirrors import find_mirrors

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("apt-get") is None, reason="needs apt"),
]
SUITES = {"bookworm": "3.11", "trixie": "3.13"}
SETS = (
    (),
    ("ffmpeg",),
    ("python",),  # what python_packages says
    ("libgomp1", "python"),
    ("curl",),
    ("postgresql-client",),
    ("r-base-core",),
    ("nginx",),
    ("default-jre-headless",),
    ("ghostscript", "poppler-utils", "tesseract-ocr"),
    ("build-essential", "python3"),
    ("exim4",),
    ("texlive-latex-recommended",),
)


class Apt:
    """apt-get in a root of its own, with one suite and nothing installed."""

    def __init__(self, root: Path, mirror: str, suite: str) -> None:
        for name in (
            "etc/apt/preferences.d",
            "var/lib/apt/lists/partial",
            "var/lib/dpkg",
            "var/cache/apt/archives/partial",
        ):
            (root / name).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (root / "etc/apt/sources.list").write_text(f"deb [signed-by={keyring}] {mirror} {suite} main\n")
        (root / "apt.conf").write_text(
            f'Dir "{root}";\nDir::State::status "{root}/var/lib/dpkg/status";\nAcquire::Languages "none";\n'
            'APT::Architecture "amd64";\nAPT::Architectures {"amd64";};\n'
            'Debug::NoLocking "1";\nAPT::Sandbox::User "";\n'
            'pkgCacheGen::ForceEssential ",";\n'  # else apt counts itself as essential
        )
        self._environment = {"APT_CONFIG": str(root / "apt.conf"), "PATH": os.environ["PATH"], "LC_ALL": "C"}
        self._run("update")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["apt-get", *arguments], env=self._environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def closure(self, packages: tuple[str, ...]) -> set[tuple[str, str]]:
        """Names and versions that it would install."""
        plan = self._run("--simulate", "--no-install-recommends", "--yes", "install", "?essential", *packages)
        return {(match[1], match[2]) for match in re.finditer(r"^Inst (\S+) \((\S+) ", plan, re.MULTILINE)}


@pytest.fixture(scope="module", params=sorted(SUITES))
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Pool, Apt]:
    """A suite as we read it and as apt does, from the machine's own mirror."""
    mirrors = find_mirrors(os.environ, read_apt_files())
    settings = Settings(store="/nonexistent", archives=mirrors.archives)
    client = HttpClient(settings)
    try:
        _, pool = load_pool(
            DebianBase(suite=request.param),
            Platform.parse("linux/amd64"),
            client=client,
            settings=settings,
            now=datetime.now(UTC),
        )
    finally:
        client.close()
    apt = Apt(tmp_path_factory.mktemp(request.param), dict(mirrors.archives)["debian"][0], request.param)
    return request.param, pool, apt


@pytest.mark.parametrize("packages", SETS, ids=lambda packages: "+".join(packages) or "essential")
def test_closure_is_that_of_apt(both: tuple[str, Pool, Apt], packages: tuple[str, ...]) -> None:
    """The same packages in the same versions, where apt may not merge /usr, which we have merged already."""
    suite, pool, apt = both
    python = python_packages(SUITES[suite], pool)
    wanted = tuple(sorted({name for package in packages for name in (python if package == "python" else (package,))}))
    merged = ("usrmerge-",) if pool.versions("usrmerge") else ()  # of `usrmerge | usr-is-merged` the second, if asked
    ours = {(deb.name, deb.version) for deb in closure(wanted, pool)}
    assert ours == apt.closure((*wanted, *merged))
    if "python" in packages:
        locked = closure(wanted, pool)
        assert python_version(locked).startswith(f"{SUITES[suite]}.")
        assert glibc_version(locked) == {"bookworm": "2.36", "trixie": "2.41"}[suite]
