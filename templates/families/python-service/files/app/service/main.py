"""The service: POST /predict, GET /healthz, GET /metrics. What a model is, is the business of service.model."""

import logging
import os
import time
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from service import logs
from service.model import Instance, Model, Prediction

logs.configure(os.environ["LOG_LEVEL"])
log = logging.getLogger("service")
model = Model(Path(os.environ["MODEL_PATH"]))

registry = CollectorRegistry()
PREDICTIONS = Counter("service_predictions_total", "Instances that got a prediction.", registry=registry)
LATENCY = Histogram("service_request_seconds", "Time to answer a request.", ["path"], registry=registry)
ERRORS = Counter("service_request_errors_total", "Requests answered with a status of 400 or more.", registry=registry)

app = FastAPI(title="service", version=os.environ["MODEL_VERSION"])


class Question(BaseModel):
    """The instances to predict."""

    model_config = ConfigDict(extra="forbid")

    instances: list[Instance] = Field(min_length=1, max_length=int(os.environ["BATCH_LIMIT"]))


class Answer(BaseModel):
    """One prediction for each instance, in order."""

    model_version: str
    predictions: list[Prediction]


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
    """Predict instances."""
    predictions = model.predict(question.instances)
    PREDICTIONS.inc(len(predictions))
    return Answer(model_version=os.environ["MODEL_VERSION"], predictions=predictions)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """The model is loaded, or the process would not be up."""
    return {"status": "ok"}


@app.get("/metrics")
def metrics() -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
