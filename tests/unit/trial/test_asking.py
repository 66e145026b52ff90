"""Questions over connections that are handed in."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from twinbuild.model.spec.frozen import freeze
from twinbuild.trial.asking import NoAnswer, Question, Questioner


def _scripted(*scripts: bytes | None) -> tuple[Callable[[int], socket.socket], list[bytes]]:
    """Connections that read one request and answer with one script each; None closes at once. And what they read."""
    waiting, heard = list(scripts), []

    def connect(_port: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        script = waiting.pop(0)

        def work() -> None:
            with theirs:
                if script is not None:
                    heard.append(_request(theirs))
                    theirs.sendall(script)

        threading.Thread(target=work, name="scripted").start()
        return ours

    return connect, heard


def _request(theirs: socket.socket) -> bytes:
    """Head and body, which come in two parts."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += theirs.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = int(next((line.split()[1] for line in head.splitlines() if line.lower().startswith(b"content-l")), b"0"))
    while len(body) < length:
        body += theirs.recv(65536)
    return head + b"\r\n\r\n" + body


_OK = b"HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 2\r\n\r\n{}"


def test_what_goes_over_the_wire() -> None:
    """Keys in order, a content type, no address of this machine; names of the answer's headers are in lower case."""
    connect, heard = _scripted(_OK)
    question = Question.of("POST", "/p?q=1", 8000, freeze({"b": 950.0, "a": [None, "é"]}), (("x-a", "b"),))
    with closing(Questioner(connect)) as questioner:
        answer = questioner.ask(question)
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /p?q=1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n")
    assert b"x-a: b\r\n" in head + b"\r\n"
    assert b"content-type: application/json" in head
    assert body.decode() == '{"a":[null,"é"],"b":950.0}'
    assert (answer.status, answer.headers, answer.body) == (200, (("x-one", "1"), ("content-length", "2")), b"{}")
    assert answer.seconds > 0


def test_a_content_type_of_ones_own() -> None:
    """It is not overridden."""
    question = Question.of("POST", "/", 1, freeze([]), (("Content-Type", "application/x"),))
    assert question.headers == (("Content-Type", "application/x"),)


def test_the_identity_of_a_question() -> None:
    """Method, path, headers and body count; the number of the port and the order of headers do not."""
    one = Question.of("POST", "/", 1, freeze({"a": 1}), (("a", "1"), ("b", "2")))
    assert one.digest == Question.of("POST", "/", 2, freeze({"a": 1}), (("B", "2"), ("a", "1"))).digest
    assert one.digest != Question.of("POST", "/", 1, freeze({"a": 2}), (("a", "1"), ("b", "2"))).digest
    assert one.digest != Question.of("PUT", "/", 1, freeze({"a": 1}), (("a", "1"), ("b", "2"))).digest


def test_a_connection_that_was_closed_between_two_questions() -> None:
    """The second question goes over a new one, which is no part of its time."""
    connect, heard = _scripted(_OK, _OK)

    def slowly(port: int) -> socket.socket:
        time.sleep(0.3)
        return connect(port)

    with closing(Questioner(slowly)) as questioner:
        for _ in range(2):
            answer = questioner.ask(Question.of("GET", "/", 1))
            assert (answer.status, answer.seconds < 0.25) == (200, True)
            for thread in [each for each in threading.enumerate() if each.name == "scripted"]:
                thread.join()  # it has closed its end
    assert len(heard) == 2


def test_a_connection_that_was_idle_for_long() -> None:
    """It is made anew before the service closes it while something is on its way."""
    heard: list[bytes] = []
    made: list[int] = []

    def connect(port: int) -> socket.socket:
        made.append(port)
        ours, theirs = socket.socketpair()

        def work() -> None:
            with theirs, contextlib.suppress(OSError):
                for _ in range(2):
                    heard.append(_request(theirs))
                    theirs.sendall(_OK)

        threading.Thread(target=work, daemon=True).start()
        return ours

    with closing(Questioner(connect)) as questioner:
        questioner.ask(Question.of("GET", "/", 1))
        questioner.ask(Question.of("GET", "/", 1))
        assert made == [1]
        questioner._connections[1]._used -= 2
        questioner.ask(Question.of("GET", "/", 1))
    assert (made, len(heard)) == ([1, 1], 3)


@pytest.mark.parametrize("half", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"])
def test_an_answer_that_is_cut_off_on_a_kept_connection(half: bytes) -> None:
    """It is no answer: to ask again would hide that the service failed, and would ask it twice."""
    asked: list[bytes] = []

    def connect(_port: int) -> socket.socket:
        ours, theirs = socket.socketpair()

        def work() -> None:
            with theirs, contextlib.suppress(OSError):
                for script in (_OK, half):
                    asked.append(_request(theirs))
                    theirs.sendall(script)

        threading.Thread(target=work, daemon=True).start()
        return ours

    with closing(Questioner(connect)) as questioner:
        assert questioner.ask(Question.of("GET", "/", 1)).status == 200
        with pytest.raises(NoAnswer, match=r"closed the connection|IncompleteRead"):
            questioner.ask(Question.of("GET", "/", 1))
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
    ],
)
def test_an_answer_that_never_ends(head: bytes, drop: bytes) -> None:
    """Whoever says a little now and then is given up once the time of the whole answer is over."""
    over = threading.Event()

    def connect(_port: int) -> socket.socket:
        ours, theirs = socket.socketpair()

        def work() -> None:
            with theirs, contextlib.suppress(OSError):
                _request(theirs)
                theirs.sendall(head)
                while not over.wait(0.05):
                    theirs.sendall(drop)

        threading.Thread(target=work, daemon=True).start()
        return ours

    try:
        with closing(Questioner(connect)) as questioner, pytest.raises(NoAnswer, match=r"not answer within 0\.4 s"):
            questioner.ask(Question.of("GET", "/", 1), patience=0.4)
    finally:
        over.set()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (b"", "closed the connection"),
        (b"SSH-2.0-x\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", "HTTPException"),
    ],
)
def test_no_answer(script: bytes, reason: str) -> None:
    """What is no HTTP is told as such."""
    connect, _ = _scripted(script)
    with pytest.raises(NoAnswer, match=reason):
        Questioner(connect).ask(Question.of("GET", "/", 1))


def test_an_answer_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than can be kept is refused."""
    monkeypatch.setattr("twinbuild.trial.asking.LARGEST", 10)
    connect, _ = _scripted(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 11)
    with pytest.raises(NoAnswer, match="longer than 10 bytes"):
        Questioner(connect).ask(Question.of("GET", "/", 1))
