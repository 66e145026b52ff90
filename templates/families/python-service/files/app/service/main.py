"""The service: POST /predict, GET /healthz, GET /metrics. What a model is, is the business of service.model."""

import logging
import os
import time
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from service import logs
from service.limits import LimitedBody, refused
from service.model import Instance, Model, Prediction

logs.configure(os.environ["LOG_LEVEL"])
log = logging.getLogger("service")
model = Model(Path(os.environ["MODEL_PATH"]))

registry = CollectorRegistry()
INFORMATION = Gauge(
    "twinbuild_release_info", "Which image and release this is.", ["image", "release"], registry=registry
)
INFORMATION.labels(**logs.IDENTITY).set(1)
PREDICTIONS = Counter("service_predictions_total", "Instances that got a prediction.", registry=registry)
LATENCY = Histogram("service_request_seconds", "Time to answer a request.", ["path"], registry=registry)
ERRORS = Counter(
    "service_request_errors_total", "Requests answered with a status of 400 or more.", ["path"], registry=registry
)
ERRORS.labels(path="/predict")  # there, with 0, before the first one: a rate needs a beginning
PROBES = ("/healthz", "/metrics")  # asked every few seconds: counted, they would hide what clients see

app = FastAPI(title="service", version=os.environ["MODEL_VERSION"])
app.add_exception_handler(RequestValidationError, refused)
app.add_middleware(LimitedBody)


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
    """Measure and log every request but the probes that succeed."""
    started = time.perf_counter()
    response = await answered(request, call_next)
    seconds = time.perf_counter() - started
    route = getattr(request.scope.get("route"), "path", "other")  # a fixed set, whatever clients ask for
    if route in PROBES and response.status_code < 400:
        return response
    LATENCY.labels(path=route).observe(seconds)
    if response.status_code >= 400:
        ERRORS.labels(path=route).inc()
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
    if log.isEnabledFor(logging.DEBUG):
        for prediction in predictions:
            log.debug("prediction", extra={"prediction": prediction.model_dump()})
    return Answer(model_version=os.environ["MODEL_VERSION"], predictions=predictions)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """The model is loaded, or the process would not be up. Answered beside the threads that predict."""
    return {"status": "ok"}


@app.get("/metrics")
async def metrics() -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
