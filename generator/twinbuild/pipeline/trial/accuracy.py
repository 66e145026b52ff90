"""Accuracy: the service answers an evaluation set, and must be as good as its threshold."""

from __future__ import annotations

from typing import Any

from twinbuild.codec.jsontext import JsonProblem
from twinbuild.errors import Finding
from twinbuild.model.spec.accuracy import Accuracy, is_better
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.files import TrialFiles
from twinbuild.trial.asking import NoAnswer, Question
from twinbuild.trial.comparing import json_body
from twinbuild.trial.evaluating import NoPrediction, pairs_of
from twinbuild.trial.metrics import Unmeasurable, measure

__all__ = ["try_accuracy"]


def try_accuracy(project: Project, service: Trial, files: TrialFiles) -> tuple[list[dict[str, Any]], list[Finding]]:
    """What was measured for each accuracy test, and what is wrong."""
    measured: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for index, accuracy in enumerate(project.spec.tests.accuracy):
        at = ("tests", "accuracy", index)
        try:
            value, count = _value(service, accuracy, files)
        except (NoPrediction, Unmeasurable) as error:
            hint = "correct 'prediction', 'metric' or the evaluation set, or mend the service"
            message = f"accuracy test {accuracy.name!r} measures nothing: {error}"
            findings.append(Finding(code="TB7212", message=message, hint=hint, where=project.loaded.where(*at)))
            continue
        measured.append({"name": accuracy.name, "metric": accuracy.metric, "value": value, "predictions": count})
        if not is_better(accuracy.metric, value, accuracy.threshold):
            least = "at least" if is_better(accuracy.metric, 1.0, 0.0) else "at most"
            message = f"accuracy test {accuracy.name!r}: {accuracy.metric} is {value:.6g}, expected {least} "
            message += f"{accuracy.threshold:.6g}"
            hint = "release the model that was as good as that; or find out what has become worse"
            where = project.loaded.where(*at, "threshold")
            findings.append(Finding(code="TB7209", message=message, hint=hint, where=where))
    return measured, findings


def _value(service: Trial, accuracy: Accuracy, files: TrialFiles) -> tuple[float, int]:
    """The metric over all examples, and of how many predictions it is. Raises NoPrediction and Unmeasurable."""
    port = service.port(accuracy.port)
    pairs: list[tuple[float, float]] = []
    for example in files.examples[accuracy.name]:
        where = f"the request of line {example.line}"
        try:
            answer = service.ask(Question.of("POST", accuracy.path, port, example.request))
            body = json_body(answer)
        except (NoAnswer, JsonProblem) as error:
            raise NoPrediction(f"{where} got no answer in JSON: {error}") from error
        if not 200 <= answer.status < 300:
            raise NoPrediction(f"{where} got the status {answer.status}")
        try:
            pairs += pairs_of(example, body, prediction=accuracy.prediction, cutoff=accuracy.cutoff)
        except NoPrediction as error:
            raise NoPrediction(f"{where}: {error}") from error
    return measure(accuracy.metric, pairs), len(pairs)
