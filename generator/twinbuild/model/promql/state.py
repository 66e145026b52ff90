"""What is known while an expression is solved: the series so far, and which selector each was made for."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from twinbuild.model.promql.series import Line, Series

if TYPE_CHECKING:
    import promql_parser as ql
    from jsonschema_rs import Validator

__all__ = ["Atom", "Labels", "Matching", "Output", "Refusals", "Schema", "State", "Underivable", "matching_of"]

Labels = tuple[tuple[str, str], ...]
Unit = Literal["value", "rate"]
_COMBINATIONS: Final = 500
_STEPS: Final = 5000
_REASONS: Final = 10


class Underivable(Exception):
    """No series can be derived; the text says why."""


class Refusals(list[str]):
    """Why ways to a solution were left, for the message where none is found; and how many steps were taken."""

    steps = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The labels that each series has by its declaration, and those of its target that the expression asks for."""

    labels: tuple[tuple[str, tuple[str, ...]], ...]
    target: tuple[str, ...] = ()
    job: str = "service"
    counters: frozenset[str] = frozenset()

    def labels_of(self, metric: str) -> tuple[str, ...]:
        """Names of the labels of a metric's series, sorted."""
        return tuple(sorted({*dict(self.labels).get(metric, ()), *self.target}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """A selector for which series were made: its metric and its matchers (operator, label, value)."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, selector: ql.VectorSelector) -> Atom:
        """The atom of a selector whose metric is fixed."""
        from twinbuild.model.promql.expression import metric_of

        operators = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
        matchers = tuple(
            (operators[str(each.op).rpartition(".")[2]], each.name, each.value)
            for each in selector.matchers.matchers
            if each.name != "__name__"
        )
        return cls(metric=metric_of(selector) or "", matchers=matchers)

    def accepts(self, metric: str, labels: Labels) -> bool:
        """Whether a series is one that the selector takes."""
        values = dict(labels)
        return metric == self.metric and all(_holds(each, values.get(each[1], "")) for each in self.matchers)


def _holds(matcher: tuple[str, str, str], value: str) -> bool:
    operator, _, wanted = matcher
    if operator in ("=", "!="):
        return (value == wanted) == (operator == "=")
    pattern = _pattern(wanted)
    return pattern is not None and pattern.is_valid(value) == (operator == "=~")


@lru_cache(maxsize=256)
def _pattern(text: str) -> Validator | None:
    """A regular expression as Prometheus reads it: of the whole value, in time that grows with its length alone.

    Python's ``re`` would take 2^n steps for ``(a+)+b``. None where it is no expression without look-around.
    """
    import jsonschema_rs  # late: start-up is measured

    try:
        options = jsonschema_rs.RegexOptions()
        return jsonschema_rs.validator_for({"pattern": f"^(?s:{text})$"}, pattern_options=options)
    except jsonschema_rs.ValidationError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How the sides of a binary expression are matched: on some labels, or on all but some; which side may repeat."""

    on: bool = False
    labels: tuple[str, ...] = ()
    card: str = "OneToOne"
    included: tuple[str, ...] = ()

    def signature(self, labels: Labels) -> Labels:
        """What must be equal on both sides."""
        return tuple(pair for pair in labels if (pair[0] in self.labels) == self.on)


def matching_of(modifier: ql.BinModifier | None) -> Matching:
    """The matching that a modifier asks for."""
    if modifier is None:
        return Matching()
    card = str(modifier.card).rpartition(".")[2] if modifier.card is not None else "OneToOne"
    matching = modifier.matching
    on = matching is not None and str(matching.type).endswith("Include")
    return Matching(
        on=on,
        labels=tuple(matching.labels) if matching is not None else (),
        card=card,
        included=tuple(modifier.group_labels or ()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The labels of the one element that an expression yields, without the metric's name."""

    labels: Labels = ()

    def keep(self, names: tuple[str, ...], *, wanted: bool) -> Output:
        """Only the labels of these names, or all but these."""
        return Output(labels=tuple(pair for pair in self.labels if (pair[0] in names) == wanted))

    def matches(self, other: Output, matching: Matching) -> bool:
        """Whether the two elements find each other."""
        return matching.signature(self.labels) == matching.signature(other.labels)

    def joined(self, other: Output, matching: Matching) -> Output:
        """The labels of what an operator makes of two elements."""
        if matching.card == "ManyToOne":
            added = {name: value for name, value in other.labels if name in matching.included}
            return Output(labels=tuple(sorted({**dict(self.labels), **added}.items())))
        if matching.card == "OneToMany":
            added = {name: value for name, value in self.labels if name in matching.included}
            return Output(labels=tuple(sorted({**dict(other.labels), **added}.items())))
        return self.keep(matching.labels, wanted=matching.on)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The series so far; every change makes a new state."""

    schema: Schema
    series: tuple[Series, ...] = ()
    atoms: tuple[Atom, ...] = ()
    refusals: Refusals = field(default_factory=Refusals)

    def refuse(self, reason: str) -> None:
        """Note why a way was left."""
        if len(self.refusals) < _REASONS:
            self.refusals.append(reason)

    def step(self) -> None:
        """Count a step of the search. Raises Underivable after too many: ways multiply with every operator."""
        self.refusals.steps += 1
        if self.refusals.steps > _STEPS:
            raise Underivable("the search for series was given up: the expression has too many parts")

    def taken(self, atom: Atom) -> tuple[Series, ...]:
        """The series so far that a selector takes."""
        return tuple(each for each in self.series if atom.accepts(each.metric, each.labels))

    def add(self, atom: Atom, line: Line, *, fixed: Labels = (), copies: int = 1) -> State | None:
        """With series that this selector takes and no earlier one does; None, and a reason noted, if there are none.

        ``fixed`` are labels with their values; ``copies`` is the number of series, which differ in ``instance``.
        """
        others = tuple(each for each in self.atoms if each.metric == atom.metric and each != atom)
        added: list[Series] = []
        for number in range(copies):
            extra = (*fixed, ("instance", f"{number}")) if copies > 1 else fixed
            labels = self._labels(atom, extra, others)
            if labels is None:
                self.refuse(f"no labels of {atom.metric} suit one selector of it and not the others")
                return None
            added.append(Series(metric=atom.metric, labels=labels, line=line))
        atoms = self.atoms if atom in self.atoms else (*self.atoms, atom)
        return replace(self, series=(*self.series, *added), atoms=atoms)

    def _labels(self, atom: Atom, fixed: Labels, others: tuple[Atom, ...]) -> Labels | None:
        given = dict(fixed)
        names = sorted({*self.schema.labels_of(atom.metric), *(name for _, name, _ in atom.matchers), *given})
        choices = [(given[name],) if name in given else self._choices(atom, name) for name in names]
        for values in itertools.islice(itertools.product(*choices), _COMBINATIONS):
            labels = tuple((name, value) for name, value in zip(names, values, strict=True) if value)
            if atom.accepts(atom.metric, labels) and not any(each.accepts(atom.metric, labels) for each in others):
                return labels
        return None

    def _choices(self, atom: Atom, name: str) -> tuple[str, ...]:
        """Values of a label that are worth a try, the likeliest first."""
        wanted = [(operator, value) for operator, label, value in atom.matchers if label == name]
        exact = [value for operator, value in wanted if operator == "="]
        alike = [sample for operator, value in wanted if operator == "=~" for sample in _samples(value)]
        usual = [self.schema.job] if name == "job" else ["a"]
        return tuple(dict.fromkeys([*exact, *alike, *usual, "b", "200", ""]))


def _samples(pattern: str) -> list[str]:
    """Texts that a simple regular expression may take; each is tried before it is used."""
    found = []
    for alternative in pattern.strip("^$()").split("|"):
        text = re.sub(r"\[([^]^-])[^]]*\]", r"\1", alternative).replace("\\d", "0").replace("\\", "")
        found.append(re.sub(r"\{\d+\}", "", re.sub(r"\.[*+]", "x", text)).replace(".", "0").strip("()"))
        found.append(re.sub(r"[*+?]", "", found[-1]))
    return found
