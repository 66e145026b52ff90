"""``pipeline.archive.isolated``: what must hold before a build counts. The build itself is in ``test_reproducing``."""

from __future__ import annotations

import pytest

from twinbuild.errors import EnvironmentFault
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.model.trial import Untested
from twinbuild.pipeline.archive.isolated import require_tried
from twinbuild.pipeline.trials import Trials


def test_an_image_that_cannot_be_tried() -> None:
    """Where it passed when it was released, it must pass here; where it was not tried, nothing is lost."""
    image = Digest.of(b"image")
    platform = Platform.parse("linux/arm64")
    trials = Trials(outcomes=(Untested(variant="cpu", platform=platform, image=image, reason="platform"),))
    for verdict in ("untested", "passed"):
        document = {"tests": {"images": [{"digest": str(image), "verdict": verdict}]}}
        if verdict == "untested":
            require_tried(trials, document)
            continue
        with pytest.raises(EnvironmentFault, match="TB9121"):
            require_tried(trials, document)
