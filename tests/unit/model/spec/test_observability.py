"""Values of ``observability`` by themselves."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinbuild.model.spec.observability import Observability, Sample


@pytest.mark.parametrize("text", ["0", "-1", "1.5e-3", "NaN", "+Inf", "_", "_x5", "stale", "0+60x30", "7x3 _ 1-1x4"])
def test_values_of_a_series(text: str) -> None:
    """As promtool writes them."""
    assert Sample(series="a", values=text).values == text


@pytest.mark.parametrize("text", ["", "a", "1  2", "1+2", "1x", "1+2x999999", "0x1F", "x5", "1;2", "1\t2", "nan", "1 "])
def test_what_is_no_value(text: str) -> None:
    """A word that promtool would refuse, or take for something else, or too many of them."""
    with pytest.raises(ValidationError, match="among the values"):
        Sample(series="a", values=text)


def test_nothing_is_needed() -> None:
    """An empty section is a section; metrics are then scraped at the usual place."""
    empty = Observability()
    assert (empty.scrape.port, empty.scrape.path, empty.logs.format) == (None, "/metrics", "json")
