"""The service: POST /embed, POST /similarity, GET /healthz, GET /metrics."""

import logging
import os
import time
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from opentelemetry import trace
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from service import logs, tracing, translator
from service.model import Embedder

logs.configure(os.environ.get("LOG_LEVEL", "info"))
log = logging.getLogger("service")
BATCH_LIMIT = int(os.environ.get("BATCH_LIMIT", "32"))
embedder = Embedder(
    Path(os.environ.get("MODEL_PATH", "/models/model.onnx")),
    Path(os.environ.get("TOKENIZER_PATH", "/models/tokenizer.json")),
    threads=int(os.environ.get("THREADS", "1")),
)

registry = CollectorRegistry()
INFORMATION = Gauge(
    "twinbuild_release_info", "Which image and release this is.", ["image", "release"], registry=registry
)
INFORMATION.labels(**logs.IDENTITY).set(1)
TEXTS = Counter("embedder_texts_total", "Texts embedded.", registry=registry)
LATENCY = Histogram("embedder_request_seconds", "Time to answer a request.", ["path"], registry=registry)
ERRORS = Counter("embedder_request_errors_total", "Requests answered with a status of 400 or more.", registry=registry)

tracer = tracing.tracer()
app = FastAPI(title="text-embedder", version="1.0.0")


class Texts(BaseModel):
    """The texts to embed."""

    model_config = ConfigDict(extra="forbid")

    texts: list[str] = Field(min_length=1, max_length=BATCH_LIMIT)
    language: str = Field(default="en", pattern="^[a-z]{2}$")


class Vectors(BaseModel):
    """One unit vector for each text, in order."""

    model_version: str
    dimensions: int
    vectors: list[list[float]]


class Similarities(BaseModel):
    """The cosine similarity of the first text to each of the others."""

    model_version: str
    similarities: list[float]


async def answered(request: Request, call_next) -> Response:
    """The answer, also where the code failed: with status 500, so that it is measured and logged as others are."""
    try:
        return await call_next(request)
    except Exception:
        log.exception("failed")
        return JSONResponse({"detail": "internal error"}, status_code=500)


@app.middleware("http")
async def observe(request: Request, call_next):
    """Measure and log every request."""
    started = time.perf_counter()
    with tracer.start_as_current_span(request.method, tracing.parent(request.headers), trace.SpanKind.SERVER) as span:
        response = await answered(request, call_next)
        span.set_attribute("http.response.status_code", response.status_code)
    seconds = time.perf_counter() - started
    route = getattr(request.scope.get("route"), "path", "other")  # a fixed set, whatever clients ask for
    LATENCY.labels(path=route).observe(seconds)
    if response.status_code >= 400:
        ERRORS.inc()
    log.info(
        "request",
        extra={
            "method": request.method,
            "path": request.url.path,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 3),
        },
    )
    return response


def version() -> str:
    """The model's version, from the release's configuration."""
    return os.environ.get("MODEL_VERSION", "unknown")


@app.post("/embed")
def embed(question: Texts) -> Vectors:
    """Embed texts."""
    vectors = embedder.embed(translator.english(question.texts, question.language))
    TEXTS.inc(len(question.texts))
    return Vectors(model_version=version(), dimensions=vectors.shape[1], vectors=vectors.tolist())


@app.post("/similarity")
def similarity(question: Texts) -> Similarities:
    """Compare the first text with the others."""
    vectors = embedder.embed(translator.english(question.texts, question.language))
    TEXTS.inc(len(question.texts))
    return Similarities(model_version=version(), similarities=(vectors[1:] @ vectors[0]).tolist())


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """The model is loaded, or the process would not be up."""
    return {"status": "ok"}


@app.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
