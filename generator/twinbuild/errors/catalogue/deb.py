"""Codes of Debian package archives and of the systems made from them (TB42)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB4201",
        title="not a Debian package",
        explanation="""\
A .deb is an ar archive of exactly three members: debian-binary, control.tar and data.tar (plain, .gz, .xz or .zst), in
that order and with nothing behind them. Another form reads differently in different programs, so it is refused.

Fetch the package again; if its digest is the one in the lock, report it to the archive.""",
    ),
    Code(
        code="TB4202",
        title="malformed control part of a package",
        explanation="""\
The control archive of the package has no control file, a member that is no plain file, or fields that name no package.

Fetch the package again; if its digest is the one in the lock, report it to the archive.""",
    ),
    Code(
        code="TB4203",
        title="another package than the lock names",
        explanation="""\
Name, version or architecture inside the package differ from those in the lock, although its digest is right: the index
from which the lock was made described it wrongly.

Lock again from a signed index, and report the index.""",
    ),
    Code(
        code="TB4204",
        title="malformed compressed stream",
        explanation="""\
The compressed control or data part of a package is damaged, cut off, or followed by more bytes.

Fetch the package again; if its digest is the one in the lock, report it to the archive.""",
    ),
    Code(
        code="TB4205",
        title="two packages own one file",
        explanation="""\
Both packages ship the path, and neither declares that it Replaces the other, so which file ends up in the image would
depend on the order of unpacking. Dpkg refuses this too.

Leave out one of the packages; they are usually in conflict by mistake of the archive.""",
    ),
    Code(
        code="TB4206",
        title="a file's owner or attributes can't be kept",
        explanation="""\
A package ships a file that belongs to an id from 100 on, which is no fixed account in Debian, or with extended
attributes, which layers of an image don't carry.

Use another version of the package.""",
    ),
    Code(
        code="TB4207",
        title="a path is two kinds of thing",
        explanation="""\
One package ships the path as a directory and another as a file or link, or a package ships a file below a link of
another package. What the image would hold depends on the order of unpacking.

Leave out one of the packages.""",
    ),
    Code(
        code="TB4208",
        title="a copyright file is too large",
        explanation=(
            "A package's /usr/share/doc/PACKAGE/copyright has more than 8 MiB. The largest of Debian has a quarter of "
            "that, so the file is none. Do not use the package; report it to its maintainer."
        ),
    ),
    Code(
        code="TB4210",
        title="unknown maintainer script",
        explanation="""\
Twinbuild knows what the scripts of common packages do and writes the result. A script that isn't in its catalogue,
because it is new or changed, runs in a sandbox when the image is built. For that `lock` notes it in release.lock, and
refuses it where no sandbox can be made or the package is for another architecture. A script that the lock doesn't name
never runs.

Lock on a machine that has a sandbox (`twinbuild doctor` says so), or leave the package out.""",
    ),
    Code(
        code="TB4211",
        title="an effect misses a file",
        explanation="""\
The known effect of a maintainer script needs a file that no package of the closure ships.

Add the package that ships it, or report it as a gap in the catalogue of effects.""",
    ),
    Code(
        code="TB4212",
        title="something is in the way of an effect",
        explanation="""\
The effect of a maintainer script would replace a directory that isn't empty, or put a file below a file.

Leave out one of the packages, or report it as a gap in the catalogue of effects.""",
    ),
    Code(
        code="TB4213",
        title="unknown or malformed account",
        explanation="""\
A user or group that an effect names isn't there, or an account's name or home can't stand in the account files.

Add the package that makes the account, or choose a name of lower-case letters, digits, '-' and '_'.""",
    ),
    Code(
        code="TB4214",
        title="the service's account clashes",
        explanation="""\
The name or id of the service's user belongs to another account of the system.

Choose another name or another id in `serving.user`; ids from 10000 on are free.""",
    ),
    Code(
        code="TB4215",
        title="an alternative with two links",
        explanation="""\
Two packages provide the same generic name but state different links for it.

Leave out one of the packages.""",
    ),
    Code(
        code="TB4216",
        title="unreadable certificate",
        explanation="""\
A certificate below /usr/share/ca-certificates isn't in PEM form, so its name can't be hashed.

Use another version of ca-certificates.""",
    ),
    Code(
        code="TB4217",
        title="a maintainer script lacks its interpreter",
        explanation="""\
A maintainer script that is to run in the sandbox is written for a program (such as perl, or debconf's confmodule) that
no package of the image ships.

Add the package that ships it to `environment.packages`, or leave the script's package out.""",
    ),
    Code(
        code="TB4218",
        title="a maintainer script failed",
        explanation="""\
A maintainer script ran in the sandbox and ended with an error. The message has its status and what it said last. It ran
without a network, without services, and with one user, root, so that `su` to another account fails.

Add what the script needs to `environment.packages`, or leave its package out.""",
    ),
    Code(
        code="TB4219",
        title="a maintainer script made a set-id program",
        explanation="""\
A maintainer script that nobody has read made a file set-user-id or set-group-id. That is taken only where
dpkg-statoverride(1) has it, as Debian's own packages do.

Leave the package out.""",
    ),
    Code(
        code="TB4220",
        title="packages cannot be added to the system of the base",
        explanation="""\
Debian packages are added to a base image as dpkg would add them. For that the base needs dpkg's database, and a system
whose /usr is merged (Debian 12, Ubuntu 22.04, or newer): /bin and /lib are links to /usr/bin and /usr/lib.

Name a base made of a newer system, or build one that has what you need, and add nothing.""",
    ),
    Code(
        code="TB4221",
        title="a package deletes files of the base",
        explanation="""\
A package that is added to a base image, or one of its maintainer scripts, takes away a file that the base has. The
layers of a base stay as they were pinned, and no layer of ours deletes anything.

Leave the package out, or name a base that has it already.""",
    ),
)
