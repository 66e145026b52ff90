"""Load: every question is asked, answers are counted and timed, and what goes wrong in a thread is not lost."""

from __future__ import annotations

import socket
import threading

import pytest

from twinbuild.trial.asking import NoAnswer, Question, Questioner
from twinbuild.trial.loading import Load, percentile, under_load

QUESTIONS = tuple(Question.of("GET", f"/{name}", 1) for name in "ab")


class _Echo:
    """Connections whose answer is the path; ``broken`` paths close without one."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.asked: list[str] = []
        self.lock = threading.Lock()

    def connect(self, _port: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._work, args=(theirs,), daemon=True).start()
        return ours

    def _work(self, theirs: socket.socket) -> None:
        with theirs:
            while request := theirs.recv(65536):
                path = request.split(b" ")[1].decode()
                with self.lock:
                    self.asked.append(path)
                if path == self.broken:
                    return
                theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path.encode()))


@pytest.mark.parametrize("concurrency", [1, 3])
def test_all_are_asked_in_turn(concurrency: int) -> None:
    """As many as wanted, of each kind as many."""
    echo = _Echo()
    load = under_load(
        lambda: Questioner(echo.connect),
        QUESTIONS,
        requests=20,
        concurrency=concurrency,
        expected=lambda question, answer: "" if answer.body.decode() == question.path else question.path,
    )
    assert sorted(echo.asked) == ["/a"] * 10 + ["/b"] * 10
    assert len(load.latencies) == 20
    assert load.latencies == tuple(sorted(load.latencies))
    assert load.failures == ()
    assert load.throughput == pytest.approx(20 / load.elapsed)


def test_other_answers_are_failures() -> None:
    """They count for no latency."""
    echo = _Echo()
    load = under_load(
        lambda: Questioner(echo.connect),
        QUESTIONS,
        requests=4,
        concurrency=1,
        expected=lambda question, _: "wrong" if question.path == "/b" else "",
    )
    assert load.failures == ("wrong", "wrong")
    assert len(load.latencies) == 2


def test_no_answer_in_a_thread_reaches_the_caller() -> None:
    """And ends the others."""
    echo = _Echo(broken="/b")
    with pytest.raises(NoAnswer):
        under_load(lambda: Questioner(echo.connect), QUESTIONS, requests=1000, concurrency=2, expected=lambda *_: "")
    assert len(echo.asked) < 1000


def test_percentiles_by_the_nearest_rank() -> None:
    """The definition of the docstring, by hand."""
    values = tuple(float(each) for each in range(1, 21))
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0, 0.0)] == [10.0, 19.0, 20.0, 20.0, 1.0]
    assert percentile((), 0.5) == 0.0
    assert Load(latencies=(), elapsed=0.0, failures=()).throughput == 0.0
