"""Notes what an application's own code does: which variables it asks for, and that named functions of it are called.

Runs in a sandbox, in the image's Python.

It is started by a ``.pth`` file while a test runs, and is no part of any image. A look-up counts where the code that
asks lies below the application's directory: the standard library and packages ask for many variables of their own, as
their documentation says. What is asked at C level, through ``os.environ`` as a whole, or by a package on behalf of the
application, is not seen.

Standard library of Python 3.9 and later. Whatever goes wrong here must not change the service: it is then not watched.
"""

from __future__ import annotations

# ruff: noqa: PTH118, PTH123
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

_FUNCTION = 1  # CO_OPTIMIZED: a function's code has it, a class's body and a module's have not
_BETWEEN = ("os", "_collections_abc", "collections.abc")  # what stands between the code that asks and the answer


def asker(frame: FrameType | None) -> FrameType | None:
    """The frame of the code that asks: the first that is not the look-up's own."""
    while frame is not None and frame.f_globals.get("__name__") in _BETWEEN:
        frame = frame.f_back
    return frame


def watch(application: str, report: int) -> None:
    """From now on write a line of JSON to the descriptor for each variable that is asked for and is not there.

    Each line is ``[name, file, line number]``; each name is written once for each place.
    """
    variables: Any = type(os.environ)
    look_up = variables.__getitem__
    seen = set()

    def noted(self: Any, key: Any) -> Any:
        try:
            return look_up(self, key)
        except KeyError:
            frame = asker(sys._getframe(1))  # noqa: SLF001  there is no other way to see who asks
            if frame is not None and not frame.f_code.co_filename.startswith("<"):  # <frozen os>, <string>
                file = os.path.abspath(frame.f_code.co_filename)  # noqa: PTH100
                place = (os.fsdecode(key), file, frame.f_lineno)
                if file.startswith(application + "/") and place not in seen:
                    seen.add(place)
                    os.write(report, json.dumps(place).encode() + b"\n")
            raise

    variables.__getitem__ = noted


def follow(steps: dict[str, list[str]], report: int, asked: str) -> None:
    """Write ``["ran", STEP]`` once each of these functions is called, or a method of these classes.

    What is called before there is a file ``asked`` does not count: the service calls it by itself, as it starts.
    ``steps``: by name of the step, files in which its code may be, and its qualified name there, which comes last.
    Only whether the first call came is noted, so that little is slowed down: Python 3.12 and later are told to say no
    more of a piece of code; earlier ones have a profile function until all were seen.
    """
    waiting = {name: (frozenset(where[:-1]), where[-1]) for name, where in steps.items()}

    def called(code: CodeType) -> bool:
        """Whether the next call of this code matters as well."""
        name = getattr(code, "co_qualname", code.co_name)  # Python 3.11
        for step, (files, wanted) in list(waiting.items()):
            own = wanted if hasattr(code, "co_qualname") else wanted.rpartition(".")[2]
            if (name == own or name.startswith(own + ".")) and os.path.abspath(code.co_filename) in files:  # noqa: PTH100
                if not os.access(asked, os.F_OK):
                    return True
                waiting.pop(step, None)
                os.write(report, json.dumps(["ran", step]).encode() + b"\n")
        return False

    if hasattr(sys, "monitoring"):
        _monitor(called)
        return
    import threading

    names = {wanted.split(".")[0] for _, wanted in waiting.values()}
    names |= {wanted.rpartition(".")[2] for _, wanted in waiting.values()}

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code.co_flags & _FUNCTION and (
            code.co_name in names or getattr(code, "co_qualname", "").split(".")[0] in names
        ):
            called(code)
            if not waiting:
                sys.setprofile(None)
                threading.setprofile(None)

    threading.setprofile(profile)
    sys.setprofile(profile)


def _monitor(called: Any) -> None:
    """Say of each function that it is called (PEP 669), until ``called`` wants to hear no more of it."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    free = [number for number in (4, 3, 5, 1, 0, 2) if monitoring.get_tool(number) is None]
    if not free:
        return
    tool, event = free[0], monitoring.events.PY_START

    def started(code: CodeType, _: int) -> object:
        if code.co_flags & _FUNCTION and called(code):
            return None
        return monitoring.DISABLE

    monitoring.use_tool_id(tool, "twinbuild-trial")
    monitoring.register_callback(tool, event, started)
    monitoring.set_events(tool, event)


def begin(directory: str) -> None:
    """Watch as ``watch.json`` of a directory says, and note that it began: an empty list.

    Calls of steps count as soon as there is a file ``asked`` beside it.
    """
    with open(os.path.join(directory, "watch.json"), encoding="utf-8") as stream:
        wanted = json.load(stream)
    application, steps = wanted["application"], wanted.get("steps", {})
    report = os.open(os.path.join(directory, "seen"), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    watch(application, report)
    os.write(report, b"[]\n")
    if steps:
        follow(steps, report, os.path.join(directory, "asked"))
