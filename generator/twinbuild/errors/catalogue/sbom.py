"""Codes of bills of materials that are read: checked, reconciled with an image, compared."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB8701",
        title="no CycloneDX document that is read here",
        explanation="""\
What `twinbuild sbom` reads is CycloneDX 1.6 or 1.7 in JSON: `bomFormat` says CycloneDX, `specVersion` one of the two.
XML, SPDX and older versions are not read, and neither is a file that is not there.

Name the directory of a release, or such a document.""",
    ),
    Code(
        code="TB8702",
        title="a bill of materials that is no strict JSON",
        explanation="""\
The document is cut off, is not UTF-8, has a key twice in one object, a number that JSON lacks, or is nested too deeply.
Readers would disagree about what such a text says.

Mend it where it was made, or take it from there again.""",
    ),
    Code(
        code="TB8703",
        title="a bill of materials with a value of the wrong kind",
        explanation="""\
A field holds another kind of value than CycloneDX gives it: a list where text belongs, a number as a name.

Mend the document where it was made; the message has the place.""",
    ),
    Code(
        code="TB8704",
        title="a bill of materials that is too large",
        explanation="""\
The document has more bytes, components, entries or longer texts than are read: 128 MiB, 200,000 components, a million
entries of lists, 100,000 characters. No honest document comes near.

Take it from where it was made again; split it where it really is so large.""",
    ),
    Code(
        code="TB8705",
        title="two components with one reference",
        explanation="""\
`bom-ref` names a component within its document, so no two may have the same. Edges, completeness and licences would
belong to one or the other, as the reader likes.

Mend the document where it was made.""",
    ),
    Code(
        code="TB8706",
        title="a bill of materials that is not of this release",
        explanation="""\
The bill of materials of a directory names no image with a digest that lies in `image/`, or lacks one that does: it is
of another release, and what it lists says nothing about these images.

Take the release from where it was made again; `twinbuild validate DIST` says what else is not whole.""",
    ),
    Code(
        code="TB8720",
        title="a bill of materials that SPDX cannot hold",
        explanation="""\
SPDX asks every document for a time and for what it describes; the CycloneDX document states no `metadata.timestamp`, or
no `metadata.component`. What twinbuild writes has both.

Name a release that twinbuild made.""",
    ),
    Code(
        code="TB8721",
        title="a format that is not written",
        explanation="""\
`twinbuild sbom export` writes CycloneDX 1.6 and 1.7 in JSON and XML, and SPDX 2.3 in JSON, from the directory of a
release.

Name such a directory, and one of these versions with `--version`.""",
    ),
    Code(
        code="TB8722",
        title="a document of a release that twinbuild did not write",
        explanation="""\
The bill of materials in XML is made a later version of by its first lines alone, and these are not as twinbuild writes
them; or the file is too large, or none.

Take the directory from where it was released again.""",
    ),
)
