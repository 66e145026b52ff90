"""Variables by which a service knows which release it is, and where and how often it sends traces.

What is not known before a release is described can't be in its image: a deployment gives it, and so does a trial.
The service decides by a trace's identifier (OpenTelemetry's ``traceidratio``), so that all services agree on a trace.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from twinbuild.model.spec.release import ReleaseSpec

__all__ = ["IMAGE", "OTLP_PORT", "RELEASE", "identity_environment", "tracing_environment"]

IMAGE: Final = "TWINBUILD_IMAGE"
RELEASE: Final = "TWINBUILD_RELEASE"
OTLP_PORT: Final = 4318


def identity_environment(*, image: str, release: str) -> tuple[tuple[str, str], ...]:
    """The digests of image and release, as ``sha256:…``; what is not known ("") is left out."""
    return tuple((name, value) for name, value in ((IMAGE, image), (RELEASE, release)) if value)


def tracing_environment(spec: ReleaseSpec, *, image: str, release: str, endpoint: str) -> tuple[tuple[str, str], ...]:
    """Variables of OpenTelemetry's SDKs; none where the spec sends no traces by OTLP."""
    tracing = spec.observability.tracing
    if not tracing.enabled or tracing.exporter != "otlp":
        return ()
    attributes = {
        "service.version": spec.metadata.version,
        "twinbuild.image": image,
        "twinbuild.release": release,
    }
    return (
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_RESOURCE_ATTRIBUTES", ",".join(f"{key}={quote(value)}" for key, value in attributes.items() if value)),
        ("OTEL_SERVICE_NAME", spec.metadata.name),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", repr(tracing.sample_ratio)),
    )
