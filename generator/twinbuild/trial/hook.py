"""Notes which environment variables an application's own code asks for. Runs in a sandbox, in the image's Python.

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
    from types import FrameType
    from typing import Any

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


def begin(directory: str) -> None:
    """Watch as ``watch.json`` of a directory says, and note that it began: an empty list."""
    with open(os.path.join(directory, "watch.json"), encoding="utf-8") as stream:
        application = json.load(stream)["application"]
    report = os.open(os.path.join(directory, "seen"), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    watch(application, report)
    os.write(report, b"[]\n")
