"""VEX documents: schema, binding to the release and its components, determinism."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.unit.describe.test_sbom import validator
from tests.unit.describe.test_spdx import bom_of, part
from tests.unit.govern.vulnerabilities.test_judging import sheet
from tests.unit.govern.vulnerabilities.test_matching import scanned

from fakes.osv import CRITICAL, record
from twinbuild.errors import SpecError, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.vulnerability import StatementSheet
from twinbuild.pipeline.materials.vexing import refuse_unbound, vex_document
from twinbuild.pipeline.reading.boms import ReadBom
from twinbuild.pipeline.reading.released import Released

__all__ = ["validator"]

_PARTS = [part("a #1", purl="pkg:pypi/alpha@1"), part("b", purl="pkg:pypi/beta@1")]
_SERIAL = "5a1f8e5c-2f0b-5c39-9d3e-7d1f4a1c0b6e"
_FOUND = ReadBom(
    path=Path("sbom.cdx.json"),
    bom=bom_of(*_PARTS, serial=f"urn:uuid:{_SERIAL}"),
    release=Released(path=Path("manifest.json"), directory=Path(), digest=Digest(hex="0" * 64), content=b""),
)
_FINDINGS = scanned(_PARTS, record("CVE-2026-1", vector=CRITICAL), record("CVE-2026-2", name="beta"))
_SAID: dict[str, Any] = {"vulnerability": "CVE-2026-1", "components": ["pkg:pypi/alpha"], "status": "fixed"}


def said(**more: Any) -> StatementSheet:
    """One statement."""
    return sheet(_SAID | more)


@pytest.mark.parametrize(
    ("more", "state", "justification"),
    [
        (
            {"status": "not_affected", "justification": "vulnerable_code_not_in_execute_path", "detail": "d"},
            "not_affected",
            "code_not_reachable",
        ),
        ({"status": "affected", "detail": "raise it"}, "exploitable", None),
        ({"status": "fixed"}, "resolved", None),
        ({"status": "under_investigation"}, "in_triage", None),
    ],
)
def test_cyclonedx(
    more: dict[str, Any], state: str, justification: str | None, validator: jsonschema_rs.Draft7Validator
) -> None:
    """It keeps the schema; components by BOM-Link, the release by its digest; a finding without a word is in triage."""
    document = json.loads(vex_document("cyclonedx", _FOUND, said(**more), _FINDINGS))
    assert [error.message for error in validator.iter_errors(document)] == []
    other, mine = document["vulnerabilities"]
    assert (other["id"], other["analysis"]) == ("CVE-2026-2", {"state": "in_triage"})
    assert mine["affects"] == [{"ref": f"urn:cdx:{_SERIAL}/1#a%20%231"}]
    assert (mine["analysis"]["state"], mine["analysis"].get("justification")) == (state, justification)
    assert mine["ratings"][0]["score"] == 9.8
    assert document["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]


def test_openvex() -> None:
    """Fields of OpenVEX 0.2.0; product and subcomponent by package URL."""
    more = {"status": "not_affected", "justification": "component_not_present", "detail": "d"}
    document = json.loads(vex_document("openvex", _FOUND, said(**more), _FINDINGS))
    assert {"@context", "@id", "author", "timestamp", "version", "statements"} <= document.keys()
    other, mine = document["statements"]
    assert (other["status"], other["vulnerability"]) == ("under_investigation", {"name": "CVE-2026-2"})
    assert (mine["status"], mine["justification"], mine["impact_statement"]) == (
        "not_affected",
        "component_not_present",
        "d",
    )
    (product,) = mine["products"]
    assert product["hashes"] == {"sha-256": "0" * 64}
    assert product["subcomponents"] == [{"@id": "pkg:pypi/alpha@1"}]
    affected = json.loads(vex_document("openvex", _FOUND, said(status="affected", detail="raise it"), ()))
    assert affected["statements"][0]["action_statement"] == "raise it"


def test_what_a_later_statement_replaces() -> None:
    """Of one vulnerability, by whichever of its names, and one component the last statement alone is told."""
    found = scanned(_PARTS, record("CVE-2026-1", aliases=["GHSA-a"]))
    first = _SAID | {"components": ["pkg:pypi/alpha", "pkg:pypi/beta"]}
    second = _SAID | {"vulnerability": "GHSA-a", "status": "affected", "detail": "raise it"}
    document = json.loads(vex_document("openvex", _FOUND, sheet(first, second), found))
    told = [(each["status"], each["products"][0]["subcomponents"]) for each in document["statements"]]
    assert told == [("fixed", [{"@id": "pkg:pypi/beta@1"}]), ("affected", [{"@id": "pkg:pypi/alpha@1"}])]
    document = json.loads(vex_document("openvex", _FOUND, sheet(_SAID, second), found))
    assert [each["status"] for each in document["statements"]] == ["affected"]


@pytest.mark.parametrize("form", ["cyclonedx", "openvex"])
def test_the_same_bytes(form: str) -> None:
    """No clock and no chance; another statement is another document."""
    one, same = (vex_document(form, _FOUND, said(), _FINDINGS) for _ in range(2))
    other = vex_document(form, _FOUND, said(status="under_investigation"), _FINDINGS)
    assert one == same
    names = [re.search(rb"urn:uuid:[0-9a-f-]{36}", each) for each in (one, other)]
    assert names[0] is not None
    assert names[1] is not None
    assert names[0][0] != names[1][0]


def test_bound() -> None:
    """Another release, a document alone, a component that is not there, each with its code; all components at once."""
    refuse_unbound(_FOUND, said(), path=Path("s.yaml"))
    for found in (replace(_FOUND, release=None), _FOUND):
        sheet_of = said() if found.release is None else said().model_copy(update={"release": f"sha256:{'1' * 64}"})
        with pytest.raises(SpecError, match="TB8744"):
            refuse_unbound(found, sheet_of, path=Path("s.yaml"))
    gone = said(components=["pkg:pypi/alpha@2", "pkg:pypi/beta", "pkg:pypi/gamma"])
    with pytest.raises(SpecError) as caught:
        refuse_unbound(_FOUND, gone, path=Path("s.yaml"))
    assert [(each.code, each.where.pointer) for each in caught.value.findings] == [
        ("TB8745", "/statements/0/components/0"),
        ("TB8745", "/statements/0/components/2"),
    ]


def test_a_bill_without_a_number() -> None:
    """Nothing can refer to it."""
    with pytest.raises(UsageError, match="TB8747"):
        vex_document("cyclonedx", replace(_FOUND, bom=bom_of(*_PARTS)), said(), ())
