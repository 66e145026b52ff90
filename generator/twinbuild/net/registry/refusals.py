"""What a registry says when it takes something not."""

from __future__ import annotations

import json
import re
from typing import Final

from twinbuild.errors import FetchError, IntegrityError
from twinbuild.net.address import redact
from twinbuild.net.registry.wire import Reply

__all__ = ["CLIENT_ERRORS", "refused", "stored_other"]

CLIENT_ERRORS: Final = frozenset(range(400, 500)) - {401, 403, 407, 408, 425, 429}
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,60}", re.ASCII)
_SHOWN: Final = 3


def refused(reply: Reply, what: str) -> FetchError:
    """The registry would not. Its error codes are shown, its messages are not: they may repeat what was sent."""
    codes = _codes(reply.body)
    said = f", {', '.join(codes)}" if codes else ""
    return FetchError.of(
        "TB3220",
        f"the registry would not {what} (status {reply.status}{said})",
        hint="see the registry's limits and log; push again when nothing else deletes or pushes there",
        where=redact(reply.url),
    )


def stored_other(where: str, reason: str) -> IntegrityError:
    """The registry has other bytes than were sent."""
    return IntegrityError.of(
        "TB3222",
        reason,
        hint="do not use what the registry has; find out what changes it on the way or there, then push again",
        where=redact(where),
    )


def _codes(body: bytes) -> list[str]:
    try:
        errors = json.loads(body)["errors"]
        return [error["code"] for error in errors[:_SHOWN] if _CODE.fullmatch(error["code"])]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
