"""Small packages on a small system, by dpkg and by us: what is kept, taken over, diverted, and what the database says.

``test_added_packages`` compares real packages on a real image; here is what those do not do.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from fakes.debs import deb, given, tar
from twinbuild.debian.archive import read_deb
from twinbuild.debian.ground import read_ground
from twinbuild.debian.system import assemble
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import spool_deb
from twinbuild.model.platform import Platform
from twinbuild.model.tree import Directory, Entry, File, Hardlink, Symlink

pytestmark = [
    pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg"),
    pytest.mark.skipif(os.geteuid() != 0, reason="files of several owners are written"),
]
_OURS = frozenset({"etc/ld.so.cache", "var/lib/dpkg/alternatives", "var/lib/dpkg/available", "var/lib/dpkg/parts"})
_THEIRS = (".dpkg-dist", "-old")
_FIELDS = "Maintainer: Ada <ada@tests.example>\n"
_OTHER = f"Package: demo\nStatus: install ok installed\n{_FIELDS}Architecture: i386\nMulti-Arch: same\nVersion: 1.0-1\n"
_OTHER += "Description: demo\n Longer.\n\n"
_STATUS = (
    f"Package: dpkg\nStatus: install ok installed\n{_FIELDS}Architecture: amd64\nVersion: 1.21\nDescription: d\n\n"
    f"Package: zlib\nStatus: install ok installed\n{_FIELDS}Architecture: amd64\nVersion: 1\nDescription: z\n\n"
)
_REMOVED = f"Package: demo\nStatus: deinstall ok config-files\n{_FIELDS}Architecture: all\nVersion: 0\n"
_REMOVED += "Config-Version: 0\nConffiles:\n /etc/own.conf 0123456789abcdef0123456789abcdef\nDescription: demo\n\n"


def _base(**more: bytes | str | None) -> Root:
    """Bytes are files, a text is where a link leads, None is a directory."""
    root = Root()
    for name in ("bin", "lib", "lib64"):
        root.put(Directory(path=f"usr/{name}"))
        root.link(name, f"usr/{name}")
    files: dict[str, bytes | str | None] = {
        "etc/passwd": b"root:*:0:0:root:/root:/bin/sh\n",
        "etc/group": b"root:*:0:\n",
        "etc/own.conf": b"theirs",
        "usr/bin/loose": b"of nobody",
        "usr/share/doc": None,
        "var/lib/dpkg/arch": b"amd64\ni386\n",
        "var/lib/dpkg/status": _STATUS.encode(),
        "var/lib/dpkg/diversions": b"/bin/a\n/bin/a.x\nzlib\n/usr/bin/q\n/usr/bin/q.x\n:\n/etc/d\n/etc/d.x\nzlib\n",
        "var/lib/dpkg/statoverride": b"root root 2750 /usr/bin/demo\nroot root 2750 /usr/bin/loose\n",
        "var/lib/dpkg/triggers/File": b"/usr/lib zlib\n",
        "var/lib/dpkg/triggers/named": b"zlib\n",
        "var/lib/dpkg/info/format": b"1\n",
        "var/lib/dpkg/info/zlib.list": b"/.\n",
        "var/lib/dpkg/info/dpkg.list": b"/.\n",
    }
    for path, content in (files | more).items():
        if content is None:
            root.put(Directory(path=path, mode=0o750))
        elif isinstance(content, str):
            root.link(path, content)
        else:
            root.write(path, content)
    return root


def _deb(name: str = "demo", *, sums: bytes = b"", **more: object) -> bytes:
    """With sums of its files, as real packages have: dpkg makes them otherwise."""
    control = {"md5sums": sums, **more.pop("control", {})}  # type: ignore[dict-item]
    fields = _FIELDS + str(more.pop("fields", ""))
    return deb(name, control=control, fields=fields, **more)  # type: ignore[arg-type]


def _linked() -> Root:
    root = _base()
    root.put(Hardlink(path="usr/bin/alias", target="usr/bin/loose"))
    return root


_NOTE = hashlib.md5(b"n", usedforsecurity=False).hexdigest().encode() + b"  usr/share/note\n"
_CONFFILE = {"conffiles": b"/etc/own.conf\n/etc/new.conf\n/etc/d\n"}
_CONFIGURED = {"etc/own.conf": b"x", "etc/new.conf": b"y", "etc/d": b"z"}
_LINKS: list[tuple[str, bytes, dict[str, object]]] = [
    ("./", b"", {"type": b"5"}),
    ("./z", b"x", {"mode": 0o644}),
    ("./a", b"", {"type": b"1", "linkname": "./z"}),
]
CASES: dict[str, tuple[Root, tuple[bytes, ...]]] = {
    "files, of which one was nobody's": (_base(), (_deb(files={"usr/bin/demo": b"x", "usr/bin/loose": b"o"}),)),
    "a file below a merged link": (_base(), (_deb(files={"bin/demo": b"x"}),)),
    "diverted files": (_base(), (_deb(files={"bin/a": b"1", "usr/bin/q": b"2"}),)),
    "configuration": (_base(), (_deb(files=_CONFIGURED, control=_CONFFILE),)),
    "what a removed package left": (
        _base(
            **{
                "var/lib/dpkg/status": (_REMOVED + _STATUS).encode(),
                "var/lib/dpkg/info/demo.list": b"/etc/own.conf\n",
            }
        ),
        (_deb(files=_CONFIGURED, control=_CONFFILE),),
    ),
    "another name of a file that is replaced": (_linked(), (_deb(files={"usr/bin/loose": b"x"}),)),
    "links of a package": (_base(), (_deb(payload=tar(_LINKS)),)),
    "a directory that is a link": (
        _base(**{"srv/real": None, "usr/share/linked": "../../srv/real"}),
        (_deb(files={"usr/share/linked/file": b"x", "usr/share/doc/demo/note": b"n"}),),
    ),
    "links over files and files over links": (
        _base(**{"usr/bin/link": "loose"}),
        (_deb(files={"usr/bin/loose": "demo", "usr/bin/link": b"x"}),),
    ),
    "triggers": (
        _base(),
        (
            _deb(control={"triggers": b"interest /usr/share/x\ninterest-noawait named\n"}),
            _deb("second", control={"triggers": b"interest /usr/share/x\ninterest named\ninterest other\n"}),
        ),
    ),
    "one package of two architectures": (
        _base(
            **{
                "var/lib/dpkg/status": (_STATUS + _OTHER).encode(),
                "var/lib/dpkg/info/demo:i386.list": b"/.\n/usr\n/usr/share\n/usr/share/note\n",
                "var/lib/dpkg/info/demo:i386.md5sums": _NOTE,
                "usr/share/note": b"n",
            }
        ),
        (_deb(files={"usr/share/note": b"n"}, sums=_NOTE, architecture="amd64", fields="Multi-Arch: same\n"),),
    ),
}


def _write(entries: Iterable[Entry], root: Path) -> None:
    for entry in entries:
        path = root / entry.path
        if not isinstance(entry, Directory):
            path.unlink(missing_ok=True)
        match entry:
            case Directory():
                path.mkdir(exist_ok=True)
            case Symlink():
                path.symlink_to(entry.target)
            case Hardlink():
                path.hardlink_to(root / entry.target)
            case File():
                with entry.content.open() as stream:
                    path.write_bytes(stream.read())
        if isinstance(entry, (File, Directory)):
            os.chown(path, entry.uid, entry.gid)
            path.chmod(entry.mode)


def _described(root: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        status, name = path.lstat(), path.relative_to(root).as_posix()
        if name in _OURS or name.endswith(_THEIRS):
            continue
        what = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        kept = (status.st_mode, status.st_uid, status.st_gid, status.st_nlink if path.is_file() else 0)
        found[name] = what if stat.S_ISLNK(status.st_mode) else (what, *kept)
    return found


@pytest.mark.parametrize("name", CASES)
def test_as_dpkg_does(name: str, tmp_path: Path) -> None:
    """Same paths, modes, owners, links, bytes."""
    base, debs = CASES[name]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for root in (ours, theirs):
        root.mkdir()
        _write(base.entries(), root)
    files = [tmp_path / f"{number}.deb" for number in range(len(debs))]
    for file, content in zip(files, debs, strict=True):
        file.write_bytes(content)
    subprocess.run(
        ["dpkg", f"--root={theirs}", "--force-confold", "--force-unsafe-io", "--log=/dev/null", "--install", *files],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
    )
    platform = Platform.parse("linux/amd64")
    packages = [spool_deb(io.BytesIO(one), read_deb(io.BytesIO(one)), io.BytesIO()) for one in debs]
    inputs = tuple(given(package.deb.name) for package in packages)
    ground = read_ground(base, platform, subject="base")
    _write(assemble(packages, inputs, platform=platform, ground=ground), ours)
    one, other = _described(ours), _described(theirs)
    unlike = [path for path in sorted(one.keys() | other.keys()) if one.get(path) != other.get(path)]
    assert [(path, one.get(path), other.get(path)) for path in unlike] == []
    assert f"var/lib/dpkg/info/{'demo:amd64' if 'two' in name else 'demo'}.list" in one
