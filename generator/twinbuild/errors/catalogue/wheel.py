"""TB40 and TB41: the archives that wheels are, and what a wheel says of itself."""

from __future__ import annotations

from typing import Final

from twinbuild.errors.catalogue import Code

__all__ = ["CODES"]

_REPORT: Final = "Do not use the file; report it to whoever built it, or choose another release of the project."

CODES: Final[tuple[Code, ...]] = (
    Code(
        code="TB4001",
        title="not a zip archive",
        explanation="The file has no end record: it is empty, cut off, or something else, such as an error page that "
        "was stored under a wheel's name.\n\nFetch the file again; its digest in the lock says which bytes it must be.",
    ),
    Code(
        code="TB4002",
        title="bytes after the end of the archive",
        explanation="The end record must be the file's last 22 bytes. A comment or other bytes after it can hold a "
        f"second end record, and then readers disagree about which archive it is.\n\n{_REPORT}",
    ),
    Code(
        code="TB4003",
        title="counts or offsets of the archive do not fit",
        explanation="End record, zip64 end record and central directory must agree on every count and offset, on one "
        f"disk.\n\n{_REPORT}",
    ),
    Code(
        code="TB4004",
        title="bytes that belong to no member",
        explanation="Members must fill the file from its first byte to the central directory. Bytes before, between "
        "or after them hide another archive or a program (two archives glued together, a prepended script).\n\n"
        f"{_REPORT}",
    ),
    Code(
        code="TB4005",
        title="members overlap",
        explanation="Two members share bytes of the file: the mark of a zip bomb (CVE-2024-0450).\n\n" + _REPORT,
    ),
    Code(
        code="TB4006",
        title="two members for one path",
        explanation="A name occurs twice, differs from another only in case or Unicode form, or lies below a file. "
        f"Which one an installer leaves depends on the installer and the file system.\n\n{_REPORT}",
    ),
    Code(
        code="TB4007",
        title="local header and directory disagree",
        explanation="The archive states each member's name, flags, method, CRC and sizes twice, and the two must be "
        "equal; where sizes follow in a data descriptor, that must be equal too. Readers differ in which they "
        f"believe.\n\n{_REPORT}",
    ),
    Code(
        code="TB4008",
        title="encrypted member or unknown flag",
        explanation="A wheel's members are neither encrypted nor patched.\n\n" + _REPORT,
    ),
    Code(
        code="TB4009",
        title="unknown compression method",
        explanation="Only stored (0) and deflate (8) are allowed in wheels.\n\n" + _REPORT,
    ),
    Code(
        code="TB4010",
        title="hostile member name",
        explanation="A member's name is absolute, has a drive, a backslash, an empty part, '.', '..' or a control "
        "character, is longer than Linux allows, or is not ASCII without being marked as UTF-8.\n\n" + _REPORT,
    ),
    Code(
        code="TB4011",
        title="member is no plain file",
        explanation="A member's mode is that of a link or device, or sets user, group or sticky bit.\n\n" + _REPORT,
    ),
    Code(
        code="TB4012",
        title="extra fields are wrong",
        explanation="A member's extra fields are malformed, have a zip64 field where no size needs one (or none where "
        f"one is needed), or give the member a second name.\n\n{_REPORT}",
    ),
    Code(
        code="TB4013",
        title="archive asks for too much",
        explanation="The archive has more members, or unpacks to more bytes, in total or in proportion, than any real "
        f"wheel by a wide margin.\n\n{_REPORT}",
    ),
    Code(
        code="TB4014",
        title="member's bytes are wrong",
        explanation="The packed bytes do not unpack, or not to the length and CRC that the headers state.\n\n"
        "Fetch the file again; if its digest is that of the lock, report it to whoever built it.",
    ),
    Code(
        code="TB4101",
        title="not a wheel's file name",
        explanation="A wheel is named project-version(-build)-python-abi-platform.whl (PEP 427).\n\n"
        "Give the file the name that its index gives it.",
    ),
    Code(
        code="TB4102",
        title="dist-info directory",
        explanation="A wheel has exactly one dist-info directory, of the project and version that its file name "
        f"says.\n\n{_REPORT}",
    ),
    Code(
        code="TB4103",
        title="WHEEL file",
        explanation="WHEEL must state one version 1.x and one Root-Is-Purelib, and its tags must be readable. Which "
        f"tags a wheel has, its file name says.\n\n{_REPORT}",
    ),
    Code(
        code="TB4104",
        title="METADATA file",
        explanation="METADATA must be that of the project and version of the file name, and its requirements must be "
        f"readable (PEP 508, PEP 440).\n\n{_REPORT}",
    ),
    Code(
        code="TB4105",
        title="RECORD is malformed",
        explanation="RECORD is CSV in UTF-8 with path, hash and size, each path once, hashed with SHA-256 or stronger "
        f"(PEP 376, PEP 427).\n\n{_REPORT}",
    ),
    Code(
        code="TB4106",
        title="RECORD and wheel disagree",
        explanation="Every file of a wheel stands in RECORD with its hash, every file in RECORD is in the wheel, and "
        "sizes agree. Only RECORD itself and its signatures have no hash.\n\n" + _REPORT,
    ),
    Code(
        code="TB4107",
        title="a file is not what RECORD says",
        explanation="The hash of a file's bytes differs from the one in RECORD.\n\n" + _REPORT,
    ),
    Code(
        code="TB4108",
        title="entry points",
        explanation="A command's name must be a plain file name, its value module:function; each name occurs once, and "
        "every reader must read the file alike.\n\n" + _REPORT,
    ),
    Code(
        code="TB4109",
        title="data directory",
        explanation="The data directory is named like the dist-info directory and holds only purelib, platlib, "
        f"headers, scripts and data.\n\n{_REPORT}",
    ),
    Code(
        code="TB4110",
        title="wheels collide",
        explanation="Two wheels bring different bytes for one path, or two wheels of one project were chosen. An "
        "installer would keep whichever came last.\n\nChoose versions that do not collide, or report it to their "
        "makers.",
    ),
    Code(
        code="TB4111",
        title="a wheel brings code that runs unasked",
        explanation="A .pth file, sitecustomize, usercustomize, a package named like an installer or like a module of "
        "the standard library changes what other code does without being imported by name.\n\nRead it; if it is "
        "wanted, add the name that the message gives to `dependencies.unasked_code` in the spec.",
    ),
    Code(
        code="TB4112",
        title="wheel does not fit the target",
        explanation="None of the wheel's tags is supported by the target's Python, glibc and architecture.\n\n"
        "Run `twinbuild lock` for this target.",
    ),
    Code(
        code="TB4113",
        title="requirement asks about the kernel",
        explanation="platform_release and platform_version belong to the machine that runs the image; at build time "
        "they have no value.\n\nChoose a version of the project that does without them.",
    ),
    Code(
        code="TB4114",
        title="wheel replaces a part of the virtual environment",
        explanation="A wheel's data directory may not write pyvenv.cfg, lib64 or the interpreter's links in bin.\n\n"
        f"{_REPORT}",
    ),
)
