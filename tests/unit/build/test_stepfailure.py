"""Logs of failed steps: what is shown of them, and what cannot be translated stays as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twinbuild.build.stepfailure import explained, failed, log_tail
from twinbuild.errors import BuildError
from unit.build.test_outputs import recipe

LOGS = {
    "curl: (6) Could not resolve host: files.example": ("TB5304", "files.example"),
    "urllib3: HTTPSConnectionPool(host='index.example', port=443): [Errno 101] Network is unreachable": (
        "TB5304",
        "index.example",
    ),
    "fatal: unable to access 'https://git.example/x/': Could not resolve host: git.example": (
        "TB5304",
        "https://git.example",
    ),
    "ssh: connect to host.example:22 failed: No route to host": ("TB5304", "host.example:22"),
    "socket.gaierror: [Errno -3] Temporary failure in name resolution": ("TB5304", "the network"),
    "x.c:1:10: fatal error: Python.h: No such file or directory": ("TB5303", ""),
    "/bin/sh: 1: cmake: not found": ("TB5303", ""),
    "ModuleNotFoundError: No module named 'onnx'": ("TB5303", ""),
    "terminate called after throwing an instance of 'std::bad_alloc'": ("TB5307", ""),
    "OSError: [Errno 30] Read-only file system: '/opt/x'": ("TB5310", ""),
    "wrong": ("TB5301", ""),
}


def test_causes(tmp_path: Path) -> None:
    """What real programs say when they have no network, no file, no memory, or nowhere to write."""
    log = tmp_path / "log"
    for text, (code, target) in LOGS.items():
        log.write_text(f"first\n{text}\n")
        error = failed(recipe("a/x"), 1, log)
        assert error.findings[0].code == code, text
        assert target in error.findings[0].message
        assert text in error.findings[0].message


def test_a_target_that_the_command_names(tmp_path: Path) -> None:
    """Where the log does not say what was to be reached, the command may."""
    (tmp_path / "log").write_text("<urlopen error [Errno -3] Temporary failure in name resolution>")
    step = replace(recipe("a/x"), command=("fetch", "https://files.example/x"))
    assert "reach https://files.example:" in failed(step, 1, tmp_path / "log").findings[0].message


def test_a_hostile_log(tmp_path: Path) -> None:
    """Control characters reach no terminal, long lines and long logs are cut, bytes that are no text are shown."""
    log = tmp_path / "log"
    log.write_bytes(b"lost\n" * 200_000 + b"\x1b[2J\x07\xff" + b"y" * 5000 + b"\n\n")
    lines = log_tail(log)
    assert len(lines) == 12
    assert lines[-1].startswith("?[2J?\ufffdyyy")
    assert len(lines[-1]) == 300
    assert log_tail(tmp_path / "none") == ()


def test_what_is_not_about_the_step(tmp_path: Path) -> None:
    """An error of another kind passes as it is."""
    error = BuildError.of("TB5903", "too much output", hint="less")
    assert explained(recipe("a/x"), error, tmp_path / "log") is error
