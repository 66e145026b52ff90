"""``govern.judging.variables``: by their name, by an address in them, or by a host alone."""

from __future__ import annotations

import pytest

from twinbuild.govern.judging.variables import variable_reach


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("PGSSLMODE", "prefer", "plain"),
        ("PGSSLMODE", "verify-full", "encrypted"),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT", "plain"),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "encrypted"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "true", "plain"),
        ("FEATURES_URL", "http://features", "plain"),
        ("DATABASE", "host=db sslmode=disable", "plain"),
        ("MODE", "prefer", None),
        ("PATH", "/usr/bin", None),
        ("PGHOST", "db", "plain"),
        ("PGHOSTADDR", "10.0.0.1", "plain"),
        ("PGHOST", "/run/postgresql", None),
        ("PGHOST", "localhost", "local"),
        ("DB_HOST", "db.internal", "unclear"),
        ("redis_hostname", "cache", "unclear"),
        ("ES_HOSTS", "a, b", "unclear"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka", "unclear"),
        ("MODEL_ENDPOINT", "10.0.0.1", "unclear"),
        ("DB_HOST", "fd00::1", "unclear"),
        ("DB_HOST", "[::1]", "local"),
        ("UVICORN_HOST", "0.0.0.0", "local"),
        ("DB_HOST", "https://db", "encrypted"),
        ("DB_HOST", "", None),
        ("SHOW_HOST", "true", None),
        ("ALLOWED_HOSTS", "example.com", None),
        ("VIRTUAL_HOST", "example.com", None),
        ("HOSTNAME", "example", None),
        ("OMP_PLACES", "threads:16", None),
        ("PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:128", None),
        ("OMP_PLACES", "http://a", "plain"),
        ("PLACES", "threads:16", "unclear"),
        ("DB_HOST", f"{':' * 100_000}x", None),
        ("REDIS_ADDR", "cache", "unclear"),
        ("ES_NODES", "a,b", "unclear"),
        ("NUM_NODES", "3", None),
        ("CACHE", "redis", None),
        ("CACHE", "redis.prod.svc", "unclear"),
        ("cache", "redis.prod.svc.cluster.local.", "unclear"),
        ("UPSTREAM", "a.internal,b.internal", "unclear"),
        ("ENV_FILE", ".env.local", None),
        ("MODEL", "model.onnx", None),
        ("LISTEN_ADDR", "0.0.0.0", "local"),
        ("--cache-host", "redis", "unclear"),
    ],
)
def test_variables(name: str, value: str, kind: str | None) -> None:
    """A host alone says nothing of encryption, but that of libpq; what counts threads is no host."""
    found = variable_reach(name, value)
    assert (found.kind if found is not None else None) == kind


def test_beside() -> None:
    """PGSSLMODE says it of PGHOST, and is judged itself; where a port stands beside it, a word is a host."""
    found = variable_reach("CACHE", "redis", {"CACHE": "redis", "CACHE_PORT": "6379"})
    assert found is not None
    assert found.kind == "unclear"
    found = variable_reach("PGHOST", "db", {"PGHOST": "db", "PGSSLMODE": "require"})
    assert found is not None
    assert found.kind == "encrypted"
    found = variable_reach("PGHOST", "db", {"PGHOST": "db"})
    assert found is not None
    assert found.kind == "plain"
