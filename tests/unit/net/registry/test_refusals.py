"""What a registry says when it takes something not."""

from __future__ import annotations

import pytest

from twinbuild.net.registry.refusals import refused, stored_other
from twinbuild.net.registry.wire import Reply


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b"", "(status 400)"), (b"<html>", "(status 400)"), (b"[" * 99_999, "(status 400)"),
     (b'{"errors": [{"code": "DENIED", "message": "pw"}]}', "400, DENIED)"),
     (b'{"errors": [{"code": 1}]}', "(status 400)"), (b'{"errors": 7}', "(status 400)")],
)  # fmt: skip
def test_codes(body: bytes, shown: str) -> None:
    """Codes are shown where there are some; nothing else of a body is."""
    error = refused(Reply(status=400, headers=(), body=body, url="https://me:pw@r.example/v2/?state=pw"), "take it")
    assert shown in str(error)
    assert "pw" not in str(error)
    assert error.exit_code == 4
    assert stored_other("https://r.example/?x", "other").exit_code == 5
