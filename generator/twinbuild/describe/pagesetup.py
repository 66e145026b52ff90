"""How a release is set up: its knobs and how each is turned, rules, secrets, and the services that it asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinbuild.codec.markdown import bullets, code, table, text
from twinbuild.model.knobs import written
from twinbuild.model.spec.knob import variable_name

__all__ = ["configuration", "range_of"]


def configuration(manifest: dict[str, Any]) -> Iterator[str]:
    """The lines of a release manifest's page about its configuration."""
    section = manifest["configuration"]
    knobs = section.get("parameters", ())
    stages: dict[str, dict[str, Any]] = section.get("stages", {})
    names = list(dict.fromkeys((*manifest["publish"].get("repositories", {}), *stages)))
    yield from table(
        ("knob", "type", "range", "default", *map(text, names), "what it does"),
        (
            (
                text(knob["name"]),
                text(knob["type"]),
                text(range_of(knob)),
                code(written(knob["default"])),
                *(code(written(stages.get(stage, {}).get(knob["name"], knob["default"]))) for stage in names),
                text(knob["description"]),
            )
            for knob in knobs
        ),
    )
    yield from table(
        ("knob", "variable", "changes", "how to choose"),
        ((text(knob["name"]), *_turned(knob), text(knob.get("guidance") or "")) for knob in knobs),
    )
    yield from bullets(
        [f"rule {text(rule['name'])}: {code(rule['rule'])}" for rule in section.get("rules", ())]
        + [
            f"secret {text(one['name'])}: {text(one['provider'])} {code(one['reference'])}, {text(one['purpose'])}"
            for one in manifest.get("secrets", ())
        ]
        + [_service(one) for one in manifest.get("services", ())]
    )
    yield "Values of stages lie in `deploy/STAGE/`; `twinbuild check-config` holds others against the ranges and rules."
    yield ""


def _turned(knob: dict[str, Any]) -> tuple[str, str]:
    """The variable that sets a knob, and what a new value needs."""
    variable = knob.get("environment")
    if not variable and knob.get("kind") == "hyperparameter":
        return "", "with another model"
    return code(variable or variable_name(knob["name"])), "live" if knob.get("runtime_change") else "with a restart"


def range_of(knob: dict[str, Any]) -> str:
    """The values that a knob may have."""
    if knob.get("values"):
        return ", ".join(map(str, knob["values"]))
    bounds = [f"{word} {knob[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in knob]
    return " ".join([*bounds, knob.get("unit", "")]).strip()


def _service(one: dict[str, Any]) -> str:
    """A service that is asked, and what happens where it does not answer; older manifests say less of it."""
    patience = [f"answers within {text(one['timeout'])}"] if one.get("timeout") else []
    if "retries" in one:
        patience += [f"asked again {one['retries']} times" if one["retries"] else "never asked again"]
    patience += [f"without it: {text(one['fallback'])}"] if one.get("fallback") else []
    said = f"asks {text(one['name'])} at {code(one['endpoint'])}: {text(one['purpose'])}"
    return "; ".join((said, *_shown(one.get("authentication") or {}), *patience))


def _shown(stated: dict[str, Any]) -> Iterator[str]:
    """How a service is convinced, by which secret."""
    if stated:
        scheme = {"header": f"the header {stated.get('header')}"}.get(stated.get("scheme", ""), stated.get("scheme"))
        yield f"convinced by secret {text(stated['secret'])}" + (f" as {text(scheme)}" if scheme else "")
