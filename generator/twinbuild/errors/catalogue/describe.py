"""Codes of a release that is read back."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB7001",
        title="no release manifest",
        explanation="""\
A release manifest is canonical JSON (RFC 8785) that says so in apiVersion and kind. These bytes are something else, or
somebody changed them: another spelling has another digest, and so is no release.

Name a directory that `twinbuild release` wrote, or its manifest.json.""",
    ),
    Code(
        code="TB7002",
        title="a newer release manifest",
        explanation="""\
The release was made by a newer twinbuild, whose release manifest may say what this one does not know.

Install the version that `generator.version` in the file names, or a newer one.""",
    ),
    Code(
        code="TB7003",
        title="no release there",
        explanation="""\
Neither a release's directory, nor a release manifest, nor a spec that was released is at that path.

Run `twinbuild release`, or name the directory of a release; of one variant alone it is dist/NAME-VERSION-VARIANT.""",
    ),
    Code(
        code="TB7004",
        title="another release digest",
        explanation="""\
release.digest names another release manifest than the one beside it: one of the two was changed. Or another release was
laid out in the place of one that was being signed or approved, and what was signed is not about it.

Take the directory from where it was released again.""",
    ),
    Code(
        code="TB7005",
        title="a file of the release is not what was released",
        explanation="""\
The release manifest names every other file of the release with its size and digest. One is missing, is a link, or has
other bytes, or was added; or image/index.json leads to other images or calls them otherwise; or a statement that lies
beside the manifest is about another release, or is missing: provenance.intoto.json always, tests.intoto.json where an
image passed its tests. Or image/index.json or image/oci-layout is not what the manifest implies, a file beside it is a
link, a pipe or too large, or a directory cannot be listed, so that nobody can say what lies in it.

Without release.digest nothing says which release a directory is. A manifest.json lies alone, and has no such file, only
where it is named itself and nothing of a release lies beside it.

Take the directory from where it was released again.""",
    ),
    Code(
        code="TB7006",
        title="no such section",
        explanation="The release manifest has no section of that name. `twinbuild show` prints all of them.",
    ),
)
