"""Where the installed command begins: Ctrl-C before there is anything to clear away ends it without a word.

Python's own answer to it, an exception out of whatever module is just being imported, is a traceback.
"""

from __future__ import annotations

import signal
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line and exit. ``outcome.end_in_order`` takes Ctrl-C over once everything is there."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in the background of a script it is ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from twinbuild.cli.__main__ import main as begin

    begin()
