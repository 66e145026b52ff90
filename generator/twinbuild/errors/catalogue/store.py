"""Codes of the store (TB31)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB3101",
        title="bytes with another digest than expected",
        explanation="""\
Bytes that were about to be stored under a pinned digest have another one. Nothing was stored.

Whoever sent them changed the file, or the transfer was damaged. Fetch again; if it stays so, the source no longer has
what the lock names.""",
    ),
    Code(
        code="TB3102",
        title="not in the store",
        explanation="""\
A blob that the lock, a root or an image names isn't in the store.

Run `twinbuild fetch`, which brings everything that the lock names and takes only bytes with the pinned digest. Layers
and other things that twinbuild made itself come back with `twinbuild build` or `twinbuild release`.""",
    ),
    Code(
        code="TB3103",
        title="stored bytes are damaged",
        explanation="""\
A stored blob no longer has the digest that is its name: the disk, or somebody, changed it. It is never used.

Run `twinbuild store verify --repair`, which moves it to quarantine, and `twinbuild fetch`, which brings it again. If it
happens twice, check the disk.""",
    ),
    Code(
        code="TB3104",
        title="not a regular file in the place of a blob",
        explanation="""\
A symbolic link, a directory, a FIFO or a device lies where a blob should be. It is neither followed nor opened.

Find out who put it there; `twinbuild store verify --repair` moves it to quarantine.""",
    ),
    Code(
        code="TB3105",
        title="the store cannot be read",
        explanation="""\
The operating system refused to read a file of the store: its permissions, its owner or the disk.

`twinbuild store verify --repair` restores permissions of files that are yours; for an input/output error check the
disk.""",
    ),
    Code(
        code="TB3106",
        title="a stored blob is writable",
        explanation="""\
Blobs are stored read-only, so that no program changes one by accident. This one can be written.

`twinbuild store verify --repair` takes the permission away after its digest was checked.""",
    ),
    Code(
        code="TB3107",
        title="no space left for the store",
        explanation="""\
The disk, its inodes or the user's quota are full. Nothing half-written stays behind.

Free some space, for example with `twinbuild store gc`, or put the store elsewhere with TWINBUILD_STORE.""",
    ),
    Code(
        code="TB3108",
        title="the store cannot be written or made",
        explanation="""\
The directory of the store can't be created, isn't a directory, or lies on a read-only file system. This is found before
any work starts.

Choose another directory with TWINBUILD_STORE, or restore write permission.""",
    ),
    Code(
        code="TB3109",
        title="others could change the store",
        explanation="""\
The directory of the store may be written by every user of this machine, or belongs to another user than you or root.
What was built, and that it was built twice, is taken from there, so others could say it.

Run `chmod o-w` on it, or choose a directory of your own with TWINBUILD_STORE.""",
    ),
    Code(
        code="TB3110",
        title="the store was made by a newer twinbuild",
        explanation="""\
The file `version` of the store names a format that this version doesn't know, or is damaged.

Use the newer twinbuild, or another directory with TWINBUILD_STORE.""",
    ),
    Code(
        code="TB3111",
        title="the store is in use",
        explanation="""\
Deleting and repairing wait until no other process uses the store, and this one waited too long. Other commands wait
while a deletion runs.

Wait until the other twinbuild processes have ended, then run the command again.""",
    ),
    Code(
        code="TB3112",
        title="malformed name in the store",
        explanation="""\
Names of roots and of kinds of records are made of lower-case letters, digits, `.`, `_` and `-`, start with a letter or
digit, and have at most 100 characters.

Choose such a name.""",
    ),
    Code(
        code="TB3113",
        title="damaged root of the store",
        explanation="""\
A root is a file below `roots/` that lists the digests to keep. This one can't be read, isn't a regular file, or doesn't
end with its own digest. Since it is not known what it protects, nothing is deleted.

Write it again (the command that made it does), or delete the file if it is no longer needed.""",
    ),
    Code(
        code="TB3114",
        title="no locks on this file system",
        explanation="""\
The file system below the store doesn't support `flock`, without which concurrent runs could disturb each other.

Put the store on a local file system with TWINBUILD_STORE.""",
    ),
    Code(
        code="TB3115",
        title="a finished blob was written to",
        explanation="""\
A part of twinbuild went on writing to a blob that already has its name. The blob was not changed.

This is a defect of twinbuild: report it.""",
    ),
)
