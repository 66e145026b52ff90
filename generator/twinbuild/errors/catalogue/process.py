"""Codes of processes and the sandbox (TB59)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB5901",
        title="a program cannot be started",
        explanation="""\
The program isn't installed, isn't executable, or the directory to run it in is missing.

Install it, or run `twinbuild doctor`, which lists what this machine lacks.""",
    ),
    Code(
        code="TB5902",
        title="a program took too long",
        explanation="""\
A program outlived its time limit; it and the processes that it started were killed.

Run it again; if the machine is slow or busy, raise the limit.""",
    ),
    Code(
        code="TB5903",
        title="a program printed too much",
        explanation="""\
A program wrote more than the limit to its standard output or standard error, and was killed.

Run it by hand to see what it prints.""",
    ),
    Code(
        code="TB5910",
        title="no sandbox on this machine",
        explanation="""\
The kernel refused one of the namespaces in which build steps and services run. The usual reasons are a switch of the
kernel (`user.max_user_namespaces=0`, `kernel.unprivileged_userns_clone=0`), AppArmor since Ubuntu 23.10
(`kernel.apparmor_restrict_unprivileged_userns=1`), or a container around it that forbids them.

Follow the hint, which names the switch found; in Docker, run with
`--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`.""",
    ),
    Code(
        code="TB5911",
        title="the sandbox could not be set up",
        explanation="""\
A mount point is missing or is a symbolic link, a directory to bind isn't there, or the program isn't in the root file
system.

The message names the step and the path.""",
    ),
    Code(
        code="TB5912",
        title="nothing answers in the sandbox",
        explanation="""\
The service in the sandbox doesn't accept connections at that port, or has ended. Its output is in the message.

Look at the output; check that it listens on the port that the spec names.""",
    ),
    Code(
        code="TB5914",
        title="a command in the sandbox filled the disk",
        explanation="""\
A command wrote more into its root than it may, or less than 256 MiB were left free on the file system of the store.

Leave out what writes so much, or make room.""",
    ),
    Code(
        code="TB5915",
        title="a command in the sandbox had too much memory",
        explanation="""\
All processes of a command together had more memory for themselves than they may.

Raise the limit, or let it do less at once.""",
    ),
    Code(
        code="TB5916",
        title="a command in the sandbox had too many processes",
        explanation="""\
A command started more processes and threads than it may; all of them were ended.

Raise the limit, or let it start fewer.""",
    ),
    Code(
        code="TB5920",
        title="a tree that cannot be materialised",
        explanation="""\
An entry lies below a symbolic link or below a file, is a hard link to something that isn't there, or the disk refused
it. Nothing outside of the root was touched.

Do not use the archive that it comes from; report it to whoever made it.""",
    ),
    Code(
        code="TB5921",
        title="a step left something that cannot enter an image",
        explanation="""\
A build step left a device, a socket or a FIFO, or a path that no archive can hold, or the files changed while they were
collected.

Change the step so that it leaves regular files, directories and links only.""",
    ),
)
