"""Log levels that change live: the whole trial of them is in ``test_live``."""

from __future__ import annotations

from twinbuild.pipeline.trial import livelevel


def test_lines_are_waited_for() -> None:
    """Longer than a quiet moment, and not as long as a level may take."""
    assert livelevel._QUIET < livelevel._LATE < livelevel._WITHIN
