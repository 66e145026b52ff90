"""Codes of approvals, and of records of promotions."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["PROMOTING"]

PROMOTING: Final[tuple[Code, ...]] = (
    Code(
        code="TB8850",
        title="an approval or a step that is none",
        explanation="""\
A file of approvals, promotions or changes of secrets is no DSSE envelope with one signature around the canonical JSON
of such a statement.

Take it from who signed it again.""",
    ),
    Code(
        code="TB8851",
        title="an approval of something else",
        explanation="""\
An approval is of another release digest than the one that it lies beside, or its file bears the name of another stage
or key. It serves for what it names alone: somebody tried to use it again.

Take it out, and ask who approves to look at this release.""",
    ),
    Code(
        code="TB8852",
        title="an approval by somebody who may not",
        explanation="""\
The key is not in the trust root, does not count now, or has no role that the policy lets approve this release for this
stage. Nothing was written.

Let somebody approve who may.""",
    ),
    Code(
        code="TB8860",
        title="a record of promotions that does not hold",
        explanation="""\
The steps of a stage are numbered, and each names the one before it: one is missing, was changed, is in another place,
or is signed by nobody who may deploy.

Take the record from a copy that is whole, and hold it against the audit log.""",
    ),
    Code(
        code="TB8861",
        title="nothing to roll back to",
        explanation="""\
The record has no release that was in the stage before the one that is there now, or each of them was rolled back from.

Promote another release: `twinbuild promote`.""",
    ),
    Code(
        code="TB8862",
        title="schemas that do not fit",
        explanation="""\
The release to roll back to has another schema of requests or answers than the one that runs: callers of the new one
may not understand the old one.

Look at both with `twinbuild parity`; `--accept-schemas` rolls back all the same, and the record says so.""",
    ),
    Code(
        code="TB8863",
        title="a release that is not at hand",
        explanation="""\
No directory of `--releases` is the release whose digest the record names.

Name where it lies; a release is the same wherever it lies.""",
    ),
    Code(
        code="TB8864",
        title="a stage for which the release has no files",
        explanation="""\
`deploy/` of the release has no files for the stage: they are written for each stage of `publish.repositories`.

Name one of its stages, or add it to the spec and release again.""",
    ),
)
