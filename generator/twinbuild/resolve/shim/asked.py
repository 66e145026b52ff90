"""What was asked for, what was seen on the way, and how a run ends early."""

from __future__ import annotations

import fnmatch
from typing import Any

__all__ = ["Refusal", "Target", "cause"]


class Refusal(Exception):
    """Ends the run with a machine-readable reason. Not a PipError, so nobody on the way swallows it."""

    def __init__(self, kind: str, **facts: object) -> None:
        super().__init__(kind)
        self.facts = {"kind": kind, **facts}


class Target:
    """What was asked for, and what was seen on the way."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.sizes: dict[str, int] = {}  # address without fragment → size that the index states
        self.pages: dict[str, dict[str, Any]] = {}  # project → index, whether it is missing, file name → verdict
        self.resolvers: list[Any] = []

    def known(self, link: Any) -> str | None:
        """The SHA-256 of a file that our caller read, now or on an earlier run."""
        known: str | None = self.request["known"].get(link.url_without_fragment)
        return known

    def index_of(self, project: str) -> str:
        """The one index on which a project is looked for."""
        names = [name for pattern, name in self.request["bindings"] if fnmatch.fnmatchcase(project, pattern)]
        if len(set(names)) > 1:
            raise Refusal("ambiguous", project=project, indexes=sorted(set(names)))
        return names[0] if names else "default"

    def page(self, project: str) -> dict[str, Any]:
        """The record of a project's page."""
        empty = {"index": self.index_of(project), "missing": False, "files": {}}
        return self.pages.setdefault(project, empty)


def cause(error: BaseException) -> str:
    """What broke a connection: the class of the innermost error, for texts of others would carry addresses."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return str(error) if type(error).__name__ == "ResponseError" else type(error).__name__  # "too many 503 error …"
