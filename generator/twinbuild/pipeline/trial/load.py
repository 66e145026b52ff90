"""Load on a service: its limits of time, in up to three rounds, of which one that keeps them all is enough.

Whatever else the machine does can only slow it down.
"""

from __future__ import annotations

from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.golden import question_of
from twinbuild.pipeline.trial.record import TrialRun, finding_at, note_measure
from twinbuild.trial.asking import Answer, NoAnswer, Question
from twinbuild.trial.limits import Measure, load_measures
from twinbuild.trial.loading import Load, under_load

__all__ = ["put_under_load"]

ROUNDS: Final = 3  # until one keeps all limits


def put_under_load(project: Project, service: Trial, run: TrialRun) -> None:
    """Up to three rounds of load, until one keeps all limits of time."""
    tests = project.spec.tests
    limits = tests.performance
    if limits is None or not tests.golden:
        return
    by_question = {question_of(golden, service): golden for golden in tests.golden}

    def expected(question: Question, answer: Answer) -> str:
        golden = by_question[question]
        known = run.answers[golden.name]
        return "" if (answer.status, answer.body) == (known.status, known.body) else golden.name

    rounds: list[list[Measure]] = []
    load: Load | None = None
    while len(rounds) < ROUNDS and not (rounds and all(each.kept for each in rounds[-1])):
        try:
            load = under_load(
                service.questioner,
                tuple(by_question),
                requests=limits.requests,
                concurrency=limits.concurrency,
                expected=expected,
            )
        except NoAnswer as error:
            service.raise_if_ended(service.port())
            what = f"under load the service gave no answer: {error}"
            hint = "look at its log with `twinbuild run`; lower tests.performance.concurrency to what it can take"
            run.findings.append(finding_at(project, "TB7203", what, hint, "tests", "performance"))
            return
        if load.failures:
            what = (
                f"under load {len(load.failures)} of {counted(limits.requests, 'answer')} differed from before, "
                f"first that to the request of golden test {load.failures[0]!r}"
            )
            hint = "make answers independent of other requests that are under way"
            run.findings.append(finding_at(project, "TB7204", what, hint, "tests", "performance"))
            return
        rounds.append(list(load_measures(load, limits)))
    best = max(rounds, key=lambda measures: sum(each.kept for each in measures))
    run.observed["load"] = {"requests": limits.requests, "concurrency": limits.concurrency, "rounds": len(rounds)}
    for measure in best:
        note_measure(project, run, measure, "TB7205", also=f" in the best of {counted(len(rounds), 'round')}")
