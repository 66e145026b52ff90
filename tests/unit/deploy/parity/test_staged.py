"""``deploy.parity.staged``: a release manifest as one stage has it."""

from __future__ import annotations

from typing import Any

from twinbuild.deploy.parity.difference import unlike
from twinbuild.deploy.parity.manifests import manifest_facts
from twinbuild.deploy.parity.staged import staged, stages_of

DOCUMENT: dict[str, Any] = {
    "configuration": {
        "parameters": [{"name": "threads", "default": 1}, {"name": "level", "default": "info"}],
        "stages": {"dev": {"level": "debug"}, "prod": {}},
    },
    "publish": {"repositories": {"dev": "registry.example/dev/x", "live": "registry.example/live/x"}},
    "serving": {"command": ["x"]},
}


def test_stages() -> None:
    """Those with values and those with a repository, each once."""
    assert stages_of(DOCUMENT) == ("dev", "prod", "live")
    assert stages_of({}) == ()


def test_values() -> None:
    """A stage's value in the place of the default; nothing of other stages; the original is as it was."""
    dev, prod = manifest_facts(staged(DOCUMENT, "dev")), manifest_facts(staged(DOCUMENT, "prod"))
    assert [(item.what, item.first, item.second) for item in unlike(dev, prod)] == [
        ("parameters level default", "debug", "info"),
        ("repositories this stage", "registry.example/dev/x", "(none)"),
    ]
    assert not any("stages" in path for path in dev)
    assert DOCUMENT["configuration"]["parameters"][1]["default"] == "info"
