"""Traces by OpenTelemetry, where a deployment wants them: endpoint, sampler and resource are OTEL_* variables."""

import os

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def tracer() -> trace.Tracer:
    """The service's tracer; without an endpoint its spans are recorded nowhere."""
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return trace.get_tracer("service")
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("service")


def parent(headers) -> object:
    """The span that a caller's traceparent names."""
    return propagate.extract(headers)
