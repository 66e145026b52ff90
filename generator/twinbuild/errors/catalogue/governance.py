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
What lies in `dist/` does not count. What git ignores counts where the release is made of it: the application's files
(those that `source.ignore` leaves), files of build steps, local artifacts, schemas, the spec and its lock; and so do
those of them that lie in a submodule, for git is not asked about these. A file that was touched counts until `git
status` has looked at it. One that git is told not to look at (`git update-index --assume-unchanged`,
`--skip-worktree`) counts in any case.

Where git can't say which files differ, none is said to be the commit's: the message has git's own words. And `refuse`
needs a commit: without a repository, or without git, nobody knows whether files differ.

Commit the files; or set `governance.dirty_source: allow`, and release manifest and provenance say `modified`.""",
    ),
)
