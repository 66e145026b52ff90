"""A running service's ports on this machine's loopback, and its log on standard output, until it ends."""

from __future__ import annotations

import contextlib
import json
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import click

from twinbuild.build.service import RunningService
from twinbuild.errors import EnvironmentFault, TwinbuildError

__all__ = ["published"]

_POLL: Final = 0.1
_CHUNK: Final = 1 << 16


def published(service: RunningService, ports: tuple[tuple[int, int], ...], log: Path, *, as_json: bool) -> int:
    """Forward ports (here, inside) and print the log until the service ends or we are to stop; the exit status."""
    with contextlib.ExitStack() as stack:
        stopping = stack.enter_context(_stopping())
        listeners = [stack.enter_context(_listen(here)) for here, _ in ports]
        for listener, (_, inside) in zip(listeners, ports, strict=True):
            threading.Thread(target=_accept, args=(listener, service, inside), daemon=True).start()
        places = [f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
        if as_json:
            click.echo(json.dumps({"listening": places}))
        else:
            for place in places:
                click.echo(f"twinbuild: {place} leads to the service; Ctrl-C ends it", err=True)
        sys.stdout.flush()
        with log.open("rb") as lines:
            while not stopping.is_set() and not service.ended:
                if not _print(lines.read(_CHUNK)):
                    time.sleep(_POLL)
            if stopping.is_set():
                service.stop()
                _print(lines.read())
                return 0
            _print(lines.read())
        status = service.wait()
        return status if status is not None else 0


def _print(chunk: bytes) -> bool:
    if chunk:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    return bool(chunk)


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    event = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise EnvironmentFault.of(
            "TB8013",
            f"cannot listen on 127.0.0.1:{port}: {error.strerror}",
            hint="choose another port with --publish, or end the program that has it",
        ) from error


def _accept(listener: socket.socket, service: RunningService, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # closed: the command ends
            return
        threading.Thread(target=_relay, args=(client, service, port), daemon=True).start()


def _relay(client: socket.socket, service: RunningService, port: int) -> None:
    """Copy bytes both ways until both sides are done."""
    with client:
        try:
            inside = service.connect(port)
        except TwinbuildError:
            return
        with inside, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, inside)
            selector.register(inside, selectors.EVENT_READ, client)
            while selector.get_map():
                for key, _ in selector.select():
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    with contextlib.suppress(OSError):
                        chunk = source.recv(_CHUNK)
                        if chunk:
                            target.sendall(chunk)
                            continue
                    selector.unregister(source)
                    with contextlib.suppress(OSError):
                        target.shutdown(socket.SHUT_WR)
