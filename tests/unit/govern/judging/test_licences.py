"""``govern.judging.licences``: of alternatives one may be chosen, of several that all apply none can be avoided."""

from __future__ import annotations

import pytest

from twinbuild.govern.judging.licences import bound_by, matches


@pytest.mark.parametrize(
    ("expression", "bound"),
    [
        ("MIT", ()),
        ("AGPL-3.0-only", ("AGPL-3.0-only",)),
        ("AGPL-3.0-only OR MIT", ()),
        ("AGPL-3.0-only AND MIT", ("AGPL-3.0-only",)),
        ("MIT AND (AGPL-3.0-only OR AGPL-3.0-or-later)", ("AGPL-3.0-only",)),
        ("(MIT AND AGPL-3.0-only) OR BSD-3-Clause", ()),
        ("MIT OR Apache-2.0 AND AGPL-3.0-only", ()),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ()),
        ("AGPL-3.0-only WITH Classpath-exception-2.0", ("AGPL-3.0-only WITH Classpath-exception-2.0",)),
        ("", None),
        ("who knows", None),
        ("(MIT", None),
    ],
)
def test_bound(expression: str, bound: tuple[str, ...] | None) -> None:
    """Expressions of SPDX."""
    assert bound_by(expression, lambda licence: matches(licence, ("agpl-*",))) == bound


def test_patterns() -> None:
    """Case does not count; a name is the whole of it."""
    assert matches("agpl-3.0-only", ("AGPL-3.0-only",))
    assert not matches("AGPL-3.0-only", ("AGPL-3.0",))
