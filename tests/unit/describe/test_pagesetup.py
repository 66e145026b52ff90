"""``describe.pagesetup``: how each knob is turned, and what happens where a service does not answer."""

from __future__ import annotations

import json

from tests.unit.describe.test_page import MANIFEST

from twinbuild.describe.pagesetup import configuration


def test_how_knobs_are_turned() -> None:
    """Variable, live or with a restart, and guidance; nobody sets a hyper-parameter."""
    document = json.loads(json.dumps(MANIFEST))
    document["configuration"]["parameters"] += [
        {"name": "max-depth", "kind": "hyperparameter", "type": "int", "default": 6, "description": "Depth."},
        {"name": "pool-size", "type": "int", "default": 6, "description": "Size."},
    ]
    page = "\n".join(configuration(document))
    guidance = "Lower it to catch more fraud at the price of more manual reviews."
    assert f"| decision\\_threshold | `DECISION_THRESHOLD` | live | {guidance} |" in page
    assert "| batch\\_limit | `BATCH_LIMIT` | with a restart |" in page
    assert "| max-depth |  | with another model |  |" in page
    assert "| pool-size | `POOL_SIZE` | with a restart |  |" in page


def test_services() -> None:
    """Time-out, retries and fallback; older manifests may say none of it."""
    document = json.loads(json.dumps(MANIFEST))
    bare = {"name": "features", "endpoint": "http://features:80", "purpose": "Features."}
    shown = {"scheme": "header", "secret": "key", "header": "X-Key"}
    full = {"timeout": "200ms", "retries": 2, "fallback": "Means.", "authentication": shown}
    document["services"] = [
        bare | full,
        bare | {"timeout": "1s", "retries": 0},
        bare | {"authentication": {"secret": "key"}},
        bare,
    ]
    lines = [line for line in configuration(document) if line.startswith("- asks")]
    first = "- asks features at `http://features:80`: Features."
    answered = "answers within 200ms; asked again 2 times; without it: Means."
    assert lines == [
        f"{first}; convinced by secret key as the header X-Key; {answered}",
        f"{first}; answers within 1s; never asked again",
        f"{first}; convinced by secret key",
        first,
    ]
