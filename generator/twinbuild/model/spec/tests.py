"""``tests``: what every built image is asked before it is released, and the limits that it must keep."""

import itertools
import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from twinbuild.model.spec.accuracy import Accuracy
from twinbuild.model.spec.base import Objections, Section, Several
from twinbuild.model.spec.changes import Change
from twinbuild.model.spec.expectation import Expectation
from twinbuild.model.spec.frozen import FrozenMapping
from twinbuild.model.spec.serving import HttpPath
from twinbuild.model.spec.values import (
    Description,
    Duration,
    JsonValue,
    Name,
    Quantity,
    duration_seconds,
    objection,
)

__all__ = ["Expectation", "Golden", "Performance", "Request", "Tests", "check_tests"]

_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)
_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,2000}[\x21-\x7e])?", re.ASCII)
_OURS: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def _check_headers(value: object) -> FrozenMapping[str]:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "expected a mapping")
    errors: list[InitErrorDetails] = []
    for name, text in value.items():
        problem = None
        if not isinstance(text, str):
            problem = PydanticCustomError("string_type", "expected text")
        elif not _HEADER.fullmatch(name):
            problem = objection("TB1150", f"{name[:80]!r} is no name of a header", "use letters, digits and '-'")
        elif name.lower() in _OURS:
            problem = objection("TB1150", f"the header {name} belongs to the connection", "take it out")
        elif not _VALUE.fullmatch(text):
            what = f"the value of the header {name} has characters that no header can hold"
            problem = objection("TB1150", what, "use printable ASCII on one line")
        if problem is not None:
            errors.append({"type": problem, "loc": (name,), "input": None})
    if errors:
        raise ValidationError.from_exception_data("headers", errors, hide_input=True)
    return FrozenMapping({name: str(text) for name, text in value.items()})


Headers = Annotated[
    FrozenMapping[str],
    PlainValidator(_check_headers),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]


class Request(Section):
    """A request to the service."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "POST"
    """HTTP method."""
    path: HttpPath
    """Path of the request."""
    port: Name | None = None
    """Name of the port in `serving.ports`; the first one where it is missing."""
    headers: Headers = Field(default_factory=FrozenMapping)
    """Headers beside those that a body needs."""
    body: JsonValue = None
    """Body: any JSON; none where it is missing."""

    @model_validator(mode="after")
    def _sendable(self) -> Self:
        objections = Objections()
        if self.method in _BODILESS and self.body is not None:
            what = f"a {self.method} request has no body"
            objections.add("TB1151", what, "take 'body' out, or use POST", "body")
        objections.settle()
        return self


class Golden(Section):
    """A known input with its expected output."""

    name: Name
    """Name of the test."""
    description: Description | None = None
    """What it shows."""
    request: Request
    """What is asked."""
    expect: Expectation
    """What must be answered."""
    schemas: bool = True
    """Whether `model.schemas` are about its request and answer."""
    fallback: Name | None = None
    """Service (of `services`) that does not answer while this is asked: its fallback must."""

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        objections = Objections()
        if self.request.method == "HEAD" and self.expect.body is not None:
            objections.add("TB1151", "the answer to HEAD has no body", "take it out, or use GET", "expect", "body")
        objections.settle()
        return self


class Performance(Section):
    """Limits that the service must keep."""

    latency_p50: Duration | None = None
    """Half of all answers come within this time."""
    latency_p95: Duration | None = None
    """Of a hundred answers 95 come within this time."""
    latency_p99: Duration | None = None
    """Of a hundred answers 99 come within this time."""
    throughput: float | None = Field(default=None, gt=0, le=1_000_000)
    """Fewest answers per second."""
    startup: Duration | None = None
    """Time from the start of the container until it is ready."""
    requests: int = Field(default=50, ge=1, le=1_000_000)
    """Requests that are sent."""
    concurrency: int = Field(default=1, ge=1, le=1_000)
    """Requests that are under way at once."""
    memory: Quantity | None = None
    """Largest resident memory."""

    @property
    def under_load(self) -> bool:
        """Whether a limit needs many requests to be sent."""
        return any((self.latency_p50, self.latency_p95, self.latency_p99, self.throughput))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        limits = [
            (key, duration_seconds(value))
            for key in ("latency_p50", "latency_p95", "latency_p99")
            if (value := getattr(self, key)) is not None
        ]
        for (lower, less), (upper, more) in itertools.pairwise(limits):
            if more < less:
                what = f"{upper} is below {lower}, which it can never be"
                objections.add("TB1153", what, f"raise {upper} to {getattr(self, lower)} or more", upper)
        for key in ("latency_p50", "latency_p95", "latency_p99", "startup"):
            value = getattr(self, key)
            if value is not None and not duration_seconds(value):
                objections.add("TB1153", f"{key} is {value}, which nothing can keep", "allow some time", key)
        if self.concurrency > self.requests:
            what = f"{self.concurrency} requests at once are more than the {self.requests} that are sent"
            objections.add("TB1153", what, "send more requests, or fewer at once", "concurrency")
        objections.settle()
        return self


class Tests(Section):
    """What is tried on every built image."""

    golden: Several[Golden] = ()
    """Known inputs with expected outputs."""
    changes: Several[Change] = ()
    """Other values of knobs, and what they change."""
    accuracy: Several[Accuracy] = ()
    """Evaluation sets, and how well the service must do on them."""
    performance: Performance | None = None
    """Limits of time and memory."""
    required: Several[Name] | None = None
    """Variants that must have been tested; where it is missing, all that the machine of the release can run."""

    @property
    def declared(self) -> bool:
        """Whether there is anything to try."""
        return bool(self.golden or self.accuracy) or self.performance is not None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        objections = Objections()
        objections.repeated("golden test", (golden.name for golden in self.golden), "golden", key="name")
        objections.repeated("accuracy test", (accuracy.name for accuracy in self.accuracy), "accuracy", key="name")
        objections.repeated("variant", self.required or (), "required")
        if self.performance is not None and self.performance.under_load and not self.golden:
            what = "limits of latency and throughput need a golden test, whose requests are sent"
            objections.add("TB1154", what, "add a golden test", "performance")
        objections.settle()
        return self


def check_tests(tests: Tests, *, ports: tuple[str, ...], variants: tuple[str, ...], objections: Objections) -> None:
    """Object to ports and variants that other sections of the release lack; places are from the release's root."""
    for index, golden in enumerate(tests.golden):
        asked = golden.request.port
        if not ports:
            what = f"golden test {golden.name!r} asks a service that has no port"
            objections.add("TB1154", what, "add a port to serving.ports", "tests", "golden", index, "request")
        elif asked is not None and asked not in ports:
            what = f"golden test {golden.name!r} asks the port {asked!r}, which serving.ports lacks"
            hint = f"name one of {', '.join(ports)}"
            objections.add("TB1117", what, hint, "tests", "golden", index, "request", "port")
    for index, accuracy in enumerate(tests.accuracy):
        if (accuracy.port is not None or not ports) and accuracy.port not in ports:
            what = f"accuracy test {accuracy.name!r} asks a port that serving.ports lacks"
            objections.add("TB1117", what, "add it to serving.ports", "tests", "accuracy", index, "port")
    for index, name in enumerate(tests.required or ()):
        if name not in variants:
            what = f"the variant {name!r} must be tested and is not there"
            objections.add("TB1117", what, f"name one of {', '.join(variants)}", "tests", "required", index)
    if tests.required and not tests.declared:
        what = "variants must be tested, and there is no test"
        objections.add("TB1154", what, "add a golden test, or take 'required' out", "tests", "required")
