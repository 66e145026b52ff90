"""The same traffic to two services: recorded requests, and whether two answers to one of them are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.errors import Finding, Location, UsageError
from twinbuild.model.spec.tests import Request
from twinbuild.trial.asking import Answer, Question
from twinbuild.trial.comparing import Mismatch, first_difference, json_body, shortened

__all__ = ["Recorded", "question_of", "recorded_requests", "unlike", "without"]

_HINT = 'write a JSON object a line, such as {"method": "POST", "path": "/predict", "body": {}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request with the name that is shown of it."""

    name: str
    request: Request


def recorded_requests(content: bytes, *, file: str) -> tuple[Recorded, ...]:
    """The requests of a JSON Lines file; empty lines are none. Raises UsageError TB7302 with every bad line."""
    found: list[Recorded] = []
    findings: list[Finding] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        where = Location(file=file, line=number)
        try:
            request = Request.model_validate(parse_json(file, line)[0])
        except JsonProblem as problem:
            findings.append(Finding(code="TB7302", message=f"no JSON: {problem.message}", hint=_HINT, where=where))
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False, include_context=False)[:3]:
                at = "/".join(map(str, detail["loc"]))
                message = f"no request: {at + ': ' if at else ''}{shortened(detail['msg'])}"
                findings.append(Finding(code="TB7302", message=message, hint=_HINT, where=where))
        else:
            found.append(Recorded(name=f"line-{number}", request=request))
    if findings:
        raise UsageError(tuple(findings[:100]))
    return tuple(found)


def question_of(request: Request, ports: dict[str, int]) -> Question | None:
    """The request to a service with these ports by name; None where it lacks the one that is meant."""
    port = ports.get(request.port) if request.port is not None else next(iter(ports.values()), None)
    if port is None:
        return None
    return Question.of(request.method, request.path, port, request.body, tuple(request.headers.items()))


def unlike(
    first: Answer | str, second: Answer | str, *, tolerance: float = 0.0, ignored: tuple[str, ...] = ()
) -> Mismatch | None:
    """How the second answer differs from the first: status, then the body as JSON, or as bytes where one is none.

    A text in place of an answer says why there was none. ``ignored`` are JSON pointers, with ``*`` for every item.
    """
    if isinstance(first, str) or isinstance(second, str):
        one, other = (f"no answer ({each})" if isinstance(each, str) else "an answer" for each in (first, second))
        return Mismatch(pointer="", got=other, expected=one)
    if first.status != second.status:
        return Mismatch(pointer="", got=f"status {second.status}", expected=f"status {first.status}")
    try:
        one_body, other_body = json_body(first), json_body(second)
    except JsonProblem:
        if first.body == second.body:
            return None
        one, other = (shortened(each.body.decode(errors="replace")) for each in (first, second))
        return Mismatch(pointer="", got=f"the body {other}", expected=one)
    for pointer in ignored:
        parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
        one_body, other_body = without(one_body, parts), without(other_body, parts)
    return first_difference(other_body, one_body, tolerance)


def without(value: object, parts: tuple[str, ...]) -> object:
    """A JSON value without what lies at the parts of a pointer, where anything does."""
    if not parts:
        return None
    first, rest = parts[0], parts[1:]
    if isinstance(value, dict):
        return dict(_kept(value, first, rest))
    if isinstance(value, list):
        chosen = [first == "*" or first == str(index) for index in range(len(value))]
        return [without(item, rest) if hit else item for item, hit in zip(value, chosen, strict=True)]
    return value


def _kept(value: dict[str, object], first: str, rest: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    for key, item in value.items():
        if first not in ("*", key):
            yield key, item
        elif rest:
            yield key, without(item, rest)
