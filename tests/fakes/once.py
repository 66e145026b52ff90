"""What is costly to make, made once in a process: a fixture that modules import is one of each module for pytest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

__all__ = ["once"]

_Made = TypeVar("_Made")
_made: dict[str, object] = {}


def once(name: str, make: Callable[[], _Made]) -> _Made:
    """What ``make`` made when it was first asked for under this name. Nobody may change it: tests take copies."""
    if name not in _made:
        _made[name] = make()
    return cast("_Made", _made[name])
