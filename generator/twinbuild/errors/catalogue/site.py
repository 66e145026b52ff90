"""Codes of pages about releases."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB9401",
        title="no release in a place that was named",
        explanation="""\
`twinbuild site` takes directories of releases, and directories that have such directories in them, four levels deep.
What it was given has none: a release has both `manifest.json` and `release.digest`. Links to directories are not
followed, and directories whose names begin with a dot are passed over.

Name directories that `twinbuild release` wrote, or one above them.""",
    ),
    Code(
        code="TB9402",
        title="a document that is not this release's",
        explanation="""\
Beside a release manifest lies a bill of materials with other bytes than the manifest names, or a statement that is
about something else. A page would show as this release's what belongs to another one.

Take the release from where it was made again. `twinbuild validate` names every file that is not the release's.""",
    ),
    Code(
        code="TB9403",
        title="a release manifest that pages are not made of",
        explanation="""\
The release manifest is of an older version, which had no schema: its name and its texts could be anything, and names of
files are made of them. Or its time stamp is not of the years 1980 to 2106.

Release it again, with the same release.yaml and lock.""",
    ),
    Code(
        code="TB9410",
        title="a layer that is not this release's",
        explanation="""\
A page shows what takes the room in each layer of a release. The layer that lies there unpacks to other bytes than the
release manifest says, so that a page would show the files of something else.

Take the release from where it was made again; `twinbuild validate` names every file that is not the release's. With
`--no-files` no layer is read.""",
    ),
    Code(
        code="TB9411",
        title="no statements of rebuilders in a place that was named",
        explanation="""\
`challenge` and `--rebuilt` take what `twinbuild rebuild --key` wrote: a file of at most 1 MiB, and no device or pipe.
`--rebuilt` also takes a directory with 1 to 10,000 of them right below it, whose names end in `.dsse.json`; it follows
no link.

Name the files, or the directory that they lie in.""",
    ),
)
