"""Values for which a comparison holds."""

from __future__ import annotations

import math
import operator as operators
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["INVERSE", "MIRROR", "candidates", "holds"]

MIRROR: Final = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
INVERSE: Final = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}
_LARGEST: Final = 1e300  # a bound beyond which series of values that grow to it can't be written down
_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operators.gt,
    "<": operators.lt,
    ">=": operators.ge,
    "<=": operators.le,
    "==": operators.eq,
    "!=": operators.ne,
}


def holds(value: float, operator: str, bound: float | None) -> bool:
    """Whether ``value operator bound`` is true; of a bound that is not known it is not."""
    return bound is not None and _COMPARISONS[operator](value, bound)


def candidates(operator: str, bound: float, *, exact: bool) -> Iterator[float]:
    """Values for which ``value operator bound`` holds, the most telling first.

    ``exact``: a value that is wished for comes out to the bit, so that the bound itself may be one.
    """
    if not abs(bound) <= _LARGEST:
        return
    above = [(1 + bound) / 2] if 0 <= bound < 1 else []
    above += [*([2 * bound] if bound > 0 else []), math.floor(bound) + 1.0, bound + 1, bound / 2]
    below = [float(math.floor(bound / 2))] if bound >= 2 else []
    below += [*([bound / 2, 0.0] if bound > 0 else []), math.ceil(bound) - 1.0, bound - 1, 2 * bound]
    equal = [bound] if exact else []
    wanted = {
        ">": above,
        ">=": above + equal,
        "<": below,
        "<=": below + equal,
        "==": equal,
        "!=": above + below,
    }[operator]
    yield from (value for value in dict.fromkeys(wanted) if holds(value, operator, bound))
