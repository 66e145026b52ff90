"""Codes about Debian packages and signed indexes (TB21)."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB2101",
        title="malformed control file",
        explanation="A file in Debian's deb822 form (Packages, Release, a package's control file, apt's sources) has a "
        "line that is no field, a continuation line before any field, a field twice in one stanza, or bytes that are "
        "not UTF-8.\n\nUse the file that the archive publishes; a proxy in between may have changed it.",
    ),
    Code(
        code="TB2102",
        title="malformed Debian version",
        explanation="A version is not of the form [epoch:]upstream[-revision] (deb-version(7)), or is longer than 256 "
        "characters.\n\nUse the index that the archive publishes.",
    ),
    Code(
        code="TB2103",
        title="malformed package relationship",
        explanation="A Depends, Pre-Depends, Provides, Conflicts or Breaks field does not follow chapter 7 of the "
        "Debian Policy.\n\nUse the index that the archive publishes.",
    ),
    Code(
        code="TB2104",
        title="unfit entry in a package index",
        explanation="An entry lacks its name, version, architecture, path, size or SHA-256, or has a value that is not "
        "allowed, such as a path that would leave the archive's root.\n\nUse the index that the archive publishes.",
    ),
    Code(
        code="TB2105",
        title="package index beyond a limit",
        explanation="A stanza or an index is larger than any that Debian has ever published. It is refused before it "
        "is read, because it may be meant to fill the memory.\n\nUse the index that the archive publishes.",
    ),
    Code(
        code="TB2110",
        title="InRelease is not one signed message",
        explanation="The file that vouches for a suite must be one OpenPGP clear-signed message and nothing else: no "
        "text before, after or beside it.\n\nUse a mirror that serves the archive's InRelease file unchanged. A "
        "network that answers with a log-in page gives this error too.",
    ),
    Code(
        code="TB2111",
        title="not signed by Debian",
        explanation="None of the archive keys that come with twinbuild made a good signature on the suite's InRelease "
        "file: it was changed, signed with a weak digest, or is another archive's. The keys:\n\n"
        "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8  archive, Debian 12\n"
        "04B54C3CDCA79751B16BC6B5225629DF75B188BD  archive, Debian 13\n"
        "4D64FEC119C2029067D6E791F8D2585B8783D481  stable releases, Debian 12\n"
        "41587F7DB8C774BCCF131416762F67A0B2C39DE4  stable releases, Debian 13\n"
        "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0  security archive, Debian 12\n"
        "5E04A1E3223A19A20706E20F9904613D4CCE68C6  security archive, Debian 13\n\n"
        "Use a mirror that serves Debian's archive unchanged.",
    ),
    Code(
        code="TB2112",
        title="archive key expired or revoked",
        explanation="The key that signed the suite is no longer good at the time of locking. Locks that exist already "
        "are not concerned: they name packages by digest.\n\nLook at this machine's clock, or install a newer "
        "twinbuild, which has newer keys.",
    ),
    Code(
        code="TB2113",
        title="only weak digests",
        explanation="The Release file names its indexes by MD5 or SHA-1 only. Neither protects against a forged "
        "file.\n\nUse an archive that publishes SHA-256 digests; all of Debian's suites do.",
    ),
    Code(
        code="TB2114",
        title="another suite than asked for",
        explanation="The signed Release file is that of another suite: the mirror is wrong, or someone replays a file "
        "where it does not belong. It also appears where a suite is named by an alias such as stable, which would "
        "mean another suite tomorrow.\n\nName the suite by its code name.",
    ),
    Code(
        code="TB2115",
        title="another archive than asked for",
        explanation="Origin and Label of the Release file are not those of Debian's archive.\n\n"
        "Use a mirror of Debian.",
    ),
    Code(
        code="TB2116",
        title="Release file of the future",
        explanation="The Release file's Date is more than ten minutes after this machine's time.\n\nSet the clock.",
    ),
    Code(
        code="TB2117",
        title="Release file expired",
        explanation="The suite's Valid-Until has passed: the mirror has not been updated, or hides newer security "
        "updates.\n\nUse a mirror that is up to date, and look at this machine's clock.",
    ),
    Code(
        code="TB2118",
        title="malformed Release file",
        explanation="A date or the list of files does not have the form of the Debian Repository Format.\n\nUse a "
        "mirror that serves the archive unchanged.",
    ),
    Code(
        code="TB2119",
        title="suite lacks a component or architecture",
        explanation="The suite has no package index for that component and architecture; the message lists what it "
        "has.\n\nName a component and a platform that the suite has.",
    ),
    Code(
        code="TB2120",
        title="package index is not the signed one",
        explanation="Size or SHA-256 of the package index differ from those in the signed Release file.\n\nUse a "
        "mirror that serves the archive unchanged. If the mirror is being updated right now, run it again later.",
    ),
    Code(
        code="TB2121",
        title="package index does not decompress",
        explanation="The index has the right digest but is not valid xz or gzip, or is cut short.\n\nUse a mirror that "
        "serves Debian's archive.",
    ),
    Code(
        code="TB2130",
        title="no such package",
        explanation="No suite that the spec names has a package of that name, version or suite, or the name is that of "
        "a virtual package, for which one of its providers must be named.\n\nCorrect the name, or add the suite that "
        "has the package to environment.base.debian.suites.",
    ),
    Code(
        code="TB2131",
        title="unsatisfiable dependency",
        explanation="A package needs another one, or a version of it, that no suite has. The message shows the chain "
        "from the package that the spec names.\n\nAdd the suite that has the missing package, or leave out what needs "
        "it.",
    ),
    Code(
        code="TB2132",
        title="packages that exclude each other",
        explanation="Two packages of the closure conflict (Conflicts or Breaks), or two versions of one package are "
        "needed. The message shows who needs what.\n\nLeave out one of the two, or name another alternative in "
        "environment.packages.",
    ),
    Code(
        code="TB2133",
        title="search for packages too long",
        explanation="The dependencies have so many alternatives that no answer was found within a fixed number of "
        "steps.\n\nName the alternatives to take in environment.packages.",
    ),
    Code(
        code="TB2134",
        title="suite has no such Python",
        explanation="The suites have no package of that Python version; the message lists the versions they have "
        "(Debian 12 has 3.11, Debian 13 has 3.13).\n\nName a Python that the suite has, or another suite.",
    ),
    Code(
        code="TB2135",
        title="closure without Python or C library",
        explanation="The version of Python or of the C library was asked for, but no package of the closure brings "
        "it.\n\nState environment.python, and a base that has it.",
    ),
    Code(
        code="TB2136",
        title="misspelt package",
        explanation="A package is written as NAME, NAME=VERSION or NAME/SUITE; names have small letters, digits, plus, "
        "minus and full stop.\n\nCorrect environment.packages.",
    ),
    Code(
        code="TB2137",
        title="the base has another version of a package",
        explanation="""\
Packages are added to a base image, and one of them needs a version of a package that the base has in another. What a
base has is never replaced: its layers would hold both.

Name a newer base, made from the same point release as the suite, or add the suites that its packages come from (such as
bookworm-security and bookworm-updates) to `base.debian.suites`.""",
    ),
    Code(
        code="TB2140",
        title="no Debian mirror known",
        explanation="This machine's apt has no sources of Debian (Ubuntu's are never taken: its packages are others), "
        "and no variable names a mirror.\n\nSet TWINBUILD_DEBIAN_MIRROR to the base address of a Debian mirror, such "
        "as https://mirror.example/debian. The security archive is then sought beside it "
        "(https://mirror.example/debian-security) unless TWINBUILD_DEBIAN_SECURITY says where it is.",
    ),
    Code(
        code="TB2141",
        title="unreadable apt sources",
        explanation="A .sources file of apt is not in deb822 form.\n\nMend it, or set TWINBUILD_DEBIAN_MIRROR, which "
        "takes its place.",
    ),
    Code(
        code="TB2142",
        title="not an address of a mirror",
        explanation="TWINBUILD_DEBIAN_MIRROR, TWINBUILD_UBUNTU_MIRROR and their like hold addresses "
        "that begin with https:// or http://; that of the snapshot has {timestamp} in it, and may have "
        "{archive}.\n\nCorrect the variable.",
    ),
    Code(
        code="TB2144",
        title="no mirror answered",
        explanation="None of the mirrors that are set gave a file; the message has each one's answer.\n\nIf none has "
        "it, check the names of suite and archive: a mirror may have moved an old suite to the archive. Else look at "
        "the network, or set TWINBUILD_DEBIAN_MIRROR (TWINBUILD_UBUNTU_MIRROR for `ubuntu`) to another mirror.",
    ),
    Code(
        code="TB2199",
        title="damaged key file",
        explanation="A key file of this installation does not hold the key that it is named for.\n\nInstall twinbuild "
        "anew.",
    ),
)
