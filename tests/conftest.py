"""What every test may rely on."""

from __future__ import annotations

import signal

from fakes.tool import tool

__all__ = ["tool"]

# A shell that starts a command in the background has it ignore SIGINT; tests of interruption need Python's own handler.
signal.signal(signal.SIGINT, signal.default_int_handler)
