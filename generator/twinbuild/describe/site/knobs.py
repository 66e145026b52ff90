"""The configuration: knobs with their ranges and the values of each stage, rules, secrets, services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinbuild.describe.pagesetup import range_of
from twinbuild.describe.site.cells import Cell, Column, Table, code, columns, text
from twinbuild.model.knobs import written
from twinbuild.model.spec.knob import variable_name

__all__ = ["knobs", "rules", "secrets", "services"]


def knobs(manifest: dict[str, Any]) -> Table:
    """A row for each knob, with a column for each stage."""
    section = manifest["configuration"]
    stages: dict[str, dict[str, Any]] = section.get("stages", {})
    names = tuple(dict.fromkeys((*manifest["publish"].get("repositories", {}), *stages)))
    return Table(
        name="knobs",
        caption="Knobs",
        columns=(
            *columns("Knob", "Type", "Range", "Default"),
            *(Column(title=name) for name in names),
            *columns("Changes", "Variable"),
        ),
        rows=tuple(_knob(one, stages, names) for one in section.get("parameters", ())),
        empty="This release has no knobs.",
        searched="Search knobs",
    )


def _knob(one: dict[str, Any], stages: dict[str, dict[str, Any]], names: tuple[str, ...]) -> tuple[Cell, ...]:
    fixed = not one.get("environment") and one.get("kind") == "hyperparameter"
    how = "with another model" if fixed else "live" if one.get("runtime_change") else "with a restart"
    note = " ".join(each for each in (one["description"], one.get("guidance")) if each)
    return (
        Cell(text=one["name"], kind="code", note=note),
        text(one["type"]),
        text(range_of(one)),
        code(written(one["default"])),
        *(_staged(one, stages.get(name, {})) for name in names),
        text(how),
        code("" if fixed else one.get("environment") or variable_name(one["name"])),
    )


def _staged(one: dict[str, Any], stage: dict[str, Any]) -> Cell:
    """A stage's value; one that is not the default stands out."""
    value = written(stage.get(one["name"], one["default"]))
    return Cell(text=value, kind="code", tone="warn" if value != written(one["default"]) else "")


def rules(manifest: dict[str, Any]) -> Table:
    """Rules between knobs."""
    return Table(
        name="rules",
        caption="Rules between knobs",
        columns=columns("Rule", "Must hold", "Why"),
        rows=tuple(
            (text(one["name"]), code(one["rule"]), text(one.get("message", "")))
            for one in manifest["configuration"].get("rules", ())
        ),
    )


def secrets(manifest: dict[str, Any]) -> Table:
    """Secrets by reference; a value is nowhere in a release."""
    return Table(
        name="secrets",
        caption="Secrets, by reference",
        columns=columns("Secret", "Provider", "Reference", "What for"),
        rows=tuple(
            (text(one["name"]), text(one["provider"]), code(one["reference"]), text(one["purpose"]))
            for one in manifest.get("secrets", ())
        ),
    )


def services(manifest: dict[str, Any]) -> Table:
    """Services that are asked, and how long an answer is waited for."""
    return Table(
        name="services",
        caption="Services that it asks",
        columns=columns("Service", "Endpoint", "Answers within", "Without it", "What for"),
        rows=tuple(
            (
                text(one["name"]),
                code(one["endpoint"]),
                text(one.get("timeout") or ""),
                text(one.get("fallback") or ""),
                text(one["purpose"]),
            )
            for one in _services(manifest)
        ),
    )


def _services(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from manifest.get("services", ())
