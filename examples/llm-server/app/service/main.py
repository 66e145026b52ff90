"""The service: POST /complete, GET /healthz, GET /metrics."""

import logging
import os
import time
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from service import logs
from service.model import Writer

logs.configure(os.environ.get("LOG_LEVEL", "info"))
log = logging.getLogger("service")
writer = Writer(Path(os.environ.get("MODEL_PATH", "/models/gpt")), threads=int(os.environ.get("THREADS", "1")))
log.info("loaded", extra={"device": writer.device})

registry = CollectorRegistry()
INFORMATION = Gauge(
    "twinbuild_release_info", "Which image and release this is.", ["image", "release"], registry=registry
)
INFORMATION.labels(**logs.IDENTITY).set(1)
TOKENS = Counter("llm_tokens_total", "Tokens written.", registry=registry)
LATENCY = Histogram("llm_request_seconds", "Time to answer a request.", ["path"], registry=registry)
ERRORS = Counter("llm_request_errors_total", "Requests answered with a status of 400 or more.", registry=registry)

app = FastAPI(title="llm-server", version="1.0.0")


class Prompt(BaseModel):
    """A text to continue."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(min_length=1, max_length=2000)
    tokens: int = Field(default=32, ge=1, le=256)


class Completion(BaseModel):
    """What follows the text."""

    model_version: str
    completion: str


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
    response = await answered(request, call_next)
    seconds = time.perf_counter() - started
    route = getattr(request.scope.get("route"), "path", "other")
    LATENCY.labels(path=route).observe(seconds)
    if response.status_code >= 400:
        ERRORS.inc()
    log.info("request", extra={"path": request.url.path, "status": response.status_code})
    return response


@app.post("/complete")
def complete(question: Prompt) -> Completion:
    """Continue a text."""
    completion = writer.continue_text(question.prompt, question.tokens)
    TOKENS.inc(question.tokens)
    return Completion(model_version=os.environ.get("MODEL_VERSION", "unknown"), completion=completion)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """The model is loaded, or the process would not be up."""
    return {"status": "ok"}


@app.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
