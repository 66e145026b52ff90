"""The values of a family's variables: what people wrote, or the default, read by the variable's type."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from typing import Final

from twinbuild.codec.yaml import all_shows
from twinbuild.errors import Finding, Location, UsageError
from twinbuild.model.family import STANDARD, Family, Variable

__all__ = ["Value", "chosen_values"]

Value = str | int | float | bool
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})", re.ASCII)
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_LONGEST: Final = 500
_EXPECTED: Final = {"int": "a whole number", "float": "a number", "bool": "true or false", "string": "one line of text"}


def chosen_values(family: Family, given: Mapping[str, str]) -> dict[str, Value]:
    """A value for each variable, in the order of the variables.

    Raises UsageError with every finding: TB7502 an unknown variable, TB7503 a value that does not fit, TB7504 none.
    """
    variables = {variable.name: variable for variable in family.variables}
    findings = [_unknown(name, family, list(variables)) for name in given if name not in variables]
    values: dict[str, Value] = {}
    for variable in variables.values():
        text = given.get(variable.name)
        if text is None and variable.default is None:
            findings.append(
                Finding(
                    code="TB7504",
                    message=f"the variable {variable.name!r} of {family.sheet.reference} has no value",
                    hint=f"give one: --set {variable.name}=…",
                    where=Location(subject="--set"),
                )
            )
            continue
        value = _read(variable, text) if text is not None else variable.default
        reason = _unfit(variable, value)
        if reason or value is None:
            got = repr(text if text is not None else variable.default)[:120]
            whose = "" if text is not None else "the default of "
            findings.append(
                Finding(
                    code="TB7503",
                    message=f"{whose}{variable.name}: got {got}, expected {reason}",
                    hint="give a value that fits: `twinbuild family show` describes the variables",
                    where=Location(subject=f"--set {variable.name}"),
                )
            )
            continue
        values[variable.name] = value
    if findings:
        raise UsageError(tuple(findings))
    return values


def _unknown(name: str, family: Family, known: list[str]) -> Finding:
    standard = [each for each, _ in STANDARD]
    close = difflib.get_close_matches(name, [*known, *standard], n=1)
    listed = f"known here: {', '.join(known) or 'none'}; where a project begins also {', '.join(standard)}"
    return Finding(
        code="TB7502",
        message=f"{family.sheet.reference} has no variable {name[:80]!r}",
        hint=f"did you mean {close[0]!r}?" if close else listed,
        where=Location(subject="--set"),
    )


def _read(variable: Variable, text: str) -> Value | None:
    if variable.type == "int":
        return int(text) if _INTEGER.fullmatch(text) else None
    if variable.type == "float":
        return float(text) if _NUMBER.fullmatch(text) else None
    if variable.type == "bool":
        return {"true": True, "false": False}.get(text)
    return text


def _unfit(variable: Variable, value: Value | None) -> str:
    """What is expected in place of a value that does not fit; "" where it does."""
    kinds: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "bool": bool}
    if variable.type in kinds:
        if not isinstance(value, kinds[variable.type]) or (isinstance(value, bool) and variable.type != "bool"):
            return _EXPECTED[variable.type]
        return "" if isinstance(value, bool) else _out_of_range(variable, value)  # type: ignore[arg-type]
    if not isinstance(value, str):
        return _EXPECTED["string"]
    if variable.type == "enum":
        return "" if value in variable.values else f"one of {', '.join(variable.values)}"
    if not value.isprintable() or not all_shows(value) or len(value) > _LONGEST:
        return f"one line of printable text, at most {_LONGEST} characters"
    if variable.pattern is not None:
        try:
            if not re.fullmatch(variable.pattern, value):
                return f"a text that the pattern {variable.pattern} matches"
        except re.error as error:
            return f"a pattern that is a regular expression ({variable.pattern!r}: {error})"
    return ""


def _out_of_range(variable: Variable, value: float) -> str:
    low, high = variable.minimum, variable.maximum
    if math.isfinite(value) and (low is None or value >= low) and (high is None or value <= high):
        return ""
    bounds = [f"at least {low}" if low is not None else "", f"at most {high}" if high is not None else ""]
    return " and ".join(bound for bound in bounds if bound) or "a finite number"
