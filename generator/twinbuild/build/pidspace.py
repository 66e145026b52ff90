"""A pid namespace of its own: who is in it sees no process of this machine, and none outlives the one that made it.

Three processes: the *keeper*, which was there before, waits and ends as the others did; *process 1* reaps; the *worker*
goes on with the program. When one of the first two ends, even by SIGKILL, the kernel kills all that are in the
namespace.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from typing import Final, NoReturn

from twinbuild.build.kernel import prctl

__all__ = ["NEW_PIDS", "become_worker"]

NEW_PIDS: Final = 0x20000000  # CLONE_NEWPID of <sched.h>
_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>
_KILLED: Final = 128  # and the signal: as a shell says it


def become_worker(parent: int) -> None:
    """Go on as the worker; the process that calls it is the keeper, and never returns.

    It has one thread, and has asked for a namespace for its children (``unshare`` with ``NEW_PIDS``). ``parent`` is the
    number of its parent as it was before: a new user namespace makes the kernel forget whose end was to be its own, so
    it is asked for here. Raises Failure.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # or each of the three would write what is waiting there
    prctl("die with the parent", _PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(_KILLED + signal.SIGKILL)
    ours, theirs = os.pipe()
    first = os.fork()
    if first:
        os.close(ours)
        _end_as(first)  # which keeps ``theirs`` open as long as it lives
    os.close(theirs)
    prctl("die with the keeper", _PR_SET_PDEATHSIG, signal.SIGKILL)
    if select.select([ours], [], [], 0)[0]:  # it ended before we asked
        os._exit(_KILLED + signal.SIGKILL)
    os.close(ours)
    worker = os.fork()
    if worker:
        _end_as(worker)


def _end_as(child: int) -> NoReturn:
    """Reap whoever ends until a child does, and end with its status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_DFL)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else _KILLED - code)
