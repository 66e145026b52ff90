from __future__ import annotations

from pathlib import Path

from twinbuild.pipeline.measure.measured import contradictions
from twinbuild.pipeline.measure.measuring import Measured
from twinbuild.pipeline.project import open_project
from twinbuild.trial.impact import Point, judge

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer"


def test_a_contradiction_points_at_the_declaration() -> None:
    """File and line of the declared word; what agrees or is not shown is no finding."""
    low = Point(text="1", latency=(1.0, 1.0), throughput=(5.0, 5.0), memory=(1.0, 1.0))
    high = Point(text="1024", latency=(0.2, 0.2), throughput=(1.0, 1.0), memory=(1.0, 3.0))
    declared = (("latency", "proportional"), ("throughput", "lower"), ("memory", "small"))
    judgements = tuple(judge(dimension, word, low, high) for dimension, word in declared)
    measured = Measured(knob="batch_limit", points=(low, high), judgements=judgements, left_out=())
    (found,) = contradictions(open_project(EXAMPLE), (measured,))
    assert found.code == "TB7113"
    assert "from 1 to 1024 it is 0.20 times" in found.message
    assert "latency: proportional" in found.where.excerpt
