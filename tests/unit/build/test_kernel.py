"""What the kernel refuses is reported with the step and its number."""

from __future__ import annotations

import ctypes
import errno

import pytest

from twinbuild.build.kernel import Failure, call, libc, prctl


def test_results() -> None:
    """A result passes; -1 is the failure of a step, with what the C library noted."""
    assert call("anything", 7) == 7
    with pytest.raises(Failure) as caught:
        call("close", libc.close(-1), "a descriptor")
    assert caught.value.report == {"failure": {"step": "close", "errno": errno.EBADF, "detail": "a descriptor"}}


def test_attributes_of_a_process() -> None:
    """One that there is not is refused; one that there is can be read again."""
    with pytest.raises(Failure) as caught:
        prctl("nothing", 2**20, 0)
    assert caught.value.report == {"failure": {"step": "nothing", "errno": errno.EINVAL, "detail": ""}}
    set_timer_slack, get_timer_slack = 29, 30
    before = libc.prctl(get_timer_slack, *[ctypes.c_ulong(0)] * 4)
    prctl("timer slack", set_timer_slack, before)
    assert libc.prctl(get_timer_slack, *[ctypes.c_ulong(0)] * 4) == before
