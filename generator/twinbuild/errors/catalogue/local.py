"""Codes of local trees and artifacts (TB23)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB2301",
        title="path that is not plain",
        explanation="""\
A path of the project is written relative to the spec's directory, with forward slashes, without `.`, `..`,
backslashes or invisible characters.

Correct the path in the spec.""",
    ),
    Code(
        code="TB2302",
        title="link out of the project",
        explanation="""\
A symbolic link on the way to the file leads out of the project's directory, is absolute, or leads in circles. What it
leads to differs from machine to machine.

Replace the link by the file itself, or by a relative link that stays inside.""",
    ),
    Code(
        code="TB2303",
        title="not a file",
        explanation="""\
What lies there is a directory where a file is expected, the other way round, or a device, socket or pipe.

Name a regular file, or put the path into source.ignore.""",
    ),
    Code(
        code="TB2304",
        title="missing or unreadable",
        explanation="""\
The file or directory does not exist, or its rights forbid reading it.

Create it, correct its rights, or correct the path in the spec.""",
    ),
    Code(
        code="TB2305",
        title="pointer in place of the file",
        explanation="""\
The file is a small text by which Git LFS or git-annex stands for the content, which was not brought to this machine.

Run `git lfs pull` or `git annex get` for the file.""",
    ),
    Code(
        code="TB2306",
        title="file of another size",
        explanation="""\
The file's size is not the one that spec or lock state.

Restore the file, or correct its size and sha256 in the spec and lock again.""",
    ),
    Code(
        code="TB2307",
        title="file of another digest",
        explanation="""\
The file's SHA-256 is not the one that spec or lock state.

Restore the file, or correct its sha256 in the spec and lock again.""",
    ),
    Code(
        code="TB2308",
        title="file changed while it was read",
        explanation="""\
Somebody wrote to the file at the same time, so that no one version of it was read. Nothing was stored.

Run the command again when nothing writes to the file.""",
    ),
    Code(
        code="TB2310",
        title="name that is not portable",
        explanation="""\
A file's name is not UTF-8, is not in Unicode's composed form (NFC), or has a control character, an invisible one or a
backslash. Such names mean different things on different systems.

Rename the file, or name it below source.ignore.""",
    ),
    Code(
        code="TB2311",
        title="names that differ only by case",
        explanation="""\
On a file system without case the two files are one, so the tree could not be the same everywhere.

Rename one of them, or name it below source.ignore.""",
    ),
    Code(
        code="TB2312",
        title="tree beyond its limits",
        explanation="""\
An application has at most 100,000 files of 2 GiB each, 64 levels deep. A tree beyond that mostly holds something by
mistake: an environment, a data set, weights.

Name what is not part of the application below source.ignore; make large files artifacts of the model.""",
    ),
    Code(
        code="TB2313",
        title="link in the application",
        explanation="""\
A symbolic link in the application directory counts as a copy of the regular file that it leads to inside that
directory. This one leads to a directory, out of the directory, or to nothing.

Replace the link by the file, or name it below source.ignore.""",
    ),
    Code(
        code="TB2314",
        title="malformed ignore pattern",
        explanation="""\
The pattern is not one of gitignore's syntax.

Write it as in a .gitignore file.""",
    ),
    Code(
        code="TB2315",
        title="empty application",
        explanation="""\
The application directory holds no file that is not ignored.

Check source.directory and source.ignore.""",
    ),
    Code(
        code="TB2316",
        title="empty artifact",
        explanation="""\
A model artifact has no bytes; mostly a download or an export failed.

Put the real file there.""",
    ),
    Code(
        code="TB2320",
        title="no commit to record",
        explanation="""\
The spec takes its date from the source's commit, or records the commit, but there is no git repository with a commit
at its directory, or git is not installed.

Commit the sources; or state a date in `metadata.date` and leave `source.commit` out.""",
    ),
)
