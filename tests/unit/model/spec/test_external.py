"""Other services: every fault with its code and place."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError

EXAMPLE = (Path(__file__).resolve().parents[4] / "examples" / "text-embedder" / "release.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("    environment: TRANSLATOR_URL\n", "", ("TB1178", "fallback: The text as it is.")),
        ("    timeout: 200ms\n", "    timeout: 0s\n", ("TB1178", "timeout: 0s")),
        ("      fallback: translator\n", "", ("TB1178", "fallback: The text as it is.")),
        ("      fallback: translator\n", "      fallback: register\n", ("TB1117", "fallback: register")),
        ("environment: TRANSLATOR_URL", "environment: MODEL_PATH", ("TB1115", "environment: MODEL_PATH")),
        ("environment: TRANSLATOR_URL", "environment: LOG_LEVEL", ("TB1115", "environment: LOG_LEVEL")),
        ("    retries: 0\n", "    retries: 11\n", ("TB1105", "retries: 11")),
    ],
)
def test_a_fault(old: str, new: str, fault: tuple[str, str]) -> None:
    """At the line that is wrong."""
    assert EXAMPLE.count(old) == 1
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=EXAMPLE.replace(old, new).encode()),))
    assert fault in [(each.code, each.where.excerpt.strip()) for each in caught.value.findings]
