"""The XML form of a CycloneDX 1.6 document, from its JSON form: one document, two spellings.

Only what our documents use is known here; anything else is our defect and raises. The official schema is what tests
hold the result against, and the order of elements is its own.
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

__all__ = ["xml_form"]

_SPACE: Final = "http://cyclonedx.org/schema/bom/1.6"
# Attributes of an element; the key whose value is the element's own text; its children in the schema's order.
_ATTRIBUTES: Final = {
    "component": ("type", "bom-ref"),
    "hash": ("alg",),
    "license": ("acknowledgement",),
    "property": ("name",),
    "reference": ("type",),
    "dependency": ("ref",),
}
_TEXT: Final = {"hash": "content", "property": "value"}
_CHILDREN: Final = {
    "metadata": ("timestamp", "lifecycles", "tools", "component", "manufacturer"),
    "lifecycle": ("phase",),
    "tools": ("components",),
    "manufacturer": ("name", "contact"),
    "supplier": ("name", "contact"),
    "contact": ("name", "email"),
    "author": ("name",),
    "component": (
        *("supplier", "authors", "publisher", "name", "version", "description", "hashes", "licenses", "purl"),
        *("externalReferences", "properties", "modelCard"),
    ),
    "license": ("id", "name"),
    "reference": ("url",),
    "modelCard": ("modelParameters", "quantitativeAnalysis", "considerations", "properties"),
    "modelParameters": ("architectureFamily", "datasets"),
    "quantitativeAnalysis": ("performanceMetrics",),
    "performanceMetric": ("type", "value", "slice"),
    "considerations": ("useCases", "technicalLimitations", "ethicalConsiderations"),
    "ethicalConsideration": ("name",),
    "composition": ("aggregate", "assemblies", "dependencies"),
}
# Lists: the element around each item. "contact" has none around them all, "datasets" one for a reference.
_ITEMS: Final = {
    "assemblies": "assembly",
    "authors": "author",
    "components": "component",
    "compositions": "composition",
    "ethicalConsiderations": "ethicalConsideration",
    "externalReferences": "reference",
    "hashes": "hash",
    "lifecycles": "lifecycle",
    "performanceMetrics": "performanceMetric",
    "properties": "property",
    "technicalLimitations": "technicalLimitation",
    "useCases": "useCase",
}


def xml_form(document: dict[str, Any]) -> bytes:
    """The document as indented XML in UTF-8. Its texts hold no character that XML lacks (``texts``)."""
    head = {"xmlns": _SPACE, "serialNumber": document["serialNumber"], "version": str(document["version"])}
    bom = Element("bom", head)
    _object(SubElement(bom, "metadata"), document["metadata"])
    _list(bom, "components", document["components"])
    edges = SubElement(bom, "dependencies")
    for entry in document["dependencies"]:
        element = SubElement(edges, "dependency", {"ref": entry["ref"]})
        for reference in entry.get("dependsOn", ()):
            SubElement(element, "dependency", {"ref": reference})
    _list(bom, "compositions", document["compositions"])
    ET.indent(bom)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(bom, encoding="unicode").encode() + b"\n"


def _object(element: Element, value: dict[str, Any]) -> None:
    kind = element.tag
    attributes, text, children = _ATTRIBUTES.get(kind, ()), _TEXT.get(kind, ""), _CHILDREN.get(kind, ())
    unknown = value.keys() - {*attributes, *children, text}
    assert not unknown, f"{kind} has {sorted(unknown)}, which the XML form does not know"
    for key in attributes:
        if key in value:
            element.set(key, value[key])
    if text:
        element.text = value[text]
    for key in children:
        if key not in value:
            continue
        item = value[key]
        if isinstance(item, list):
            _list(element, key, item)
        elif isinstance(item, dict):
            _object(SubElement(element, key), item)
        else:
            SubElement(element, key).text = item


def _list(parent: Element, key: str, items: list[Any]) -> None:
    if key == "contact":
        for item in items:
            _object(SubElement(parent, key), item)
        return
    outer = SubElement(parent, key)
    for item in items:
        if key == "licenses":
            _licence(outer, item)
        elif key == "datasets":
            SubElement(outer, "ref").text = item["ref"]
        elif key in ("assemblies", "dependencies"):
            SubElement(outer, _ITEMS.get(key, "dependency"), {"ref": item})
        elif isinstance(item, str):
            SubElement(outer, _ITEMS[key]).text = item
        else:
            _object(SubElement(outer, _ITEMS[key]), item)


def _licence(parent: Element, item: dict[str, Any]) -> None:
    if "expression" in item:
        SubElement(parent, "expression", {"acknowledgement": item["acknowledgement"]}).text = item["expression"]
    else:
        _object(SubElement(parent, "license"), item["license"])
