"""What every test may rely on, and that in CI none is passed over."""

from __future__ import annotations

import gc
import os
import signal
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from fakes import made
from fakes.groups import Grouped, rank
from fakes.sampled import sampled
from fakes.tool import tool
from twinbuild.cli.scratch import spread

__all__ = ["tool"]

# A shell that starts a command in the background has it ignore SIGINT, and nohup has it ignore SIGHUP; tests of
# interruption need them as they are otherwise.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A million objects live as long as this process: they are not looked through again and again while they are made, nor
# afterwards (pytest_collection_finish).
gc.disable()

# How busy the machine is says nothing about what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Where a test that CI skips runs all the same.
_ELSEWHERE: Final = {
    "root may write everywhere": "tools/reproduce --test runs it as another user",
    "only root may mount": "the run in the checkout is root's",
    "only root can be two users": "the run in the checkout is root's",
    "needs 16 GiB of disk": "smaller images for CUDA are built by other tests",
}
_skipped: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def _what_is_made_once(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> None:
    """Where that lies: beside the directories of the processes of this run, where there are several.

    What each test makes lies apart.
    """
    own = tmp_path_factory.getbasetemp()
    spread(own)
    place = (own.parent if hasattr(request.config, "workerinput") else own) / "made"
    place.mkdir(exist_ok=True)
    made.PLACES.append(place)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share what is costly run in one process."""
    return Grouped(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest comes first, where order is kept; elsewhere a sample is asked (tools/reproduce)."""
    if os.environ.get("TESTS_OF") == "sampled":
        kept = sampled(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    if not config.getoption("loadscopereorder", default=True):
        items.sort(key=lambda item: rank(item.nodeid))


def pytest_collection_finish() -> None:
    """What was read stays; what tests leave is collected."""
    gc.freeze()
    gc.enable()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what is skipped, and why."""
    _note(report.nodeid, report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Likewise for whole modules."""
    _note(report.nodeid, report)


def _note(name: str, report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if reason not in _ELSEWHERE:
            _skipped.append(f"{name}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what it needs must be installed there."""
    if os.environ.get("CI") and _skipped and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which."""
    if os.environ.get("CI") and _skipped:
        terminalreporter.section("skipped in CI, which counts as a failure", sep="=", red=True)
        for line in sorted(set(_skipped)):
            terminalreporter.line(line)
