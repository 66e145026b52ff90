"""``tests.changes``: other values of knobs, and what a golden test's request is answered then."""

from __future__ import annotations

from typing import Any, Final, Self

from pydantic import model_validator

from twinbuild.model import knobs
from twinbuild.model.spec.base import Objections, Section
from twinbuild.model.spec.configuration import Configuration
from twinbuild.model.spec.expectation import Expectation
from twinbuild.model.spec.knob import Knob, shown
from twinbuild.model.spec.values import Description, Duration, JsonValue, Label, Name, duration_seconds

__all__ = ["Change", "check_changes"]


_LONGEST: Final = 300  # seconds


class Change(Section):
    """Another value of a knob, and what it changes.

    A knob that may change at run time is changed while the service runs, and back. Any other one is changed there, too,
    and must stay as it was; with the value, the service is then started again.
    """

    knob: Label
    """Knob of `configuration.parameters`."""
    value: JsonValue
    """Another value than its default."""
    golden: Name
    """Golden test whose request is sent."""
    expect: Expectation
    """What must be answered with that value."""
    within: Duration = "1s"
    """Longest time until a change at run time has its effect."""
    description: Description | None = None
    """What it shows."""

    @model_validator(mode="after")
    def _soon(self) -> Self:
        if not 0 < duration_seconds(self.within) <= _LONGEST:
            objections = Objections()
            what = f"a change has its effect within {self.within}, expected more than nothing and at most 5m"
            objections.add("TB1156", what, "write one such as 1s", "within")
            objections.settle()
        return self


def check_changes(
    changes: tuple[Change, ...],
    configuration: Configuration,
    golden: dict[str, Expectation],
    objections: Objections,
    *,
    levels: bool,
) -> None:
    """Object to changes that could show nothing, and to knobs that change at run time without any.

    ``golden`` are the expectations of the golden tests, by name; places are from the release's root. ``levels``: the
    lines of the log show which level it has.
    """
    known = {knob.name: knob for knob in configuration.parameters}
    for index, change in enumerate(changes):
        knob, expected = known.get(change.knob), golden.get(change.golden)
        at = ("tests", "changes", index)
        if knob is None:
            hint = f"name one of {', '.join(known)}" if known else "add it to configuration.parameters"
            objections.add("TB1117", f"there is no knob {change.knob!r}", hint, *at, "knob")
        elif problem := _problem(configuration, knob, change.value):
            objections.add("TB1156", problem, "give another value that it may have", *at, "value")
        if expected is None:
            hint = f"name one of {', '.join(golden)}" if golden else "add it to tests.golden"
            objections.add("TB1117", f"there is no golden test {change.golden!r}", hint, *at, "golden")
        elif change.expect == expected or (change.expect.body is None and change.expect.status == expected.status):
            what = f"with another {change.knob} golden test {change.golden!r} expects what it expects without"
            objections.add("TB1156", what, "expect an answer that shows the change", *at, "expect")
    changed = {change.knob for change in changes}
    for index, knob in enumerate(configuration.parameters):
        if knob.runtime_change and knob.name not in changed and not (levels and knob.kind == "log_level"):
            what = f"knob {knob.name!r} may change while the service runs, and no test changes it"
            hint = "add one to tests.changes, or take 'runtime_change' out"
            objections.add("TB1157", what, hint, "configuration", "parameters", index, "runtime_change")


def _problem(configuration: Configuration, knob: Knob, value: object) -> str:
    """Why a knob can't be tried with a value; nothing where it can."""
    if knob.variable is None:
        return f"knob {knob.name!r} is a hyper-parameter, which nothing changes"
    if not knob.has_type(value):
        return f"knob {knob.name!r} is {shown(value)}, expected {knobs.span(knob.definition)}"
    if knobs.written(value) == knobs.written(knob.default):
        return f"knob {knob.name!r} is {shown(value)}, which is its default"
    rules: list[dict[str, Any]] = [
        {"name": rule.name, "rule": rule.rule, "message": rule.message, "tree": configuration.tree(rule)}
        for rule in configuration.rules
    ]
    document = {"parameters": [each.definition for each in configuration.parameters], "rules": rules}
    return next((message for _, message, _ in knobs.check(document, {knob.name: knobs.written(value)})[1]), "")
