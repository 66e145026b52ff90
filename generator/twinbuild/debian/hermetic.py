"""Maintainer scripts that are not known: what they are called with, and what becomes of what they change. Pure.

They run in a sandbox (``Perform`` is the caller's) on the tree that the known effects made. In dpkg's terms all
packages are unpacked first and then configured, each after what it depends on; a preinst runs before its package is
unpacked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from twinbuild.debian.archive import Deb
from twinbuild.debian.database import ADMIN, info_name
from twinbuild.debian.effects import SetOwner
from twinbuild.debian.scripts import Script
from twinbuild.debian.tree import Root
from twinbuild.debian.unpack import Diverted
from twinbuild.errors import BuildError, Finding, Location
from twinbuild.model.tree import BytesContent, Directory, Entry, File, Hardlink, Symlink

__all__ = [
    "RUNNER",
    "Call",
    "Delta",
    "Perform",
    "configure",
    "diversions",
    "overrides",
    "preinstall",
    "require_programs",
    "triggered",
]

RUNNER: Final = "run/1"  # changes with whatever a script can observe, and with what is kept of its changes
UNPACKING: Final = f"{ADMIN}/tmp.ci"  # noqa: S108  where dpkg keeps a package's control part while it unpacks
_UNINCORPORATED: Final = f"{ADMIN}/triggers/Unincorp"
_OVERRIDES: Final = f"{ADMIN}/statoverride"
_OVERRIDE: Final = re.compile(r"(\S+) (\S+) ([0-7]{1,4}) (/.+)")
_INTERPRETER: Final = re.compile(r"#!\s*(/\S+)(?:\s+(\S+))?")
_CONFMODULE: Final = "/usr/share/debconf/confmodule"
# What no image needs and what differs between two runs: logs, caches, locks, backups, identities, byte code.
_DROPPED: Final = re.compile(
    r"(?:run|tmp|dev|proc|sys)/.*"
    r"|var/(?:tmp|run|lock)/.*"
    r"|var/log/(?:(?:dpkg|alternatives|bootstrap|fontconfig)\.log|apt/.*|lastlog|faillog|tallylog|btmp|wtmp)"
    r"|var/cache/(?:ldconfig|debconf|man|apt|fontconfig)/.*"
    r"|var/lib/dpkg/(?:.*-old|lock|lock-frontend|triggers/Lock|tmp\.ci(?:/.*)?)"
    r"|var/lib/(?:dbus/machine-id|systemd/deb-systemd-(?:helper|user-helper)-enabled(?:/.*)?)"
    r"|etc/(?:machine-id|\.pwd\.lock|ld\.so\.cache~?|(?:passwd|group|shadow|gshadow|subuid|subgid)-)"
    r"|(?:.*/)?__pycache__(?:/.*)?|.*\.pyc|.*\.dpkg-(?:old|new|tmp)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One run of a script: its absolute path inside, arguments, and variables beside the fixed ones."""

    script: str  # for messages: "demo's postinst"
    path: str
    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What calls changed in a tree: new or different entries (of root's), what is gone, and owners that were set."""

    entries: tuple[Entry, ...]
    removed: tuple[str, ...]
    owned: tuple[tuple[str, int, int], ...] = ()

    def normalised(self) -> Delta:
        """Without what no image keeps."""
        return Delta(
            entries=tuple(entry for entry in self.entries if not _DROPPED.fullmatch(entry.path)),
            removed=tuple(path for path in self.removed if not _DROPPED.fullmatch(path)),
            owned=self.owned,
        )

    def read(self, name: str) -> str:
        """The text of a file of dpkg's database, empty where it was not changed."""
        for entry in self.entries:
            if entry.path == f"{ADMIN}/{name}" and isinstance(entry, File):
                with entry.content.open() as stream:
                    return stream.read().decode("utf-8", "surrogateescape")
        return ""

    def apply(self, root: Root, *, seen: frozenset[str] | None = None) -> None:
        """Make the changes in a tree. ``seen`` are the paths that the calls saw: what came to be later stays.

        Owner and group of what was there stay, unless they were set: the sandbox shows all as root's. Raises
        BuildError TB4219 for a file that became set-user-id or set-group-id without dpkg-statoverride(1).
        """
        owners = {path: (user, group) for path, user, group in self.owned}
        before = {entry.path: root.get(entry.path) for entry in self.entries}
        for path in sorted(self.removed, reverse=True):
            if seen is None or path in seen:
                root.remove(path)
        for entry in self.entries:
            old = before[entry.path]
            if seen is not None and entry.path not in seen and old is not None:
                continue
            if isinstance(root.get(entry.path), Directory) and not isinstance(entry, Directory):
                root.remove(entry.path)
            root.put(_owned(entry, old, owners.get(entry.path)))
        text = root.read(_OVERRIDES).decode("utf-8", "surrogateescape") if root.file(_OVERRIDES) else ""
        allowed = {override.path.strip("/") for override in overrides(text)}
        _refuse_set_id([e for e in self.entries if isinstance(e, File) and e.path not in allowed], before)


def _owned(entry: Entry, old: Entry | None, owner: tuple[int, int] | None) -> Entry:
    if isinstance(entry, Hardlink):
        return entry
    if owner is None and isinstance(old, (File, Directory, Symlink)) and type(old) is type(entry):
        owner = old.uid, old.gid
    return replace(entry, uid=owner[0], gid=owner[1]) if owner else entry


def _refuse_set_id(files: list[File], before: dict[str, Entry | None]) -> None:
    findings = []
    for file in files:
        old = before[file.path]
        if file.mode & 0o6000 and not (isinstance(old, File) and old.mode & 0o6000 == file.mode & 0o6000):
            findings.append(
                Finding(
                    code="TB4219",
                    message=f"a maintainer script made /{file.path} set-id (mode {file.mode:o})",
                    hint="leave the package out",
                    where=Location(subject=file.path),
                )
            )
    if findings:
        raise BuildError(tuple(findings))


Perform = Callable[[Iterable[Entry], tuple[Call, ...]], Delta]


def _environment(deb: Deb, kind: str, dpkg: str) -> tuple[tuple[str, str], ...]:
    return (
        ("DPKG_ADMINDIR", f"/{ADMIN}"),
        ("DPKG_MAINTSCRIPT_ARCH", deb.architecture),
        ("DPKG_MAINTSCRIPT_DEBUG", "0"),
        ("DPKG_MAINTSCRIPT_NAME", kind),
        ("DPKG_MAINTSCRIPT_PACKAGE", deb.name),
        ("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT", "1"),
        ("DPKG_ROOT", ""),
        ("DPKG_RUNNING_VERSION", dpkg),
    )


def preinstall(root: Root, deb: Deb, dpkg: str) -> Call:
    """The call of a package's preinst, with its control part put where dpkg has it at that time."""
    for name, content, mode in deb.members:
        root.put(File(path=f"{UNPACKING}/{name}", content=BytesContent(content), mode=mode & 0o755))
    return Call(
        script=f"{deb.name}'s preinst",
        path=f"/{UNPACKING}/preinst",
        arguments=("install",),
        environment=_environment(deb, "preinst", dpkg),
    )


def configure(deb: Deb, dpkg: str, *, triggers: tuple[str, ...] = ()) -> Call:
    """The call of a package's postinst: to configure what was never there before, or for triggers."""
    return Call(
        script=f"{deb.name}'s postinst",
        path=f"/{ADMIN}/info/{info_name(deb)}.postinst",
        arguments=("triggered", " ".join(triggers)) if triggers else ("configure", ""),
        environment=_environment(deb, "postinst", dpkg),
    )


def require_programs(root: Root, scripts: Iterable[Script]) -> None:
    """Raise BuildError TB4217 for every script whose interpreter, or debconf's, is not in the tree."""
    findings = []
    for script in scripts:
        match = _INTERPRETER.match(script.text)
        needed = [match[1]] if match else []
        if match and match[1].endswith("/env") and match[2]:
            needed.append(f"/usr/bin/{match[2]}")
        if re.search(rf"^\s*\.\s+{_CONFMODULE}", script.text, re.MULTILINE):
            needed += [_CONFMODULE, "/usr/bin/perl"]
        missing = [path for path in needed if not root.exists(path)]
        if missing or match is None:
            lacks = f"needs {', '.join(missing)}, which no package brings" if missing else "names no interpreter"
            findings.append(
                Finding(
                    code="TB4217",
                    message=f"{script.package}'s {script.kind} {lacks}",
                    hint="add the package that ships it to environment.packages (debconf, perl-base)",
                    where=Location(subject=str(script)),
                )
            )
    if findings:
        raise BuildError(tuple(findings))


def diversions(text: str) -> tuple[Diverted, ...]:
    """What dpkg's database says of diversions (dpkg-divert(1)): three lines each."""
    lines = text.splitlines()
    return tuple(
        Diverted(path=lines[at], to=lines[at + 1], package=lines[at + 2]) for at in range(0, len(lines) - 2, 3)
    )


def overrides(text: str) -> tuple[SetOwner, ...]:
    """What dpkg's database says of owners and modes (dpkg-statoverride(1)): a line each."""
    matches = (_OVERRIDE.fullmatch(line) for line in text.splitlines())
    return tuple(
        SetOwner(user=match[1], group=match[2], mode=int(match[3], 8), path=match[4], recorded=True)
        for match in matches
        if match
    )


def triggered(root: Root, debs: Iterable[Deb], dpkg: str) -> tuple[Call, ...]:
    """The calls that dpkg-trigger(1) asked for, of those packages' postinst; nothing stays to be asked for."""
    if root.file(_UNINCORPORATED) is None:
        return ()
    asked = [line.split()[0] for line in root.read(_UNINCORPORATED).decode("utf-8", "replace").splitlines() if line]
    root.write(_UNINCORPORATED, b"")
    calls = []
    for deb in debs:
        text = (deb.member("triggers") or b"").decode("utf-8", "replace")
        interests = re.findall(r"^\s*interest(?:-await|-noawait)?\s+(\S+)", text, re.MULTILINE)
        names = tuple(name for name in dict.fromkeys(asked) if any(_meets(name, one) for one in interests))
        if names:
            calls.append(configure(deb, dpkg, triggers=names))
    return tuple(calls)


def _meets(name: str, interest: str) -> bool:
    return name == interest or (interest.startswith("/") and name.startswith(interest + "/"))
