"""Variables that a deployment gives."""

from __future__ import annotations

from tests.unit.deploy.test_configuration import TEXT, spec_of

from twinbuild.deploy.observability.environment import identity_environment, tracing_environment

TRACING = "  tracing: {enabled: true, exporter: otlp, sample_ratio: 0.25}\n  logs:"


def test_identity() -> None:
    """What is not known is not said."""
    assert identity_environment(image="sha256:1", release="") == (("TWINBUILD_IMAGE", "sha256:1"),)


def test_tracing() -> None:
    """Only where traces are sent by OTLP; values of attributes are escaped as OpenTelemetry wants it."""
    known = {"image": "sha256:1", "release": "", "endpoint": "http://collector:4318"}
    assert tracing_environment(spec_of(), **known) == ()
    found = dict(tracing_environment(spec_of(TEXT.replace("  logs:", TRACING)), **known))
    assert found["OTEL_TRACES_SAMPLER"] == "traceidratio"
    assert found["OTEL_TRACES_SAMPLER_ARG"] == "0.25"
    assert found["OTEL_RESOURCE_ATTRIBUTES"] == "service.version=1.0.0,twinbuild.image=sha256%3A1"
    zipkin = TRACING.replace("otlp", "zipkin")
    assert tracing_environment(spec_of(TEXT.replace("  logs:", zipkin)), **known) == ()
