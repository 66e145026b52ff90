"""Log lines as declared."""

from __future__ import annotations

import pytest

from twinbuild.model.spec.observability import Logs
from twinbuild.trial.lines import bad_lines

JSON = Logs(format="json", fields=("level",), optional=("path",))
LOGFMT = Logs(format="logfmt", fields=("level",), optional=("path",))


@pytest.mark.parametrize(
    ("logs", "content", "found"),
    [
        (JSON, b'{"level": 1}\n{"level": 2, "path": null}\n', []),
        (JSON, b'{"level": 1}\nTraceback', []),  # not finished
        (JSON, b"INFO started\n", [(1, "it is no JSON")]),
        (JSON, b'{"level": 1}\n\n', [(2, "it is no JSON")]),
        (JSON, b"[1]\n", [(1, "it is JSON, but no object")]),
        (JSON, b'{"path": 1}\n', [(1, "it lacks the field 'level'")]),
        (JSON, b"\xff\n", [(1, "it is not UTF-8")]),
        (JSON, b"[" * 100_000 + b"\n", [(1, "it is no JSON")]),
        (
            JSON,
            b'{"level": 1, "x": 1}\n',
            [(1, "it has the field 'x', which is neither in 'fields' nor in 'optional'")],
        ),
        (LOGFMT, b'level=info path="/a \\"b"\n', []),
        (LOGFMT, b"level=info  path=1\n", [(1, 'it is no logfmt (key=value key="a value")')]),
        (LOGFMT, b"path=1\n", [(1, "it lacks the field 'level'")]),
        (LOGFMT, b"\n", [(1, "it is empty")]),
        (LOGFMT, b"level\n", [(1, 'it is no logfmt (key=value key="a value")')]),
        (Logs(format="text"), b"\xff anything\n", []),
        (Logs(format="json"), b'{"any": 1}\n', []),
        (
            Logs(format="json", optional=("path",)),
            b'{"path": 1}\n{"any": 1}\n',
            [(2, "it has the field 'any', which is neither in 'fields' nor in 'optional'")],
        ),
    ],
)
def test_lines(logs: Logs, content: bytes, found: list[tuple[int, str]]) -> None:
    """Each line that is not, with its number and one reason."""
    assert list(bad_lines(content, logs)) == found
