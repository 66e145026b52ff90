"""How the launcher asks the kernel. Standard library only: part of the launcher."""

from __future__ import annotations

import ctypes
from typing import Any

Configuration = dict[str, Any]
Report = dict[str, object]
libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A step that the kernel refused: which, and why."""

    def __init__(self, step: str, number: int, detail: str = "") -> None:
        super().__init__(step)
        self.number = number
        self.report: Report = {"failure": {"step": step, "errno": number, "detail": detail}}


def call(step: str, result: int, detail: str = "") -> int:
    """The result of a libc function. Raises Failure if it is -1."""
    if result == -1:
        raise Failure(step, ctypes.get_errno(), detail)
    return result


def prctl(step: str, option: int, argument: int) -> None:
    """Set an attribute of this process."""
    zero = ctypes.c_ulong(0)
    call(step, libc.prctl(option, ctypes.c_ulong(argument), zero, zero, zero))
