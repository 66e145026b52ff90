"""TB22: the lock."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB2201",
        title="the lock cannot be read",
        explanation=(
            "release.lock is no JSON text in UTF-8: it was cut short, edited, or is another file. Nobody edits a "
            "lock by hand. Make it anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2202",
        title="the lock holds a merge conflict",
        explanation=(
            "Two branches changed the lock, and the marks of the conflict are still there. Resolve the conflict "
            "in release.yaml, then run `twinbuild lock`: it makes the lock that suits the merged spec."
        ),
    ),
    Code(
        code="TB2203",
        title="a key of the lock is given twice",
        explanation=(
            "Readers of JSON differ on which of two equal keys counts, so a lock has none. Nobody edits a lock by "
            "hand. Make it anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2204",
        title="the lock has another version",
        explanation=(
            "The first field of a lock is the version of its form. A newer version was written by a newer "
            "twinbuild: use that one. Otherwise run `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2205",
        title="a field of the lock is unknown or missing",
        explanation=(
            "Every field of an entry is there, and no other. Nobody edits a lock by hand. Make it anew with "
            "`twinbuild lock`."
        ),
    ),
    Code(
        code="TB2206",
        title="a field of the lock has the wrong type",
        explanation=(
            "A field holds text where a number belongs, or the like. Nobody edits a lock by hand. Make it anew "
            "with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2207",
        title="a value of the lock is malformed",
        explanation=(
            "A name, version, digest, platform, date or address is not spelled as it must be. Nobody edits a lock "
            "by hand. Make it anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2208",
        title="a size in the lock is out of range",
        explanation=(
            "A size is a whole number of bytes; only files of the application may be empty. Nobody edits a lock "
            "by hand. Make it anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2209",
        title="a path in the lock is unsafe",
        explanation=(
            "A path is absolute, leaves its directory, or is not normal. Nobody edits a lock by hand. Make it "
            "anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2210",
        title="something is locked twice",
        explanation=(
            "A target has two entries for one project or package, or the lock two targets of one name. Nobody "
            "edits a lock by hand. Make it anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2211",
        title="the lock is not sorted",
        explanation=(
            "Entries are sorted by name, so that equal locks are equal bytes. Nobody edits a lock by hand. Make "
            "it anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2212",
        title="an entry of the lock contradicts itself",
        explanation=(
            "The name of a file must say what its entry says: the same project, version and kind. Nobody edits a "
            "lock by hand. Make it anew with `twinbuild lock`."
        ),
    ),
    Code(
        code="TB2220",
        title="the Python part of the lock is stale",
        explanation=(
            "Requirements, constraints, indexes, the cut-off date, the Python version, the base or the variants "
            "changed since the lock was made. The message names projects where it can. Run `twinbuild lock` and "
            "commit release.lock together with the spec."
        ),
    ),
    Code(
        code="TB2221",
        title="the Debian part of the lock is stale",
        explanation=(
            "The base, its suites or components, the packages or the variants changed since the lock was made. "
            "Run `twinbuild lock` and commit release.lock together with the spec."
        ),
    ),
    Code(
        code="TB2222",
        title="the artifacts of the lock are stale",
        explanation=(
            "An artifact of the model is new, gone, at another address, or has another digest or size than when "
            "the lock was made. Run `twinbuild lock`; if you did not change the artifact, find out who did "
            "before."
        ),
    ),
    Code(
        code="TB2223",
        title="the application part of the lock is stale",
        explanation=(
            "The application directory or the patterns of files to ignore changed since the lock was made. Run "
            "`twinbuild lock`."
        ),
    ),
    Code(
        code="TB2224",
        title="the lock lacks a target",
        explanation=("The spec has a variant or a platform that the lock has no packages for. Run `twinbuild lock`."),
    ),
)
