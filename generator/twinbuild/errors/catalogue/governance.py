"""Codes of rules about who may release what."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB8601",
        title="a release of files that are not in the commit",
        explanation="""\
Files of the project differ from the commit that is checked out, or are not in it, and the release may not be made of
such: `governance.dirty_source` says refuse, or the commit is recorded (`source.commit: record`) and nothing is said.
What lies in `dist/`, and what git ignores, does not count. A file that was touched counts until `git status` has
looked at it.

Commit the files; or set `governance.dirty_source: allow`, and release manifest and provenance say `modified`.""",
    ),
)
