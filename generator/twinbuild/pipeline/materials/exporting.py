"""The bill of materials of a release in the format and version that another tool reads.

What leaves here was held against the release manifest before. CycloneDX 1.6 is the release's own document, byte for
byte; 1.7 is a superset of it, so only the version and the serial number differ (a serial number names one document).
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any, Final

from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.codec.cyclonedx import decode_bom
from twinbuild.describe.naming import PROJECT
from twinbuild.describe.sbomforms import is_same_bill
from twinbuild.describe.spdx import spdx_document
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.reading.validating import check_release
from twinbuild.pipeline.regular import LARGEST, Irregular, read_regular

__all__ = ["FORMATS", "export_bom"]

FORMATS: Final = ("cyclonedx-json", "cyclonedx-xml", "spdx-json")
_VERSIONS: Final = {"cyclonedx-json": ("1.6", "1.7"), "cyclonedx-xml": ("1.6", "1.7"), "spdx-json": ("2.3",)}
_JSON, _XML = "sbom.cdx.json", "sbom.cdx.xml"
_SCHEMA: Final = "http://cyclonedx.org/schema/bom-{}.schema.json"
_HEAD: Final = re.compile(
    rb'(<\?xml [^>]{0,100}\?>\n<bom serialNumber=")(urn:uuid:[0-9a-f-]{36})'
    rb'(" version="1" xmlns="http://cyclonedx\.org/schema/bom/)1\.6(">\n)'
)


def export_bom(where: Path, form: str, version: str = "") -> bytes:
    """The bill of the release in ``where``; without a version the format's first one.

    Raises UsageError TB8721 for a version that the format has not, TB8720 as ``spdx_document``, TB7003 where there is
    no release; IntegrityError as ``check_release``, and TB8722 for a document that twinbuild did not write.
    """
    versions = _VERSIONS[form]
    version = version or versions[0]
    if version not in versions:
        raise UsageError.of(
            "TB8721",
            f"{form} was asked for in version {version[:20]!r}, expected {' or '.join(versions)}",
            hint="name one of these with --version",
        )
    release = read_release(where)
    if release.directory is None:
        raise UsageError.of(
            "TB8721",
            f"{where} is a release manifest alone, expected the directory of a release",
            hint="name the directory that holds the bill of materials",
        )
    check_release(release)
    plain = _read(release.directory / _JSON)
    if form == "spdx-json":
        return spdx_document(decode_bom(plain, name=str(release.directory / _JSON)))
    raised = plain if version == "1.6" else _raised(plain, version)
    if form == "cyclonedx-json":
        return raised
    marked = _read(release.directory / _XML)
    if not is_same_bill(plain, marked):
        raise _foreign(_XML, f"does not say what {_JSON} says")
    return marked if version == "1.6" else _raised_xml(marked, version, serial=json.loads(raised)["serialNumber"])


def _raised(plain: bytes, version: str) -> bytes:
    """The document in a later version, with the serial number of what it is now."""
    document: dict[str, Any] = json.loads(plain)
    document |= {"specVersion": version, "$schema": _SCHEMA.format(version)}
    document.pop("serialNumber", None)
    number = uuid.uuid5(PROJECT, digest_of(document).hex)
    return canonical({**document, "serialNumber": number.urn}) + b"\n"


def _raised_xml(marked: bytes, version: str, *, serial: str) -> bytes:
    head = _HEAD.match(marked)
    if head is None:
        raise _foreign(_XML, "does not begin as twinbuild writes it")
    return head[1] + serial.encode() + head[3] + version.encode() + head[4] + marked[head.end() :]


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, LARGEST)
    except Irregular as error:
        raise _foreign(path.name, str(error)) from None


def _foreign(name: str, what: str) -> IntegrityError:
    return IntegrityError.of(
        "TB8722", f"{name} of the release {what}", hint="take the directory from where it was released again"
    )
