"""Traces: a ``traceparent`` that is sent reaches the receiver, as often as the spec says, with the release's identity.

The identifiers that are sent are evenly spaced, so a service that decides by them (``traceidratio``) samples the
declared share of them exactly, give or take one at the edge. Nothing here is a matter of chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.codec.otlp import Span
from twinbuild.deploy.observability.environment import OTLP_PORT, identity_environment, tracing_environment
from twinbuild.errors import Finding
from twinbuild.model.digest import Digest
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.project import Project
from twinbuild.pipeline.run.trying import Trial
from twinbuild.pipeline.trial.record import finding_at
from twinbuild.trial.asking import Question
from twinbuild.trial.receiver import Received, receiving

__all__ = ["STAND_IN_RELEASE", "prove_traces", "received_traces", "sends_traces", "trial_environment"]

STAND_IN_RELEASE: Final = str(Digest.of(b"a release that is being tried"))  # its digest covers this trial's verdict
_FEWEST, _MOST = 20, 400  # requests
_TELLING: Final = 2  # traces that must be expected for their number to say anything
_QUIET, _PATIENCE = 1.0, 20.0  # seconds


def sends_traces(spec: ReleaseSpec) -> bool:
    """Whether traces are sent by a protocol that can be received here."""
    return spec.observability.tracing.enabled and spec.observability.tracing.exporter == "otlp"


def rarely(spec: ReleaseSpec) -> bool:
    """Whether so few requests are traced that none of those which are sent here need be."""
    return sends_traces(spec) and spec.observability.tracing.sample_ratio * _MOST < _TELLING


def trial_environment(spec: ReleaseSpec, image: str, *, every: bool = False) -> tuple[tuple[str, str], ...]:
    """What a deployment would tell the service, and that spans are sent at once; of ``every`` request where asked."""
    endpoint = f"http://127.0.0.1:{OTLP_PORT}"
    traces = tracing_environment(spec, image=image, release=STAND_IN_RELEASE, endpoint=endpoint)
    soon = (("OTEL_BSP_SCHEDULE_DELAY", "100"),) if traces else ()
    all_of_them = (("OTEL_TRACES_SAMPLER_ARG", "1.0"),) if traces and every else ()
    return (*identity_environment(image=image, release=STAND_IN_RELEASE), *traces, *soon, *all_of_them)


@contextmanager
def received_traces(spec: ReleaseSpec, service: Trial) -> Iterator[Received | None]:
    """What the service sends while the context lasts; None where it sends no traces."""
    if not sends_traces(spec):
        yield None
        return
    with receiving(service.service.listen(OTLP_PORT)) as received:
        yield received


def prove_traces(
    project: Project, service: Trial, received: Received, question: Question, image: str, *, every: bool = False
) -> tuple[tuple[Finding, ...], str]:
    """All that is wrong with the traces of a request that is sent often, or none and what was seen.

    Of ``every`` request a trace must come where the service was told so. That is asked of a service which traces too
    few for any to be seen otherwise; that it does trace few is then seen of another start.
    """
    ratio = 1.0 if every else project.spec.observability.tracing.sample_ratio
    count = min(_MOST, max(_FEWEST, math.ceil(4 / ratio)))
    sent = {_trace(number, count): f"{number + 1:016x}" for number in range(count)}
    for trace, parent in sent.items():
        header = ("traceparent", f"00-{trace}-{parent}-01")
        service.ask(
            Question(
                method=question.method,
                path=question.path,
                port=question.port,
                headers=(*question.headers, header),
                body=question.body,
            )
        )
    received.settle(_QUIET, _PATIENCE if ratio * count >= 2 else 2 * _QUIET)
    wrong = tuple(_wrong(project, received, sent, ratio, image))
    arrived = len({span.trace for span in received.spans} & sent.keys())
    return wrong, f"{arrived} of {counted(count, 'sent trace')} arrived, sample_ratio {ratio:g}"


def _trace(number: int, count: int) -> str:
    """The identifier at an even distance: by its low 64 bits and by its low 56 (W3C's random part) alike."""
    low = (2 * number + 1) * (1 << 55) // count
    return f"{number + 1:016x}{(low >> 48 << 56) | low:016x}"


def _wrong(project: Project, received: Received, sent: dict[str, str], ratio: float, image: str) -> Iterator[Finding]:
    def finding(message: str, hint: str, key: str) -> Finding:
        return finding_at(project, "TB7407", message, hint, "observability", "tracing", key)

    if received.faults:
        message = f"the service sent what is no OTLP: {received.faults[0]}"
        yield finding(message, "send OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT", "exporter")
        return
    ours = [span for span in received.spans if span.trace in sent]
    arrived = {span.trace for span in ours}
    expected = ratio * len(sent)
    # Identifiers that are even by 64 and by 56 bits alike are so but for one part in 256.
    edge = 1.0 if expected >= _TELLING else 1.0 + len(sent) / 256
    if abs(len(arrived) - expected) > edge or (not arrived and expected >= 1):
        message = (
            f"of {counted(len(sent), 'traceparent')}, evenly spaced, {len(arrived)} reached the receiver, "
            f"expected {expected:g} (sample_ratio {ratio:g}); {counted(len(received.spans), 'span')} arrived in all"
        )
        hint = "take up the traceparent that is sent, and sample by OTEL_TRACES_SAMPLER (traceidratio)"
        yield finding(message, hint, "sample_ratio")
        return
    orphans = [trace for trace in sorted(arrived) if sent[trace] not in {s.parent for s in ours if s.trace == trace}]
    if orphans:
        message = f"the spans of trace {orphans[0]} do not have the sent span {sent[orphans[0]]} as their parent"
        yield finding(message, "make the span of a request a child of the traceparent's", "enabled")
    yield from (finding(*each, "enabled") for each in _nameless(ours, image))


def _nameless(spans: list[Span], image: str) -> Iterator[tuple[str, str]]:
    """Spans that do not say which image and release they are from."""
    for key, value in (("twinbuild.image", image), ("twinbuild.release", STAND_IN_RELEASE)):
        unlike = [span for span in spans if dict(span.resource).get(key) != value]
        if unlike and value:
            got = dict(unlike[0].resource).get(key, "nothing")
            yield (
                f"the resource of a span has {got[:80]!r} as {key}, expected {value}",
                "take the resource's attributes from OTEL_RESOURCE_ATTRIBUTES",
            )
            return
