"""Many questions, some at once: how long answers take, and how many come in a second.

The clients are threads of this process on this machine, so figures include their cost, and whatever else the machine
does. Percentiles are by the nearest rank: of 20 answers the 95th percentile is the 19th.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from twinbuild.trial.asking import Answer, Question, Questioner

__all__ = ["Load", "percentile", "under_load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was measured. Seconds, sorted; ``failures`` are the reasons of what was not answered as expected."""

    latencies: tuple[float, ...]
    elapsed: float
    failures: tuple[str, ...]

    @property
    def throughput(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.elapsed if self.elapsed else 0.0


def percentile(ordered: tuple[float, ...], share: float) -> float:
    """The value that ``share`` (0 to 1) of the sorted values do not exceed; 0 where there is none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def under_load(
    connect: Callable[[], Questioner],
    questions: tuple[Question, ...],
    *,
    requests: int,
    concurrency: int,
    expected: Callable[[Question, Answer], str],
) -> Load:
    """Send ``requests`` questions, in turn those given. ``expected`` says why an answer is none ("" where it is)."""
    numbers = iter(range(requests))
    lock = threading.Lock()
    latencies: list[float] = []
    failures: list[str] = []
    errors: list[BaseException] = []

    def work() -> None:
        questioner = connect()
        try:
            while True:
                with lock:
                    number = next(numbers, None)
                    if number is None or errors:
                        return
                question = questions[number % len(questions)]
                answer = questioner.ask(question)
                why = expected(question, answer)
                with lock:
                    failures.append(why) if why else latencies.append(answer.seconds)
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            with lock:
                errors.append(error)
        finally:
            questioner.close()

    threads = [threading.Thread(target=work, name="client", daemon=True) for _ in range(concurrency)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    if errors:
        raise errors[0]
    return Load(latencies=tuple(sorted(latencies)), elapsed=elapsed, failures=tuple(failures))
