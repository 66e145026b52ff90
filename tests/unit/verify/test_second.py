"""The second build as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from twinbuild.errors import BuildError, EnvironmentFault
from twinbuild.process.runner import SubprocessRunner
from twinbuild.verify.conditions import here, unlike
from twinbuild.verify.second import build_again

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "fraud-scorer"


def test_a_second_build_that_fails(tmp_path: Path) -> None:
    """TB6001 with what it said: here, that there is no spec."""
    with pytest.raises(BuildError) as caught:
        build_again(
            SubprocessRunner(),
            interpreter=Path(sys.executable),
            spec=tmp_path / "release.yaml",
            overlays=(),
            store=tmp_path / "store",
            scratch=tmp_path / "scratch",
            epoch=0,
            conditions=unlike(here({})),
        )
    finding = caught.value.findings[0]
    assert finding.code == "TB6001"
    assert "status 2" in finding.message or "status 1" in finding.message


def test_a_second_build_that_this_machine_stops(tmp_path: Path) -> None:
    """Exit 4 and one line: a second build without room or rights does not say that the release is at fault."""
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(EnvironmentFault) as caught:
        build_again(
            SubprocessRunner(),
            interpreter=Path(sys.executable),
            spec=EXAMPLE / "release.yaml",
            overlays=(),
            store=tmp_path / "store",
            scratch=tmp_path / "scratch",
            epoch=0,
            conditions=unlike(here({})),
        )
    assert caught.value.exit_code == 4
    assert "status 4: error[TB3108]" in caught.value.findings[0].message
    assert caught.value.findings[0].message.isprintable()
    assert caught.value.findings[0].hint.startswith("do what it says of this machine")
