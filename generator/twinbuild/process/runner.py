"""Starting programs: with exactly the environment given, bounded in time and output, and leaving nothing behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from twinbuild.errors import EnvironmentFault
from twinbuild.ports import Completed

__all__ = ["SubprocessRunner"]

_CHUNK: Final = 1 << 16
_GRACE: Final = 5.0  # seconds for a killed group's pipes to close


class SubprocessRunner:
    """Runs programs as children, each in a session of its own. Output above ``limit`` bytes a stream is refused.

    When the program ends, or on time-out, too much output or an interruption, its whole process group is killed.
    """

    def __init__(self, *, limit: int = 256 << 20) -> None:
        self._limit = limit

    def run(
        self,
        argv: tuple[str, ...],
        *,
        environment: tuple[tuple[str, str], ...],
        stdin: bytes = b"",
        directory: Path | None = None,
        timeout: float = 600.0,
    ) -> Completed:
        """Run a program and wait for it. Raises EnvironmentFault TB5901 (start), TB5902 (time), TB5903 (output)."""
        process = _start(argv, environment, directory)
        try:
            conversation = _Conversation(process, argv[0], stdin, self._limit)
            return conversation.hold(timeout)
        finally:
            _kill_group(process)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()


def _start(
    argv: tuple[str, ...], environment: tuple[tuple[str, str], ...], directory: Path | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  argv is a tuple, no shell
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=directory,
            env=dict(environment),
            close_fds=True,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:  # ValueError: NUL in an argument; IndexError: no argument
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        if isinstance(error, OSError) and error.filename:
            reason = f"{reason}: {os.fsdecode(error.filename)}"
        raise EnvironmentFault.of(
            "TB5901",
            f"cannot start {argv[0] if argv else 'nothing'}: {reason}",
            hint="install it, or run `twinbuild doctor` to see what this machine lacks",
        ) from error


class _Conversation:
    """Feeding a process and listening to both of its streams at once, so that neither side waits for the other."""

    def __init__(self, process: subprocess.Popen[bytes], program: str, stdin: bytes, limit: int) -> None:
        self._process, self._program, self._limit = process, program, limit
        self._input = memoryview(stdin)
        self._outputs = {"standard output": bytearray(), "standard error": bytearray()}

    def hold(self, timeout: float) -> Completed:
        """Until the process ends and its streams are drained."""
        end = time.monotonic() + timeout
        pidfd = os.pidfd_open(self._process.pid)
        try:
            with selectors.DefaultSelector() as selector:
                self._register(selector, pidfd)
                alive = True
                while selector.get_map():
                    left = end - time.monotonic()
                    if left <= 0:
                        if not alive:
                            break  # somebody outside of the group holds the pipes open
                        raise self._too_long(timeout)
                    for key, _ in selector.select(left):
                        if key.fd != pidfd:
                            self._serve(selector, key)
                            continue
                        # It is not reaped yet, so its group's number cannot belong to somebody else.
                        selector.unregister(pidfd)
                        alive, end = False, time.monotonic() + _GRACE
                        _signal_group(self._process.pid)
        finally:
            os.close(pidfd)
        return Completed(
            status=self._process.wait(),
            stdout=bytes(self._outputs["standard output"]),
            stderr=bytes(self._outputs["standard error"]),
        )

    def _register(self, selector: selectors.BaseSelector, pidfd: int) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        selector.register(pidfd, selectors.EVENT_READ)
        selector.register(process.stdout, selectors.EVENT_READ, "standard output")
        selector.register(process.stderr, selectors.EVENT_READ, "standard error")
        os.set_blocking(process.stdin.fileno(), False)
        if self._input:
            selector.register(process.stdin, selectors.EVENT_WRITE)
        else:
            process.stdin.close()

    def _serve(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        if key.data is None:
            self._feed(selector)
            return
        chunk = os.read(key.fd, _CHUNK)
        if not chunk:
            selector.unregister(key.fileobj)
            return
        output = self._outputs[key.data]
        output += chunk
        if len(output) > self._limit:
            raise EnvironmentFault.of(
                "TB5903",
                f"{self._program} wrote more than {self._limit} bytes to its {key.data}, and was killed",
                hint="run it by hand to see what it prints",
            )

    def _feed(self, selector: selectors.BaseSelector) -> None:
        assert self._process.stdin
        try:
            self._input = self._input[os.write(self._process.stdin.fileno(), self._input[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._input = self._input[:0]  # it doesn't want to hear more; its status says whether that is well
        if not self._input:
            selector.unregister(self._process.stdin)
            self._process.stdin.close()

    def _too_long(self, timeout: float) -> EnvironmentFault:
        last = bytes(self._outputs["standard error"][-400:]).decode(errors="replace").strip()
        return EnvironmentFault.of(
            "TB5902",
            f"{self._program} did not end within {timeout:g} s, and was killed"
            + (f"; it said: {last}" if last else ""),
            hint="run it again; raise the limit if the machine is slow",
        )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        _signal_group(process.pid)
        process.wait()


def _signal_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
