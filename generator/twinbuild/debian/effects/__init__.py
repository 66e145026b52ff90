"""What maintainer scripts do to a fresh tree, as values.

Each known script has a list of these; applying them to a tree needs no shell, no clock and no rights. A field may hold
``{triplet}``, ``{machine}`` and ``{architecture}``, which stand for the platform's names, so that one entry serves all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "AddGroup",
    "AddUser",
    "Alternative",
    "Copy",
    "Divert",
    "Effect",
    "Follower",
    "Link",
    "MakeDirectory",
    "Migrate",
    "Omitted",
    "Perform",
    "SetOwner",
    "Step",
    "Write",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A small file, unless there is one."""

    path: str
    content: str = ""
    mode: int = 0o644
    user: str = "root"
    group: str = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of a file that a package ships, unless there is one; mode and owner are those of the source."""

    source: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDirectory:
    """A directory, unless there is one."""

    path: str
    mode: int = 0o755
    group: str = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOwner:
    """Owner and mode of what is there; nothing happens if it isn't. ``recorded``: by dpkg-statoverride(1)."""

    path: str
    mode: int
    user: str = "root"
    group: str = "root"
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A symbolic link, unless there is something; only if ``needs`` (a path) is there, where it is given."""

    path: str
    target: str
    needs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrate:
    """An empty directory that becomes a symbolic link."""

    path: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A link that goes with an alternative (update-alternatives(1), "slave")."""

    name: str
    link: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One choice for a generic name: ``link`` leads over ``/etc/alternatives/name`` to ``path`` if it is the best."""

    name: str
    link: str
    path: str
    priority: int
    followers: tuple[Follower, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Divert:
    """A path that the package takes over from others (dpkg-divert(1), without renaming)."""

    path: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddGroup:
    """A system group (addgroup --system), with a fixed id or the next free one from 100."""

    name: str
    gid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddUser:
    """A system user with a group of the same name or ``group``; the home directory is made only if asked for."""

    name: str
    uid: int | None = None
    group: str = ""
    home: str = "/nonexistent"
    comment: str = ""
    shell: str = "/usr/sbin/nologin"
    make_home: bool = False


class Step(StrEnum):
    """An effect that is a function of the tree. The number changes when its result does."""

    SHELLS = "shells/1"  # /etc/shells of what packages ship
    CERTIFICATES = "certificates/1"  # the bundle and the links by name hash
    PAM = "pam/1"  # /etc/pam.d/common-* of the profiles
    SHADOW = "shadow/1"  # passwords move to /etc/shadow, with a fixed date
    LIBRARIES = "libraries/1"  # ld.so.cache; always the last step


@dataclass(frozen=True, slots=True, kw_only=True)
class Perform:
    """A step that is more than one value can say."""

    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Omitted:
    """What the script would also do and an image does without, with the reason."""

    what: str


Effect = (
    Write
    | Copy
    | MakeDirectory
    | SetOwner
    | Link
    | Migrate
    | Alternative
    | Divert
    | AddGroup
    | AddUser
    | Perform
    | Omitted
)
