"""What a trial keeps, and where its findings are."""

from __future__ import annotations

from pathlib import Path

from fakes.services import service
from twinbuild.pipeline.trial.record import TrialRun, finding_at, note_measure
from twinbuild.trial.limits import Measure


def test_a_figure_and_its_limit(tmp_path: Path) -> None:
    """A figure is noted with its limit; beyond it, it is a finding at the limit's line."""
    project = service(tmp_path, "", "  performance: {memory: 1Mi}\n").project
    run = TrialRun()
    note_measure(project, run, Measure(key="latency_p50", value=0.25, limit=None), "TB7205")
    assert (run.observed, run.findings) == ({"figures": {"latency_p50": 0.25}}, [])
    note_measure(project, run, Measure(key="memory", value=2 << 20, limit=1 << 20), "TB7207", also=" here")
    assert run.observed["limits"] == {"memory": 1 << 20}
    (finding,) = run.findings
    assert finding.message == "memory is 2 MiB here, expected at most 1 MiB"
    assert finding.where.excerpt.strip() == "performance: {memory: 1Mi}"


def test_a_finding_of_nowhere(tmp_path: Path) -> None:
    """Without a place it has none."""
    project = service(tmp_path, "", "  golden: []\n").project
    assert not finding_at(project, "TB7201", "ended", "look").where.file
