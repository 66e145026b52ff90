"""``pipeline.governing.approved``: where approvals lie, and what is no file of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.case import Case
from twinbuild.errors import IntegrityError, PolicyRefused, UsageError
from twinbuild.pipeline.governing.approved import approvals_place, read_approval, refuse_stage, write_approval


def test_place(case: Callable[..., Case], tmp_path: Path) -> None:
    """Beside the release, or where it is said; never through a link, nor among the files of the release."""
    found = case()
    assert approvals_place(found.release, None) == found.dist / "approvals"
    assert approvals_place(found.release, tmp_path) == tmp_path
    assert approvals_place(found.release, found.dist / "approvals") == found.dist / "approvals"
    for place in (found.dist, found.dist / "mine", found.dist / "approvals" / "mine"):
        with pytest.raises(UsageError, match="TB8001"):
            approvals_place(found.release, place)
    (found.dist / "approvals").symlink_to(tmp_path)
    with pytest.raises(UsageError):
        approvals_place(found.release, None)


def test_no_approval_beside_another_release(case: Callable[..., Case], tmp_path: Path) -> None:
    """What was laid out in the place of the release meanwhile gets none; elsewhere one is written all the same."""
    found = case()
    release = found.release
    (found.dist / "manifest.json").write_bytes(release.content.replace(b"1.0.0", b"1.0.1"))
    with pytest.raises(IntegrityError, match="TB7004"):
        write_approval(release, found.dist / "approvals" / "a", b"x")
    assert not (found.dist / "approvals").exists()
    write_approval(release, tmp_path / "approvals" / "a", b"x")


def test_stage() -> None:
    """A name of a stage, and a fault that somebody else found."""
    refuse_stage("production")
    for stage, fault in (("Production", ""), ("", ""), ("../x", ""), ("production", "the reason is too long")):
        with pytest.raises(UsageError) as raised:
            refuse_stage(stage, fault)
        assert raised.value.findings[0].code == "TB8001"


def test_read(tmp_path: Path) -> None:
    """Too large, a directory, a link, nothing."""
    (tmp_path / "large").write_bytes(b"x" * 65537)
    (tmp_path / "link").symlink_to("large")
    (tmp_path / "fine").write_bytes(b"x")
    assert read_approval(tmp_path / "fine") == b"x"
    for name in ("large", "link", ".", "none"):
        with pytest.raises(PolicyRefused) as raised:
            read_approval(tmp_path / name)
        assert raised.value.findings[0].code == "TB8850"
