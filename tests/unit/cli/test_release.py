from __future__ import annotations

import pytest
from click.testing import CliRunner

from twinbuild.cli.__main__ import cli
from twinbuild.errors import UsageError


@pytest.mark.parametrize("builders", ["docker", "", "embedded,podman", "embedded,embedded", "embedded,docker,x"])
def test_builders_that_are_none(builders: str) -> None:
    """The embedded assembler is always among them, and only known ones are taken."""
    result = CliRunner().invoke(cli, ["release", "--builders", builders], catch_exceptions=True)
    assert isinstance(result.exception, UsageError)
    assert result.exception.findings[0].code == "TB8041"
