"""Users and groups of a tree: passwd(5), group(5), shadow(5), gshadow(5), without today's date in them.

Base-passwd's master files give the static accounts; packages add system accounts from 100 on; the service's own
account comes last. Where the ``passwd`` package moved passwords to ``shadow``, every account gets its line there too.
Lines of a base image that are no account for the C library (comments, NIS's ``+``, lines cut short) stay as they are.
"""

from __future__ import annotations

import re
from typing import Final

from twinbuild.debian.effects import AddGroup, AddUser
from twinbuild.debian.tree import Root
from twinbuild.errors import BuildError
from twinbuild.model.plan import User
from twinbuild.model.tree import Directory

__all__ = ["CHANGED", "Accounts", "add_service_user"]

CHANGED: Final = 19_675  # shadow(5), "date of last password change" in days: the same in every image (2023-11-14)
_SYSTEM_IDS: Final = range(100, 1000)  # Policy, 9.2.2
_NAME: Final = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)  # adduser.conf(5), NAME_REGEX
_FIELD: Final = re.compile(r"[^:\n\0]*")
_NUMBER: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_LEAST: Final = 4  # fields of an account: what is left out at the end is empty
_SHADOW_GROUP: Final = 42


class Accounts:
    """The account files of a tree, read when made and put back by ``save``."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._tables = {name: self._read(name) for name in ("passwd", "group", "shadow", "gshadow")}

    def _read(self, name: str) -> list[list[str]]:
        if not self._root.exists(f"etc/{name}"):
            return []
        text = self._root.read(f"etc/{name}").decode("utf-8", "surrogateescape")  # a base's comments may be Latin-1
        return [line.split(":") for line in text.split("\n") if line]

    def _accounts(self, table: str) -> list[list[str]]:
        """The lines that the C library takes for accounts or groups."""
        return [line for line in self._tables[table] if _is_account(line)]

    @property
    def shadowed(self) -> bool:
        """Whether passwords lie in /etc/shadow."""
        return bool(self._tables["shadow"])

    def uid(self, name: str) -> int:
        """The id of a user. Raises BuildError TB4213 if there is none."""
        return self._id("passwd", name)

    def gid(self, name: str) -> int:
        """The id of a group. Raises BuildError TB4213 if there is none."""
        return self._id("group", name)

    def _id(self, table: str, name: str) -> int:
        for line in self._accounts(table):
            if line[0] == name:
                return int(line[2])
        raise BuildError.of(
            "TB4213",
            f"no entry {name!r} in /etc/{table}",
            hint="add the package that makes the account, or report this as a gap in the catalogue of effects",
        )

    def _has(self, table: str, name: str) -> bool:
        return any(line[0] == name for line in self._accounts(table))

    def _free(self) -> int:
        """The lowest system id that is neither a user's nor a group's."""
        taken = {int(line[2]) for table in ("passwd", "group") for line in self._accounts(table)}
        return next(number for number in _SYSTEM_IDS if number not in taken)

    def add_group(self, group: AddGroup) -> None:
        """Add a group, unless there is one of that name."""
        if self._has("group", group.name):
            return
        gid = self._free() if group.gid is None else group.gid
        self._tables["group"].append([_checked(group.name), "x" if self.shadowed else "*", str(gid), ""])
        if self.shadowed:
            self._tables["gshadow"].append([group.name, "!", "", ""])

    def add_user(self, user: AddUser) -> None:
        """Add a user and, unless another is named, a group of the same name and id."""
        if self._has("passwd", user.name):
            return
        uid = self._free() if user.uid is None else user.uid
        if not user.group:
            self.add_group(AddGroup(name=user.name, gid=uid))
        gid = self.gid(user.group or user.name)
        password = "x" if self.shadowed else "*"
        fields = [_checked(user.name), password, str(uid), str(gid), user.comment, user.home, user.shell]
        if not all(_FIELD.fullmatch(field) for field in fields):
            raise _refused(f"account {user.name!r} has a colon or line end in a field")
        self._tables["passwd"].append(fields)
        if self.shadowed:
            self._tables["shadow"].append([user.name, "!", str(CHANGED), "", "", "", "", "", ""])
        if user.make_home and not self._root.exists(user.home):
            self._root.put(Directory(path=user.home.strip("/"), mode=0o755, uid=uid, gid=gid))

    def claim(self, user: User) -> None:
        """Add the service's account with exactly its ids. Raises BuildError TB4213, TB4214."""
        if not user.home.startswith("/") or not _FIELD.fullmatch(user.home):
            raise _refused(f"home {user.home!r} is no absolute path without colons")
        groups = {line[0]: int(line[2]) for line in self._accounts("group")}
        group = next((name for name, gid in groups.items() if gid == user.gid), user.name)
        for table, name, number in (("passwd", user.name, user.uid), ("group", group, user.gid)):
            for line in self._accounts(table):
                if (line[0] == name) != (int(line[2]) == number):
                    raise BuildError.of(
                        "TB4214",
                        f"account {user.name} ({user.uid}:{user.gid}) clashes with {line[0]}:{line[2]} of /etc/{table}",
                        hint="choose another name or id for the service's user",
                    )
        self.add_group(AddGroup(name=group, gid=user.gid))
        self.add_user(AddUser(name=user.name, uid=user.uid, group=group, home=user.home))
        if user.home != "/nonexistent" and not self._root.exists(user.home):
            self._root.put(Directory(path=user.home.strip("/"), uid=user.uid, gid=user.gid))

    def shadow(self) -> None:
        """Move passwords to /etc/shadow and /etc/gshadow (pwconv(8), grpconv(8))."""
        if self.shadowed:
            return
        for line in self._accounts("passwd"):
            self._tables["shadow"].append([line[0], line[1], str(CHANGED), "0", "99999", "7", "", "", ""])
            line[1] = "x"
        for line in self._accounts("group"):
            self._tables["gshadow"].append([line[0], line[1], "", line[3]])
            line[1] = "x"

    def save(self) -> None:
        """Put the files into the tree."""
        for name, lines in self._tables.items():
            if not lines:
                continue
            secret = name in ("shadow", "gshadow")
            content = "".join(":".join(line) + "\n" for line in lines).encode("utf-8", "surrogateescape")
            self._root.write(
                f"etc/{name}",
                content,
                mode=0o640 if secret else 0o644,
                gid=_SHADOW_GROUP if secret else 0,
            )


def _is_account(line: list[str]) -> bool:
    named = bool(line[0]) and line[0][0] not in "#+-"
    return named and len(line) >= _LEAST and _NUMBER.fullmatch(line[2]) is not None


def add_service_user(root: Root, user: User) -> None:
    """Give the service its account: passwd and group entries, and a home directory that belongs to it.

    An account or group that a package made is taken as it is if name and id agree.
    Raises BuildError TB4213 for a name or home that the files cannot hold, TB4214 for a clash.
    """
    accounts = Accounts(root)
    accounts.claim(user)
    accounts.save()


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _refused(f"account name {name[:80]!r} is none")
    return name


def _refused(what: str) -> BuildError:
    return BuildError.of("TB4213", what, hint="use lower-case letters, digits, '-' and '_', at most 32 characters")
