"""``pipeline.simulated``: the rollout of a release, read back from its manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.describe.test_page import MANIFEST

from fakes.tool import EXAMPLES
from twinbuild.codec.canonical import canonical
from twinbuild.errors import UsageError
from twinbuild.pipeline.simulated import rollout_of


def _written(directory: Path, **sections: Any) -> Path:
    path = directory / "manifest.json"
    path.write_bytes(canonical(json.loads(json.dumps(MANIFEST)) | sections))
    return path


def test_the_same_as_the_spec(tmp_path: Path) -> None:
    """A release has the rollout that its spec has."""
    released, written = rollout_of(_written(tmp_path), ()), rollout_of(EXAMPLES / "fraud-scorer", ())
    assert released.title == written.title
    assert released.spec.rollout == written.spec.rollout
    assert released.spec.observability == written.spec.observability


@pytest.mark.parametrize(
    ("sections", "overlays", "said"),
    [
        ({"rollout": {"strategy": "leap"}}, (), "strategy: "),
        ({"observability": {}}, (), "'fraud_request_seconds', which is no metric of it"),
        ({}, (Path("overlay.yaml"),), "this is a release"),
    ],
)
def test_refused(tmp_path: Path, sections: dict[str, Any], overlays: tuple[Path, ...], said: str) -> None:
    """What is no rollout of ours, or is to be overlaid."""
    with pytest.raises(UsageError, match="TB7412") as caught:
        rollout_of(_written(tmp_path, **sections), overlays)
    assert said in caught.value.findings[0].message
