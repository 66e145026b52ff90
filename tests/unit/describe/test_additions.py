from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from twinbuild.describe.additions import Additions, into_json, into_xml

_SPACE = "http://cyclonedx.org/schema/bom/1.6"
_BOM = (
    f'<bom xmlns="{_SPACE}" version="1"><components><component type="library" bom-ref="a"><name>a &lt; b</name>'
    '</component><component type="machine-learning-model" bom-ref="m"><name>m</name></component></components></bom>'
)
_CARD: dict[str, Any] = {
    "modelParameters": {"architectureFamily": "trees", "datasets": [{"ref": "dataset/d"}]},
    "quantitativeAnalysis": {"performanceMetrics": [{"type": "auc", "value": "0.9", "slice": "new"}]},
    "considerations": {"useCases": ["a & b"], "ethicalConsiderations": [{"name": "fair"}]},
    "properties": [{"name": "p", "value": "<v>"}],
}
_COMPOSITIONS: tuple[dict[str, Any], ...] = (
    {"aggregate": "complete", "dependencies": ["a", "m"]},
    {"aggregate": "unknown", "assemblies": ["a"]},
)
_ADDITIONS = Additions(cards={"m": _CARD}, compositions=_COMPOSITIONS)


def test_json() -> None:
    """The card stands in its component, the compositions in the document; what was given stays as it was."""
    document = {"components": [{"bom-ref": "a"}, {"bom-ref": "m"}], "version": 1}
    made = into_json(document, _ADDITIONS)
    assert made["components"] == [{"bom-ref": "a"}, {"bom-ref": "m", "modelCard": _CARD}]
    assert made["compositions"] == list(_COMPOSITIONS)
    assert document == {"components": [{"bom-ref": "a"}, {"bom-ref": "m"}], "version": 1}


def test_xml() -> None:
    """The same in XML, in the order of the schema, within its name space, escaped, and without a prefix."""
    made = into_xml(_BOM, _ADDITIONS)
    assert made.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<bom version="1" xmlns=')
    assert b"ns0" not in made
    names = {"": _SPACE}
    bom = ET.fromstring(made)
    assert bom.findtext("components/component/name", namespaces=names) == "a < b"
    (card,) = bom.iterfind(f".//{{{_SPACE}}}modelCard")
    assert [part.tag.rpartition("}")[2] for part in card] == list(_CARD)
    texts = [(element.text or "").strip() for element in card.iter()]
    assert [text for text in texts if text] == ["trees", "dataset/d", "auc", "0.9", "new", "a & b", "fair", "<v>"]
    (property_,) = card.iterfind(f".//{{{_SPACE}}}property")
    assert property_.attrib == {"name": "p"}
    found = [
        (part.tag.rpartition("}")[2], [each.get("ref") for each in part])
        for composition in bom.iterfind("compositions/composition", names)
        for part in composition
        if len(part)
    ]
    assert found == [("dependencies", ["a", "m"]), ("assemblies", ["a"])]


@pytest.mark.parametrize(
    "card", [{"invented": 1}, {"considerations": {"invented": []}}, {"modelParameters": {"task": "x"}}]
)
def test_nothing_is_dropped(card: dict[str, Any]) -> None:
    """A field without an XML form is our defect, and no document comes of it."""
    with pytest.raises(AssertionError, match="no XML form"):
        into_xml(_BOM, Additions(cards={"m": card}, compositions=()))
