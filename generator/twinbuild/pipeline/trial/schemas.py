"""Data schemas at the service's endpoint: what it takes and gives is as they say, and what they refuse it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twinbuild.codec.jsontext import JsonProblem
from twinbuild.errors import Finding
from twinbuild.model.spec.tests import Golden
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.files import TrialFiles
from twinbuild.trial.asking import Answer, NoAnswer, Question, plain
from twinbuild.trial.comparing import json_body, shortened

__all__ = ["input_findings", "output_findings", "try_refusals"]


def _about(golden: Golden) -> bool:
    """Whether schemas are about a test: it has a body, the answer is to be a good one, and it does not opt out."""
    return golden.schemas and golden.request.body is not None and 200 <= golden.expect.status < 300


def input_findings(project: Project, files: TrialFiles) -> Iterator[Finding]:
    """Requests of golden tests that the input schema refuses: nothing need run for that."""
    for index, golden in enumerate(project.spec.tests.golden):
        if files.input is None or not _about(golden):
            continue
        if why := files.input.objection(plain(golden.request.body)):
            what = f"golden test {golden.name!r} asks what the input schema refuses: {why}"
            hint = (
                "correct the request or model.schemas.input; or write `schemas: false`, where it is of another endpoint"
            )
            where = project.loaded.where("tests", "golden", index, "request", "body")
            yield Finding(code="TB7214", message=what, hint=hint, where=where)


def output_findings(project: Project, files: TrialFiles, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    """Answers to golden tests that the output schema refuses."""
    for index, golden in enumerate(project.spec.tests.golden):
        answer = answers.get(golden.name)
        if files.output is None or answer is None or not _about(golden):
            continue
        try:
            why = files.output.objection(json_body(answer))
        except JsonProblem as problem:
            why = f"it is no JSON, {problem.message}"
        if why:
            what = f"the answer to golden test {golden.name!r} is not as the output schema says: {why}"
            where = project.loaded.where("tests", "golden", index)
            yield Finding(code="TB7215", message=what, hint="mend the service, or model.schemas.output", where=where)


def try_refusals(project: Project, service: Trial, files: TrialFiles) -> tuple[list[str], list[Finding]]:
    """Send requests that the input schema refuses, made from the first golden test it is about; what was sent."""
    for index, golden in enumerate(project.spec.tests.golden):
        if files.input is None or not _about(golden):
            continue
        sent: list[str] = []
        findings: list[Finding] = []
        for what, changed in files.input.violations(plain(golden.request.body)):
            sent.append(what)
            headers = tuple(golden.request.headers.items())
            port = service.port(golden.request.port)
            question = Question.of(golden.request.method, golden.request.path, port, changed, headers)
            if got := _accepted(service, question):
                message = (
                    f"the service takes a request that the input schema refuses (that of golden test {golden.name!r} "
                    f"{what}): got {got}, expected a status of 400 to 499"
                )
                hint = "check requests in the service before the model sees them, or correct model.schemas.input"
                where = project.loaded.where("tests", "golden", index, "request")
                findings.append(Finding(code="TB7216", message=message, hint=hint, where=where))
        return sent, findings
    return [], []


def _accepted(service: Trial, question: Question) -> str:
    """What came instead of a refusal; "" where it was one."""
    try:
        answer = service.ask(question)
    except NoAnswer as error:
        return f"no answer, {error}"
    if 400 <= answer.status < 500:
        return ""
    return f"status {answer.status} ({shortened(answer.body.decode(errors='replace'))})"
