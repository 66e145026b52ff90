"""The two forms of a bill of materials: whether the document in XML says what the one in JSON does, and nothing else.

The JSON form is read back by the library, and written as XML by the code that wrote both: what that gives is compared
with the document as canonical XML (C14N 2.0), so that another layout of the same elements is no difference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

from cyclonedx.model.bom import Bom
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion

from twinbuild.describe.additions import Additions, into_xml
from twinbuild.describe.formulation import Formulation

__all__ = ["is_same_bill"]

_VERSION: Final = SchemaVersion.V1_6


def is_same_bill(plain: bytes, marked: bytes) -> bool:
    """Whether ``marked``, in XML, is the document of ``plain``, which is CycloneDX 1.6 in JSON.

    It may have neither declarations nor comments: no document of ours has any, and entities of others may be bombs.
    """
    if b"<!" in marked:
        return False
    try:
        expected = _marked(json.loads(plain))
        return _canonical(expected) == _canonical(marked)
    except Exception:  # noqa: BLE001  the library raises what it likes for what it has not written itself
        return False


def _canonical(marked: bytes) -> str:
    return ET.canonicalize(marked.decode(), strip_text=True)


def _marked(document: dict[str, Any]) -> bytes:
    made: list[Mapping[str, Any]] = document.get("formulation", [])
    components = document.get("components", [])
    additions = Additions(
        cards={each["bom-ref"]: each["modelCard"] for each in components if "modelCard" in each},
        compositions=tuple(document.get("compositions", ())),
        data={each["bom-ref"]: tuple(each["data"]) for each in components if "data" in each},
        formulation=_formulation(made[0]) if made else None,
    )
    return into_xml(_written(document), additions)


def _formulation(made: Mapping[str, Any]) -> Formulation:
    inner = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": made["components"]}
    inner["metadata"] = {"timestamp": datetime.fromtimestamp(0, UTC).isoformat()}
    return Formulation(components=tuple(made["components"]), marked=_written(inner), workflows=tuple(made["workflows"]))


def _written(document: Mapping[str, Any]) -> str:
    bom = Bom.from_json(document)  # type: ignore[attr-defined]  # a decorator of the library makes it
    return make_outputter(bom, OutputFormat.XML, _VERSION).output_as_string()
