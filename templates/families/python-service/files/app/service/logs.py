"""Structured logs: one JSON object a line, on standard output."""

import json
import logging
import os
import sys
import time

IDENTITY = {key: os.environ.get(f"TWINBUILD_{key.upper()}", "unknown") for key in ("image", "release")}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, with whatever ``extra`` was given."""

    converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **IDENTITY,
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(level: str) -> None:
    """Send every logger's records, uvicorn's included, to standard output as JSON."""
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[output], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)  # uvicorn's own default is a level; here the root's counts
        logger.propagate = name != "uvicorn.access"  # requests are logged by the service itself
