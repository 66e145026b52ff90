"""Golden tests: known requests with their expected answers, and the same bytes from every start of one image.

Of an answer only status and body count, since headers hold the date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twinbuild.errors import Finding
from twinbuild.model.digest import Digest
from twinbuild.model.spec.tests import Golden
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.fallbacks import fallback_findings, patience_for
from twinbuild.pipeline.trial.record import TrialRun, finding_at
from twinbuild.trial.asking import Answer, NoAnswer, Question
from twinbuild.trial.comparing import Mismatch, mismatch_of, said_in, shortened
from twinbuild.trial.dead import Dead

__all__ = ["ask_golden", "otherwise_answered", "question_of", "unusual"]


def question_of(golden: Golden, service: Trial) -> Question:
    """What a golden test asks."""
    request = golden.request
    headers = tuple(request.headers.items())
    return Question.of(request.method, request.path, service.port(request.port), request.body, headers)


def ask_golden(project: Project, service: Trial, run: TrialRun, dead: Mapping[str, Dead], *, first: bool) -> None:
    """All golden tests, in order; in a later start the answers must be those of the first, byte for byte."""
    asked: dict[str, int] = {}
    for index, golden in enumerate(project.spec.tests.golden):
        unanswering = dead.get(golden.fallback or "")
        before = unanswering.asked if unanswering is not None else 0
        try:
            answer = service.ask(question_of(golden, service), patience=patience_for(project.spec, golden))
        except NoAnswer as error:
            what = f"golden test {golden.name!r} got no answer: {error}"
            hint = "look at the service's log with `twinbuild run`"
            run.findings.append(finding_at(project, "TB7203", what, hint, "tests", "golden", index, "request"))
            continue
        if unanswering is not None:
            assert golden.fallback is not None
            asked[golden.fallback] = asked.get(golden.fallback, 0) + unanswering.asked - before
            run.findings += fallback_findings(project, index, answer, asked=asked[golden.fallback])
        if not first:
            run.findings += _unlike(project, index, golden, run.answers.get(golden.name), answer)
            continue
        run.answers[golden.name] = answer
        run.observed.setdefault("golden", []).append(
            {
                "name": golden.name,
                "status": answer.status,
                "answer": str(Digest.of(answer.body)),
                "seconds": round(answer.seconds, 6),
            }
        )
        expected = golden.expect
        found = mismatch_of(answer, status=expected.status, body=expected.body, tolerance=expected.tolerance)
        if found is not None:
            run.findings.append(_mismatched(project, index, golden, found))


def otherwise_answered(project: Project, service: Trial, run: TrialRun, where: str) -> Iterator[Finding]:
    """Golden tests whose answer is not the first start's, in a start that is otherwise set (``where``).

    Raises NoAnswer.
    """
    for index, golden in enumerate(project.spec.tests.golden):
        answer = service.ask(question_of(golden, service), patience=patience_for(project.spec, golden))
        if said := unusual(answer, run.answers[golden.name]):
            what = f"{where} golden test {golden.name!r} is answered otherwise: {said}"
            hint = "let this knob change nothing of an answer"
            yield finding_at(project, "TB7204", what, hint, "tests", "golden", index)


def unusual(answer: Answer, known: Answer) -> str | None:
    """How an answer is not that of the first start, byte for byte; None where it is."""
    if (answer.status, answer.body) == (known.status, known.body):
        return None
    one, other = (f"status {each.status} ({said_in(each)})" for each in (answer, known))
    return f"got {one}, expected {other}"


def _mismatched(project: Project, index: int, golden: Golden, found: Mismatch) -> Finding:
    key = ("body", *_steps(found.pointer)) if not found.expected.startswith("status ") else ("status",)
    return finding_at(
        project,
        "TB7202",
        f"golden test {golden.name!r}: {found}",
        "mend the model or the service; or, if the new answer is right, write it down as the expected one",
        *("tests", "golden", index, "expect", *key),
    )


def _steps(pointer: str) -> tuple[int | str, ...]:
    parts = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in parts)


def _unlike(project: Project, index: int, golden: Golden, first: Answer | None, second: Answer) -> Iterator[Finding]:
    if first is None or (first.status, first.body) == (second.status, second.body):
        return
    at = next((at for at, (one, other) in enumerate(zip(first.body, second.body, strict=False)) if one != other), None)
    place = min(len(first.body), len(second.body)) if at is None else at
    around = slice(max(0, place - 20), place + 20)
    one, other = (shortened(body[around].decode(errors="replace")) for body in (first.body, second.body))
    yield finding_at(
        project,
        "TB7204",
        f"golden test {golden.name!r}: two starts of one image answer differently, from byte {place} of the body: "
        f"{one!r} and {other!r}",
        "fix seeds and the number of threads, and leave times and random identifiers out of the body",
        *("tests", "golden", index),
    )
