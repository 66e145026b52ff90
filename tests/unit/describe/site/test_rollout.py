"""``describe.site.rollout``: the picture of a rollout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.published import example
from twinbuild.describe.site.rollout import conditions, failures, picture


def test_the_example() -> None:
    """Three steps, the gate before the last, widths by the pauses."""
    found = picture(example().document)
    assert [(step.weight, step.pause, step.gate) for step in found.steps] == [
        (10, "5m", ""),
        (50, "5m", ""),
        (100, "", "model-review"),
    ]
    assert "strategy: canary" in found.said
    assert len(conditions(example().document).rows) == len(failures(example().document).rows) == 4


@given(
    st.lists(
        st.tuples(st.integers(1, 100), st.sampled_from(["", "30s", "5m", "1h30m", "7d", "250ms"])), max_size=12
    ).map(sorted)
)
def test_steps_fill_the_picture(steps: list[tuple[int, str]]) -> None:
    """Whatever the pauses are, the steps stand side by side over the whole width, and the last has all traffic."""
    document = example().document
    document["rollout"] = {
        "strategy": "canary",
        "steps": [{"weight": weight, "pause": pause} for weight, pause in steps],
    }
    found = picture(document).steps
    assert found[-1].weight == 100
    assert sum(step.width for step in found) == pytest.approx(100, abs=0.1)
    assert all(step.width > 0 for step in found)
