"""What CycloneDX 1.6 has and cyclonedx-python-lib 11 lacks: model cards, data, compositions and formulation.

All are put into the library's output, JSON and XML alike. An addition is plain JSON in the format's own terms; its XML
form is made here from the few rules that it needs. Tests hold both results against the official schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from twinbuild.describe.formulation import Formulation

__all__ = ["Additions", "into_json", "into_xml"]

_FORMULA: Final = "formulation"
# Children of an element in the schema's order; of a list, the element around each item.
_CHILDREN: Final = {
    "modelCard": ("modelParameters", "quantitativeAnalysis", "considerations", "properties"),
    "modelParameters": ("architectureFamily", "datasets"),
    "quantitativeAnalysis": ("performanceMetrics",),
    "performanceMetric": ("type", "value", "slice"),
    "considerations": ("useCases", "technicalLimitations", "ethicalConsiderations"),
    "ethicalConsideration": ("name",),
    "composition": ("aggregate", "assemblies", "dependencies"),
    "contents": ("properties",),
    "data": ("type", "name", "contents", "description"),
    "task": ("uid", "name", "taskTypes"),
    "workflow": ("uid", "name", "tasks", "taskTypes"),
}
_ITEMS: Final = {
    "assemblies": "assembly",
    "dependencies": "dependency",
    "ethicalConsiderations": "ethicalConsideration",
    "performanceMetrics": "performanceMetric",
    "properties": "property",
    "taskTypes": "taskType",
    "tasks": "task",
    "technicalLimitations": "technicalLimitation",
    "useCases": "useCase",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """Model cards and what ``data`` holds by the ``bom-ref`` of their component, compositions, and the formulation.

    All are in the terms of the JSON form.
    """

    cards: Mapping[str, Mapping[str, Any]]
    compositions: tuple[Mapping[str, Any], ...]
    data: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=lambda: MappingProxyType({}))
    formulation: Formulation | None = None


def into_json(document: Mapping[str, Any], additions: Additions) -> dict[str, Any]:
    """The document with the additions. Each card's component must be there."""
    components = []
    for each in document["components"]:
        added = {
            "modelCard": additions.cards.get(each["bom-ref"]),
            "data": list(additions.data.get(each["bom-ref"], ())),
        }
        components.append(each | {key: value for key, value in added.items() if value})
    whole = {**document, "components": components, "compositions": list(additions.compositions)}
    if (made := additions.formulation) is not None:
        formula = {"bom-ref": _FORMULA, "components": list(made.components), "workflows": list(made.workflows)}
        whole["formulation"] = [formula]
    return whole


def into_xml(text: str, additions: Additions) -> bytes:
    """The document with the additions, indented, in UTF-8. Texts must hold no character that XML lacks (``texts``)."""
    bom, space = _read(text)
    bom.set("xmlns", space)
    for component in bom.iterfind("components/component"):
        card = additions.cards.get(component.get("bom-ref", ""))
        if card is not None:
            _object(SubElement(component, "modelCard"), card)
        for entry in additions.data.get(component.get("bom-ref", ""), ()):
            _object(SubElement(component, "data"), entry)
    compositions = SubElement(bom, "compositions")
    for composition in additions.compositions:
        _object(SubElement(compositions, "composition"), composition)
    if (made := additions.formulation) is not None:
        formula = SubElement(SubElement(bom, "formulation"), "formula", {"bom-ref": _FORMULA})
        formula.extend(_read(made.marked)[0].findall("components"))
        workflows = SubElement(formula, "workflows")
        for workflow in made.workflows:
            _object(SubElement(workflows, "workflow"), workflow)
    ET.indent(bom)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(bom, encoding="unicode").encode() + b"\n"


def _read(text: str) -> tuple[Element, str]:
    """A document without its namespace, and the namespace."""
    bom = ET.fromstring(text)  # noqa: S314  just written by ourselves
    space, _, _ = bom.tag[1:].partition("}")
    for element in bom.iter():
        element.tag = element.tag.rpartition("}")[2]
    return bom, space


def _object(element: Element, value: Mapping[str, Any]) -> None:
    children = _CHILDREN[element.tag]
    if "bom-ref" in value:
        element.set("bom-ref", value["bom-ref"])
        value = {key: item for key, item in value.items() if key != "bom-ref"}
    unknown = value.keys() - set(children)
    assert not unknown, f"{element.tag} has {sorted(unknown)}, which has no XML form here"
    for key in children:
        if key not in value:
            continue
        child = SubElement(element, key)
        match value[key]:
            case str() as text:
                child.text = text
            case list() as items:
                _list(child, items)
            case item:
                _object(child, item)


def _list(outer: Element, items: list[Any]) -> None:
    for item in items:
        match outer.tag:
            case "datasets":
                SubElement(outer, "ref").text = item["ref"]
            case "properties":
                SubElement(outer, "property", name=item["name"]).text = item["value"]
            case "assemblies" | "dependencies" as kind:
                SubElement(outer, _ITEMS[kind], ref=item)
            case kind if isinstance(item, str):
                SubElement(outer, _ITEMS[kind]).text = item
            case kind:
                _object(SubElement(outer, _ITEMS[kind]), item)
