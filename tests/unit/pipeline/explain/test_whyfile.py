from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from twinbuild.errors import UsageError
from twinbuild.pipeline.explain.asked import read_questioned
from twinbuild.pipeline.explain.whyfile import _real, why_file

__all__ = ["tool"]


def test_another_name_of_a_directory() -> None:
    """Each link on the way is followed, to where its directory really is; other paths stay."""
    folders = {"/lib": "/usr/lib", "/usr/lib/x": "/opt/x"}
    for path, real in {
        "/lib/a/b": "/usr/lib/a/b",
        "/lib/x/b": "/opt/x/b",
        "/lib": "/lib",
        "/library/a": "/library/a",
    }.items():
        assert _real(path, folders) == real


def test_files(tool: Tool, tmp_path: Path) -> None:
    """Layer, component and rule of a file of the application and of a wheel, whose own reason is told, too."""
    dist = tiny_release(tool, tmp_path)
    questioned = read_questioned(dist)
    (main,) = why_file(questioned, "/app/./main.py")
    assert (main.component, main.rule) == ("tiny-application 1.0.0", "application")
    assert "'application'" in main.layer
    (wheel,) = why_file(questioned, "/opt/venv/lib/python3.11/site-packages/alpha/a.py")
    assert wheel.rule == "files of wheels"
    assert wheel.package[0].chains[0].reason == "alpha==1"
    with pytest.raises(UsageError) as caught:
        why_file(questioned, "/srv/main.py")
    assert "/app/main.py" in caught.value.findings[0].hint
    with pytest.raises(UsageError, match="TB9311"):
        why_file(read_questioned(dist.parent.parent), "/app/main.py")
