"""The service: POST /predict, GET /healthz, GET /metrics."""

import json
import logging
import os
import time
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from service import logs
from service.model import Classifier, Transaction

logs.configure(os.environ.get("LOG_LEVEL", "info"))
log = logging.getLogger("service")
THRESHOLD = float(os.environ.get("DECISION_THRESHOLD", "0.5"))
LIVE_THRESHOLD = Path("/etc/twinbuild/live/DECISION_THRESHOLD")  # there once it was changed while the service runs
BATCH_LIMIT = int(os.environ.get("BATCH_LIMIT", "64"))
classifier = Classifier(Path(os.environ.get("MODEL_PATH", "/models/classifier.skops")))

registry = CollectorRegistry()
INFORMATION = Gauge(
    "twinbuild_release_info", "Which image and release this is.", ["image", "release"], registry=registry
)
INFORMATION.labels(**logs.IDENTITY).set(1)
PREDICTIONS = Counter("fraud_predictions_total", "Transactions scored, by decision.", ["decision"], registry=registry)
LATENCY = Histogram("fraud_request_seconds", "Time to answer a request.", ["path"], registry=registry)
ERRORS = Counter("fraud_request_errors_total", "Requests answered with a status of 400 or more.", registry=registry)

app = FastAPI(title="fraud-scorer", version="1.0.0")


class Question(BaseModel):
    """The transactions to score."""

    model_config = ConfigDict(extra="forbid")

    transactions: list[Transaction] = Field(min_length=1, max_length=BATCH_LIMIT)


class Verdict(BaseModel):
    """The model's opinion of one transaction."""

    score: float
    fraud: bool


class Answer(BaseModel):
    """One verdict for each transaction, in order."""

    model_version: str
    verdicts: list[Verdict]


def threshold() -> float:
    """The decision threshold now; what is no number from 0 to 1 changes nothing."""
    try:
        value = json.loads(LIVE_THRESHOLD.read_text())
    except (OSError, ValueError):
        return THRESHOLD
    return value if type(value) in (int, float) and 0 <= value <= 1 else THRESHOLD


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


@app.post("/predict")
def predict(question: Question) -> Answer:
    """Score transactions."""
    limit = threshold()
    verdicts = [Verdict(score=score, fraud=score >= limit) for score in classifier.scores(question.transactions)]
    for verdict in verdicts:
        PREDICTIONS.labels(decision="fraud" if verdict.fraud else "genuine").inc()
    return Answer(model_version=os.environ.get("MODEL_VERSION", "unknown"), verdicts=verdicts)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """The model is loaded, or the process would not be up."""
    return {"status": "ok"}


@app.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
