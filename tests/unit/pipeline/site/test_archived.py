"""``pipeline.site.archived``: a source for each release of an archive, each looked at when it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.archived import Archived, archived, archived_once
from twinbuild.archive.directory import Archive
from twinbuild.errors import IntegrityError
from twinbuild.pipeline.site.archived import archived_sources
from twinbuild.pipeline.site.layers import Layers
from twinbuild.pipeline.site.reading import published

__all__ = ["archived", "archived_once"]


def test_a_source(archived: Archived, tmp_path: Path) -> None:
    """It gives what the release's directory gives, and leaves nothing; what is lost meanwhile is named."""
    with Archive(archived.place) as archive:
        (source,) = archived_sources(archive, tmp_path / "s", ("", {}), ())
        assert source() == published(archived.dist)
        assert list((tmp_path / "s").iterdir()) == []
        (reading,) = archived_sources(archive, tmp_path / "s", ("", {}), (), layers=Layers())
        assert reading() == published(archived.dist, layers=Layers())
        assert reading().contents
        archived.blob(archived.record.digest).unlink()
        with pytest.raises(IntegrityError, match="TB9113"):
            source()
