"""Base scores of CVSS 4.0 vectors (FIRST, "CVSS v4.0 Specification Document", 8.2).

The score of a vector is that of its macro vector, less the mean of how far it lies below the highest vector of that
macro vector, as a share of the way to the next lower one, over the equivalence classes that have a next lower one.
Threat and environmental metrics are taken as not defined: a database states what a vulnerability is by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from typing import Final

__all__ = ["score_of_4"]

# The specification's table, by EQ1 to EQ6 in this order; "-" where there is no such macro vector.
_TABLE: Final = """\
10 9.9 9.8 9.5 9.5 9.2 10 9.6 9.3 8.7 9.1 8.1 9.3 9 8.9 8 8.1 6.8 9.8 9.5 9.5 9.2 9 8.4 9.3 9.2 8.9 8.1 8.1 6.5
8.8 8 7.8 7 6.9 4.8 - 9.2 - 8.2 - 7.2 - 7.9 - 6.9 - 5 - 6.9 - 5.5 - 2.7 9.9 9.7 9.5 9.2 9.2 8.5 9.5 9.1 9 8.3
8.4 7.1 9.2 8.1 8.2 7.1 7.2 5.3 9.5 9.3 9.2 8.5 8.5 7.3 9.2 8.2 8 7.2 7 5.9 8.4 7 7.1 5.2 5 3 - 8.6 - 7.5 - 5.2
- 7.1 - 5.2 - 2.9 - 6.3 - 2.9 - 1.7 9.8 9.5 9.4 8.7 9.1 8.1 9.4 8.9 8.6 7.4 7.7 6.4 8.7 7.5 7.4 6.3 6.3 4.9 9.4
8.9 8.8 7.7 7.6 6.7 8.6 7.6 7.4 5.8 5.9 5 7.2 5.7 5.7 5.2 5.2 2.5 - 8.3 - 7 - 5.4 - 6.5 - 5.8 - 2.6 - 5.3 - 2.1
- 1.3 9.5 9 8.8 7.6 7.6 7 9 7.7 7.5 6.2 6.1 5.3 7.7 6.6 6.8 5.9 5.2 3 8.9 7.8 7.6 6.7 6.2 5.8 7.4 5.9 5.7 5.7
4.7 2.3 6.1 5.2 5.7 2.9 2.4 1.6 - 7.1 - 5.9 - 3 - 5.8 - 2.6 - 1.5 - 2.3 - 1.3 - 0.6 9.3 8.7 8.6 7.2 7.5 5.8 8.6
7.4 7.4 6.1 5.6 3.4 7 5.4 5.2 4 4 2.2 8.5 7.5 7.4 5.5 6.2 5.1 7.2 5.7 5.5 4.1 4.6 1.9 5.3 3.6 3.4 1.9 1.9 0.8 -
6.4 - 5.1 - 2 - 4.7 - 2.1 - 1.1 - 2.4 - 0.9 - 0.4 8.8 7.5 7.3 5.3 6 5 7.3 5.5 5.9 4 4.1 2 5.4 4.3 4.5 2.2 2 1.1
7.5 5.5 5.8 4.5 4 2.1 6.1 5.1 4.8 1.8 2 0.9 4.6 1.8 1.7 0.7 0.8 0.2 - 5.3 - 2.4 - 1.4 - 2.4 - 1.2 - 0.5 - 1 -
0.3 - 0.1
"""
_Key = tuple[int, int, int, int, int, int]
_SCORES: Final[dict[_Key, float]] = {
    (one, two, three, four, five, six): float(text)
    for (one, two, three, four, five, six), text in zip(
        product(range(3), range(2), range(3), range(3), range(3), range(2)), _TABLE.split(), strict=True
    )
    if text != "-"
}
_ORDER: Final = {  # values of each metric, most severe first
    "AV": "NALP",
    "AC": "LH",
    "AT": "NP",
    "PR": "NLH",
    "UI": "NPA",
    "VC": "HLN",
    "VI": "HLN",
    "VA": "HLN",
    "SC": "HLN",
    "SI": "HLN",
    "SA": "HLN",
}
# The highest vectors of each class, as values of the class's metrics; and the most steps that one may lie below.
_CLASSES: Final = (("AV", "PR", "UI"), ("AC", "AT"), ("VC", "VI", "VA"), ("SC", "SI", "SA"))
_HIGHEST: Final = (
    (("NNN",), ("ANN", "NLN", "NNP"), ("PNN", "ALP")),
    (("LN",), ("HN", "LP")),
    (("HHH",), ("LHH", "HLH"), ("LLL",)),
    ((), ("HHH",), ("LLL",)),
)
_STEPS: Final = ((1, 4, 5), (1, 2), (7, 8, 10), (6, 5, 4))
_EPSILON: Final = Decimal("0.000001")


def score_of_4(metrics: Mapping[str, str]) -> float:
    """The base score of a vector's metrics. Raises KeyError for a metric that is missing or has no such value."""
    for name, values in _ORDER.items():
        if len(metrics[name]) != 1 or metrics[name] not in values:
            raise KeyError(name)
    if all(metrics[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    key = _macro_vector(metrics)
    score = _SCORES[key]
    below, classes = 0.0, 0
    for number, lower in enumerate(_lower(key)):
        if lower is None:
            continue
        classes += 1
        if number < len(_CLASSES):  # exploit maturity has no step: it is taken as the worst
            level = key[number]
            below += (score - lower) * _distance(metrics, number, level) / _STEPS[number][level]
    value = Decimal(max(0.0, min(10.0, score - (below / classes if classes else 0.0)))) + _EPSILON
    return float(value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def _macro_vector(metrics: Mapping[str, str]) -> _Key:
    reach = [metrics[name] == "N" for name in ("AV", "PR", "UI")]
    one = 0 if all(reach) else 1 if any(reach) and metrics["AV"] != "P" else 2
    two = 0 if (metrics["AC"], metrics["AT"]) == ("L", "N") else 1
    high = [metrics[name] == "H" for name in ("VC", "VI", "VA")]
    three = 0 if high[0] and high[1] else 1 if any(high) else 2
    four = 1 if any(metrics[name] == "H" for name in ("SC", "SI", "SA")) else 2
    return one, two, three, four, 0, 0 if any(high) else 1


def _lower(key: _Key) -> tuple[float | None, ...]:
    """The score of the next lower macro vector in each class; EQ3 and EQ6 go together."""
    one, two, three, four, five, six = key
    aside = [_SCORES.get((one, two, three + 1, four, five, six)), _SCORES.get((one, two, three, four, five, six + 1))]
    known = [score for score in (aside if (three, six) == (0, 0) else aside[1:]) if score is not None]
    return (
        _SCORES.get((one + 1, two, three, four, five, six)),
        _SCORES.get((one, two + 1, three, four, five, six)),
        max(known) if known else None,
        _SCORES.get((one, two, three, four + 1, five, six)),
        _SCORES.get((one, two, three, four, five + 1, six)),
    )


def _distance(metrics: Mapping[str, str], number: int, level: int) -> int:
    """Steps below the first of the class's highest vectors that is nowhere less severe."""
    for highest in _HIGHEST[number][level]:
        steps = [
            _ORDER[name].index(metrics[name]) - _ORDER[name].index(value)
            for name, value in zip(_CLASSES[number], highest, strict=True)
        ]
        if min(steps) >= 0:
            return sum(steps)
    raise KeyError(number)
