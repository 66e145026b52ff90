"""What a client may send, and what it is told of a request that is refused."""

import json

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

LARGEST = 4 << 20  # bytes of a request's body
MOST = 10  # faults that are told


class LimitedBody:
    """Answers 413 to a body that is larger, whether or not its length was stated."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        """Count what is received."""
        left = LARGEST

        async def limited():
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"expected a body of at most {LARGEST} bytes")
            return message

        await self.app(scope, limited if scope["type"] == "http" else receive, send)


async def refused(_request: Request, error: RequestValidationError) -> Response:
    """What is wrong with a request, without the request itself: it may hold what JSON cannot say."""
    faults = [
        {
            "loc": [part if isinstance(part, int) else str(part)[:80] for part in fault["loc"][:10]],
            "msg": fault["msg"],
            "type": fault["type"],
        }
        for fault in error.errors()[:MOST]
    ]
    return Response(json.dumps({"detail": faults}), status_code=422, media_type="application/json")
