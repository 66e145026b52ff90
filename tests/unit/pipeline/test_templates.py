from __future__ import annotations

import pytest

from twinbuild.errors import EnvironmentFault
from twinbuild.pipeline.templates import template


def test_shipped_templates() -> None:
    """The Dockerfile's template is there; TB8040 names one that is not."""
    assert template("Dockerfile.j2").startswith("# Written by twinbuild")
    with pytest.raises(EnvironmentFault) as caught:
        template("nothing.j2")
    assert caught.value.findings[0].code == "TB8040"
    assert "nothing.j2" in caught.value.findings[0].message
