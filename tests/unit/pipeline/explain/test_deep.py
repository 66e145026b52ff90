from __future__ import annotations

from pathlib import Path

import pytest

from twinbuild.errors import EnvironmentFault
from twinbuild.pipeline.explain.deep import deep_report
from twinbuild.process.runner import SubprocessRunner


def programs(directory: Path, script: str) -> str:
    """A PATH with an unshare that only drops its own arguments, and a diffoscope that is a script."""
    for name, text in (("unshare", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'), ("diffoscope", script)):
        path = directory / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return f"{directory}:/usr/bin:/bin"


def test_not_installed(tmp_path: Path) -> None:
    """It is said, with what to install."""
    with pytest.raises(EnvironmentFault, match="TB9305"):
        deep_report(tmp_path, tmp_path, SubprocessRunner(), path=str(tmp_path))


def test_its_report(tmp_path: Path) -> None:
    """What it says where it ends with 1, the end with 2 as an error."""
    said = deep_report(tmp_path, tmp_path, SubprocessRunner(), path=programs(tmp_path, "echo differs; exit 1"))
    assert said == "differs\n"
    with pytest.raises(EnvironmentFault, match=r"TB9306.*broken"):
        deep_report(tmp_path, tmp_path, SubprocessRunner(), path=programs(tmp_path, "echo broken >&2; exit 2"))
