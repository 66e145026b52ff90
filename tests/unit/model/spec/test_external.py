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


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ("{scheme: header, secret: key}", ("TB1179", "header")),
        ("{scheme: bearer, secret: key, header: X-Key}", ("TB1179", "a name of a header")),
        ("{scheme: header, secret: key, header: 'X Key'}", ("TB1179", "no name of a header")),
        ("{scheme: token, secret: key}", ("TB1106", "bearer")),
        ("{secret: key}", ("TB1102", "scheme")),
        ("{scheme: mtls, secret: other}", ("TB1117", "other")),
    ],
)
def test_authentication(stated: str, fault: tuple[str, str]) -> None:
    """How the secret is shown is said, and whole; the secret is one of the spec's."""
    secrets = "secrets: [{name: key, provider: env, reference: TRANSLATOR_KEY, purpose: The translator.}]\n"
    text = EXAMPLE.replace("    timeout: 200ms\n", f"    timeout: 200ms\n    authentication: {stated}\n") + secrets
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    (found,) = caught.value.findings
    assert (found.code, fault[1] in f"{found.message} {found.hint}") == (fault[0], True), found
    assert "authentication" in found.where.excerpt


@pytest.mark.parametrize("scheme", ["bearer", "basic", "mtls", "header, header: X-API-Key"])
def test_schemes(scheme: str) -> None:
    """Each scheme, with what it needs."""
    secrets = "secrets: [{name: key, provider: env, reference: TRANSLATOR_KEY, purpose: The translator.}]\n"
    stated = f"    timeout: 200ms\n    authentication: {{scheme: {scheme}, secret: key}}\n"
    text = EXAMPLE.replace("    timeout: 200ms\n", stated) + secrets
    (service,) = load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec.services
    assert service.authentication is not None
    assert service.authentication.scheme == scheme.partition(",")[0]
