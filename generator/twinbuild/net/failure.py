"""One failed try of a request, as a value that says whether another try makes sense."""

from __future__ import annotations

__all__ = ["Broken"]


class Broken(Exception):
    """One try of a request failed. ``transient``: another try may succeed. Never leaves the room ``net``."""

    def __init__(self, code: str, reason: str, *, transient: bool, pause: float | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.transient = transient
        self.pause = pause  # seconds that the server asks to wait
