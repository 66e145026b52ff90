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
The bill of materials of a directory names no image with a digest that lies in `image/`, or lacks one that does; or it
says that it is about another release or model: it is of another release, and what it lists says nothing about these
images. Or its two forms differ: `sbom.cdx.xml` does not say what `sbom.cdx.json` says.

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
them; or it says something else than the one in JSON, or the file is too large, or none.

Take the directory from where it was released again.""",
    ),
    Code(
        code="TB8730",
        title="a directory without a database of vulnerabilities",
        explanation="""\
`--database` names a directory that holds no record of OSV's schema, or cannot be read. A scan against nothing would
find nothing, and say that all is well.

Put `all.zip` of the ecosystems there (PyPI, Debian), or their unpacked JSON files.""",
    ),
    Code(
        code="TB8731",
        title="a file of a database that cannot be read",
        explanation="""\
A file of the database is a link (to a directory, too) or no file, is broken as an archive, or is larger than any
record. What lies in it would be missed.

Take the database from where it is published again.""",
    ),
    Code(
        code="TB8732",
        title="a record that breaks OSV's schema",
        explanation="""\
A record is no JSON, or has another kind of value than the schema says, at a place that matters here: identifier, time,
packages, ranges, severity. What it means to say would be guessed.

Take the database from where it is published again; the message has the file.""",
    ),
    Code(
        code="TB8733",
        title="two records of one vulnerability that differ",
        explanation="""\
The database has two records with one identifier and other bytes: an older copy beside a newer one. Which of them counts
would be chance.

Keep one of them.""",
    ),
    Code(
        code="TB8734",
        title="a database of vulnerabilities that is too old",
        explanation="""\
The newest record of the database is older than `--max-age`, or `max_age` of the policy, allows, or the newest of one
system that has components of the release (Debian, PyPI), whose archive is fetched on its own. What became known since
then would not be found. The time of the files says nothing, for copying renews it.

Fetch the database again.""",
    ),
    Code(
        code="TB8735",
        title="a database of vulnerabilities from the future",
        explanation="""\
The newest record was changed in the future. Either this machine's clock is wrong, or the record makes an old database
look new.

Set the clock right, or take the database from where it is published again.""",
    ),
    Code(
        code="TB8736",
        title="a policy or statements that cannot be read",
        explanation="""\
The file that `--policy` or `--statements` names is not there, is no regular file, or is too large.

Name a file that can be read.""",
    ),
    Code(
        code="TB8744",
        title="statements about another release",
        explanation="""\
Statements are bound to the digest of the release that people looked at, and this is another one. What held there need
not hold here.

Look at each statement again, then write the digest of this release.""",
    ),
    Code(
        code="TB8745",
        title="a statement about a component that is not there",
        explanation="""\
A statement names a package URL that no component of the release has. It would excuse nothing, or something that comes
later.

Name a package URL of `sbom.cdx.json`, with or without its version, or take the statement out.""",
    ),
    Code(
        code="TB8746",
        title="a statement without its reason",
        explanation="""\
OpenVEX asks for a justification where a component is not affected, and for what to do where it is; and no other status
takes a justification.

Say why (`justification`), or what to do (`detail`).""",
    ),
    Code(
        code="TB8747",
        title="a bill of materials that nothing can refer to",
        explanation="""\
A VEX document refers to components by the serial number of their bill of materials, and this one has none.

Name a release that twinbuild made.""",
    ),
    Code(
        code="TB8750",
        title="a conclusion about no package URL",
        explanation="""\
A conclusion of `licences.conclusions` names its components by their package URL, as the bill of materials has it, but
for what follows `?`: `pkg:pypi/numpy@2.4.6`, `pkg:pypi/numpy@2.4.6#numpy.libs/libgfortran*`, `pkg:deb/debian/*@*`. A
star stands for any characters; there may be four, and 300 characters in all.

Take the package URL from `sbom.cdx.json`; `twinbuild sbom check DIST --json` has those without a licence.""",
    ),
    Code(
        code="TB8751",
        title="a concluded licence that is no SPDX expression",
        explanation="""\
What a person concludes is an SPDX expression, such as `MIT AND HPND-Markus-Kuhn`, or the word `declared`: what each of
the components declares. A licence that is not on SPDX's list is `LicenseRef-NAME`.

Write an expression of identifiers that SPDX's list has.""",
    ),
)
