"""Codes of what is asked of finished things: `diff`, `why`, `explain-mismatch`."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB9301",
        title="nothing to compare",
        explanation="""\
A place that was named is not there, is no regular file or directory, or cannot be read.

Name a release, an image layout, a directory, an archive or another file.""",
    ),
    Code(
        code="TB9302",
        title="two things of unlike kinds",
        explanation="""\
`explain-mismatch` compares two releases, two image layouts, two directories or two files. One of each was named.

Name two of one kind; of a release, the directory `image` is its layout.""",
    ),
    Code(
        code="TB9303",
        title="a directory that is too large",
        explanation="""\
A directory has more than 500,000 entries.

Name the directory below it that matters.""",
    ),
    Code(
        code="TB9304",
        title="a layer of an unknown kind",
        explanation="""\
A layer of the image is neither a plain tar nor one that is compressed by gzip or zstd.

Copy the image into an OCI layout, such as by `skopeo copy … oci:DIR`.""",
    ),
    Code(
        code="TB9305",
        title="diffoscope is not installed",
        explanation="""\
`explain-mismatch --deep` calls diffoscope, through unshare, which takes the network away from it. One of them is not
in PATH.

Install diffoscope-minimal and util-linux, or leave --deep out: the causes are named without it.""",
    ),
    Code(
        code="TB9306",
        title="diffoscope failed",
        explanation="""\
diffoscope did not end as it should, or could not be started without a network because user namespaces are forbidden.

Leave --deep out, or allow user namespaces.""",
    ),
    Code(
        code="TB9310",
        title="no such package or file",
        explanation="""\
`why` was asked about a name that is no Python package, Debian package or file of the release. The nearest names are
told.

Name one of them, or a path that begins with a slash.""",
    ),
    Code(
        code="TB9311",
        title="a release without its lock or its image",
        explanation="""\
`why` reads the lock for packages and the image layout for files, and one of them does not lie where it was named.

Name the directory of a release, or a spec that is locked; files are found in a release alone.""",
    ),
)
