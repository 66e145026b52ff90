"""A system made from packages without running anything, beside what mmdebstrap makes by running everything.

The tree is written to disk and used as an ordinary user under bubblewrap, without a network; dpkg judges it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.rootfs import materialise
from twinbuild.build.scripts import scripts_runner
from twinbuild.debian.archive import read_deb
from twinbuild.debian.closure import closure
from twinbuild.debian.interpreter import python_packages
from twinbuild.debian.system import assemble, examine
from twinbuild.debian.unpack import spool_deb
from twinbuild.model.lock import LockedDeb
from twinbuild.model.plan import DebInput, User
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings
from twinbuild.model.spec.environment import DebianBase
from twinbuild.model.tree import Entry, File
from twinbuild.net.http import HttpClient
from twinbuild.process.runner import SubprocessRunner
from twinbuild.resolve.apt_sources import read_apt_files
from twinbuild.resolve.debian import load_pool
from twinbuild.resolve.mirrors import find_mirrors

TOOLS = ("apt-get", "bwrap", "dpkg", "mmdebstrap", "unshare")
pytestmark = [
    pytest.mark.network,
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="files of several owners are written"),
]
AMD64 = Platform.parse("linux/amd64")
APP = User(name="app", uid=10001, gid=10001, home="/home/app")
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
HOOKS = {"bookworm": ("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",), "trixie": ()}  # 13's packages are merged
BASE = ("ca-certificates", "libgomp1", "media-types", "tzdata")
SCRIPTED = ("memcached", "redis-server")

Locked = dict[str, tuple[LockedDeb, ...]]


def mirror() -> str:
    """The machine's own."""
    return dict(find_mirrors(os.environ, read_apt_files()).archives)["debian"][0]


@pytest.fixture(scope="module", params=sorted(PYTHON))
def closures(request: pytest.FixtureRequest) -> tuple[str, Locked]:
    """Of a suite: the base with Python, that with ffmpeg, and that with packages whose scripts nobody has read."""
    suite: str = request.param
    settings = Settings(store="/nonexistent", archives=find_mirrors(os.environ, read_apt_files()).archives)
    client = HttpClient(settings)
    try:
        _, pool = load_pool(DebianBase(suite=suite), AMD64, client=client, settings=settings, now=datetime.now(UTC))
    finally:
        client.close()
    base = (*BASE, *python_packages(PYTHON[suite], pool))
    return suite, {
        "base": closure(base, pool),
        "ffmpeg": closure((*base, "ffmpeg"), pool),
        "scripted": closure((*base, *SCRIPTED), pool),
    }


def fetched(deb: LockedDeb, directory: Path) -> Path:
    """A package's file, brought by apt's own downloader and checked against the index."""
    path = directory / deb.filename
    if not path.exists():
        argv = ["/usr/lib/apt/apt-helper", "download-file", f"{mirror()}/{deb.path}", str(path)]
        subprocess.run(argv, check=True, capture_output=True)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == deb.sha256.hex
    return path


@contextmanager
def entries(debs: tuple[LockedDeb, ...], directory: Path) -> Iterator[list[Entry]]:
    """The entries of a system with the service's user."""
    inputs = tuple(
        DebInput(
            name=deb.name,
            version=deb.version,
            architecture=deb.architecture,
            sha256=deb.sha256,
            size=deb.size,
            depends=deb.depends,
            pre_depends=deb.pre_depends,
        )
        for deb in debs
    )
    with tempfile.TemporaryFile() as spool, scripts_runner(SubprocessRunner(), directory, epoch=1_793_491_200) as run:
        packages = []
        for deb in debs:
            with fetched(deb, directory).open("rb") as file:
                packages.append(spool_deb(file, read_deb(file, expected=deb), spool))
        unknown = examine(package.deb for package in packages).unknown
        assert bool(unknown) == ("memcached" in {deb.name for deb in debs})
        handled = frozenset(script.sha256 for script in unknown)
        yield list(assemble(packages, inputs, platform=AMD64, user=APP, handled=handled, perform=run))


@pytest.fixture(scope="module")
def pool_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where downloaded packages lie."""
    return tmp_path_factory.mktemp("debs")


Told = list[tuple[object, ...]]


def told(made: list[Entry]) -> Told:
    """What can be compared of entries: a file's content by its digest."""
    found: Told = []
    for entry in made:
        if isinstance(entry, File):
            with entry.content.open() as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
            found.append((entry.path, entry.mode, entry.uid, entry.gid, digest))
        else:
            found.append((entry,))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """The systems of a suite on disk; of one what it was made of, of another what was on disk at first."""

    suite: str
    found: dict[str, Path]
    locked: Locked
    scripted: Told
    base: dict[str, tuple[object, ...]]


@pytest.fixture(scope="module")
def roots(closures: tuple[str, Locked], pool_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Roots:
    """All systems of a suite."""
    suite, locked = closures
    found: dict[str, Path] = {}
    scripted: Told = []
    for name, debs in locked.items():
        found[name] = Path(tempfile.mkdtemp(prefix=f"{suite}-{name}-", dir=tmp_path_factory.getbasetemp()))
        found[name].chmod(0o755)
        with entries(debs, pool_directory) as made:
            scripted = told(made) if name == "scripted" else scripted
            materialise(made, found[name], owners=True)
    for directory in found["base"].parents:
        if directory.name.startswith("pytest-"):
            directory.chmod(0o755)  # an ordinary user looks in
    return Roots(suite=suite, found=found, locked=locked, scripted=scripted, base=described(found["base"]))


def inside(root: Path, *argv: str) -> str:
    """What a program prints that runs in a root as the service's user, without a network."""
    command = ["bwrap", "--unshare-all", "--unshare-user", "--uid", str(APP.uid), "--gid", str(APP.gid)]
    command += ["--ro-bind", str(root), "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    command += ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", APP.home, "--", *argv]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def as_root(root: Path, *argv: str) -> str:
    """What a program prints in a root that it may write."""
    done = subprocess.run(
        ["chroot", root, *argv],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout.strip()


def test_python_finds_its_libraries_zones_certificates_and_user(roots: Roots) -> None:
    """TLS has its authorities, SQLite and ctypes load, a time zone is found, and the user has a name and a home."""
    suite, found = roots.suite, roots.found
    program = (
        "import ctypes.util, getpass, os, sqlite3, ssl, zoneinfo, datetime;"
        "assert ssl.create_default_context().cert_store_stats()['x509_ca'] > 100;"
        "assert ssl.get_default_verify_paths().openssl_capath == '/usr/lib/ssl/certs';"
        "assert len([n for n in os.listdir('/etc/ssl/certs') if n.endswith('.0')]) > 100;"
        "assert sqlite3.connect(':memory:').execute('select 1').fetchone() == (1,);"
        "assert ctypes.CDLL(ctypes.util.find_library('z')).zlibVersion;"
        "z = zoneinfo.ZoneInfo('Europe/Berlin');"
        "assert datetime.datetime(2026, 7, 1, tzinfo=z).utcoffset() == datetime.timedelta(hours=2);"
        "print(getpass.getuser(), os.path.expanduser('~'), os.path.isdir('/home/app'))"
    )
    assert inside(found["base"], f"python{PYTHON[suite]}", "-c", program) == "app /home/app True"


def test_the_usual_tools_work(roots: Roots) -> None:
    """Names, accounts, awk, shells, dates with a zone."""
    root = roots.found["base"]
    assert inside(root, "getent", "hosts", "localhost").split()[1] == "localhost"
    assert inside(root, "getent", "passwd", "app").startswith("app:")
    assert inside(root, "id") == "uid=10001(app) gid=10001(app) groups=10001(app)"
    assert inside(root, "awk", "BEGIN { print 6 * 7 }") == "42"
    assert inside(root, "sh", "-c", "which awk && TZ=Europe/Berlin date -d @0 +%H") == "/usr/bin/awk\n01"
    assert inside(root, "date", "-d", "@0", "+%Z") == "UTC"


def test_ffmpeg_encodes_a_second_of_sound_and_picture(roots: Roots) -> None:
    """It loads BLAS and LAPACK through the alternatives."""
    encode = (
        "ffmpeg -loglevel error -f lavfi -i sine=duration=1 -f lavfi -i testsrc=duration=1:size=128x96 "
        "-c:v libx264 -c:a aac /tmp/a.mp4 && ffprobe -v error -show_entries format=duration -of csv=p=0 /tmp/a.mp4"
    )
    assert float(inside(roots.found["ffmpeg"], "sh", "-c", encode)) == pytest.approx(1, abs=0.1)


def test_dpkg_and_apt_find_nothing_wrong(roots: Roots) -> None:
    """Audit and verification are empty, every package is listed as installed, and all dependencies are met."""
    found, locked = roots.found, roots.locked
    for name, root in found.items():
        assert as_root(root, "dpkg", "--audit") == ""
        assert as_root(root, "dpkg", "--verify") == ""
        listed = as_root(root, "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n").splitlines()
        assert listed == sorted(f"ii  {deb.name} {deb.version}" for deb in locked[name])
        options = [f"Dir::State::status={root}/var/lib/dpkg/status", "Dir::State::lists=/nonexistent"]
        options += [
            "Dir::Cache=/tmp",
            "Debug::NoLocking=1",
            "APT::Architecture=amd64",
            "Dir::Cache::pkgcache=",
            "Dir::Cache::srcpkgcache=",
        ]
        argv = ["apt-get", *(part for option in options for part in ("-o", option)), "check"]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_unknown_scripts_make_what_apt_would(roots: Roots) -> None:
    """Accounts, owners and services of packages whose scripts ran in the sandbox; and the programs start."""
    root = roots.found["scripted"]
    assert inside(root, "redis-server", "--version").startswith("Redis server")
    assert inside(root, "memcached", "--version").startswith("memcached")
    assert as_root(root, "stat", "-c", "%U:%G %a", "/var/lib/redis", "/var/log/redis", "/etc/redis/redis.conf") == (
        "redis:redis 750\nredis:adm 2750\nredis:redis 640"
    )
    assert inside(root, "getent", "passwd", "memcache").startswith("memcache:x:1")


def test_unknown_scripts_give_the_same_tree_twice(roots: Roots, pool_directory: Path) -> None:
    """Whatever the moment and the directory."""
    with entries(roots.locked["scripted"], pool_directory) as made:
        assert told(made) == roots.scripted


def test_every_needed_library_is_there(roots: Roots) -> None:
    """The loader resolves all that programs and libraries on its paths name."""
    root = roots.found["ffmpeg"]
    listing = (
        "for f in /usr/bin/* /usr/sbin/* /usr/lib/x86_64-linux-gnu/*.so*; do "
        "[ -f $f ] && ldd $f 2>/dev/null | grep 'not found' && echo $f; done; true"
    )
    assert inside(root, "sh", "-c", listing) == ""


def test_leftovers_of_an_installation_are_absent(roots: Roots) -> None:
    """No logs, lists, caches, backups, identity of a machine, or byte code of a script's run."""
    root = roots.found["ffmpeg"]
    bad = re.compile(
        r"\.pyc$|\.dpkg-(old|new|tmp)$|-old$|/machine-id$|^var/(log/(apt|dpkg|alternatives)|lib/apt/lists/.)|aux-cache$"
    )
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    assert [path for path in paths if bad.search(path)] == []


def test_an_upgrade_by_dpkg_itself_works(roots: Roots, pool_directory: Path) -> None:
    """Installing a package again over the system runs its scripts without complaint: the database is a real one."""
    found, locked = roots.found, roots.locked
    deb = next(deb for deb in locked["base"] if deb.name == "tar")
    copy = found["base"] / "tmp" / deb.filename
    shutil.copy(fetched(deb, pool_directory), copy)
    as_root(found["base"], "dpkg", "--force-unsafe-io", "--install", f"/tmp/{deb.filename}")
    copy.unlink()


# What mmdebstrap leaves and we do not, and why.
EXPLAINED = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (r"etc/(apt/(sources\.list|preferences\.d|sources\.list\.d)|fstab|hostname|resolv\.conf)", "mmdebstrap's own"),
        (r"var/(cache|lib|log)/apt", "mmdebstrap's apt from outside"),
        (r"etc/rc.\.d/[SK]", "links of an init system that never runs"),
        (r"etc/systemd/system/|var/lib/systemd", "enabled units of an init system that never runs"),
        (r"var/cache/debconf/|var/lib/dpkg/(diversions|status)-old", "debconf's answers and backups"),
        (r"(.*/)?__pycache__|.*\.pyc", "byte code of Debian's own Python files"),
        (r"(home/app|etc/hosts|var/lib/dpkg/(available|statoverride))$", "ours: the user, localhost, empty databases"),
        (r"(dev|proc|sys|tmp|run)/", "mount points"),
        (r"etc/(passwd|group|shadow|gshadow)-?$", "ours have the user, and a fixed date"),
        (r"etc/ld\.so\.cache$", "same libraries in the same order; without the version of ldconfig"),
        (r"etc/(subuid|subgid)-", "backups"),
        (r"etc/shells$", "the same shells: ours lists the names below /usr last"),
        (r"var/lib/dpkg/diversions$", "the same diversions: dpkg writes them in the order of a hash table"),
    )
)


def described(root: Path) -> dict[str, tuple[object, ...]]:
    """Kind, mode, owner and content of all paths."""
    found: dict[str, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        stat = path.lstat()
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = ("link", path.readlink().as_posix())
        elif path.is_dir():
            found[name] = ("directory", oct(stat.st_mode), stat.st_uid, stat.st_gid)
        elif path.is_file():
            found[name] = (
                "file",
                oct(stat.st_mode),
                stat.st_uid,
                stat.st_gid,
                hashlib.sha256(path.read_bytes()).hexdigest(),
            )
    return found


def test_the_tree_is_that_of_mmdebstrap(roots: Roots, tmp_path: Path) -> None:
    """Same paths, modes, owners, links and bytes, but for a short list of explained differences."""
    suite, locked = roots.suite, roots.locked
    ours, theirs = roots.found["base"], tmp_path / "theirs"
    names = ",".join(f"{deb.name}={deb.version}" for deb in locked["base"])
    argv = ["mmdebstrap", "--quiet", "--mode=root", "--variant=custom"]
    argv += ["--architectures=amd64", f"--include={names}", *HOOKS[suite], suite]
    argv += [str(theirs), f"deb {mirror()} {suite} main"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    left, right = roots.base, described(theirs)
    different = [path for path in sorted(left.keys() | right.keys()) if left.get(path) != right.get(path)]
    unexplained = [path for path in different if not any(pattern.match(path) for pattern, _ in EXPLAINED)]
    assert [(path, left.get(path), right.get(path)) for path in unexplained] == []
    shells = [(root / "etc/shells").read_text().splitlines() for root in (ours, theirs)]
    assert sorted(shells[0]) == sorted(shells[1])
    lines = [(root / "var/lib/dpkg/diversions").read_text().splitlines() for root in (ours, theirs)]
    diverted = [sorted(zip(*[iter(side)] * 3, strict=True)) for side in lines]  # a path, where it leads, by whom
    assert diverted[0] == diverted[1]
    caches = [
        subprocess.run(["/sbin/ldconfig", "-p", "-C", root / "etc/ld.so.cache"], check=True, capture_output=True)
        .stdout.decode()
        .splitlines()
        for root in (ours, theirs)
    ]
    assert [line for line in caches[0] if "=>" in line] == [line for line in caches[1] if "=>" in line]


def test_memory_stays_flat(closures: tuple[str, Locked], pool_directory: Path) -> None:
    """A closure of hundreds of megabytes passes through a process that holds names only."""
    before = _peak(anew=True)
    _, locked = closures
    with entries(locked["ffmpeg"], pool_directory) as made:
        total = sum(entry.content.size for entry in made if hasattr(entry, "content"))
    grown = _peak() - before
    assert total > 300 << 20
    assert grown < 60 << 10  # KiB


def _peak(*, anew: bool = False) -> int:
    """The peak of this process's resident memory in KiB; ``anew``: counted from here on (proc_pid_clear_refs(5))."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    (line,) = [each for each in Path("/proc/self/status").read_text("utf-8").splitlines() if each.startswith("VmHWM:")]
    return int(line.split()[1])
