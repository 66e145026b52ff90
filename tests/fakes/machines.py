"""Machines of a fixed day that reach no network, and know nothing of this one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fakes.runner import FakeRunner
from twinbuild.model.settings import Settings
from twinbuild.pipeline.machine import Machine
from twinbuild.ports import Runner, Store, silent

__all__ = ["machine"]


def machine(store: Store, scratch: Path, *, runner: Runner | None = None) -> Machine:
    """A machine with this store; it starts processes where ``runner`` does, and otherwise none."""
    return Machine(
        settings=Settings(store="/nonexistent", offline=True),
        store=store,
        runner=FakeRunner({}) if runner is None else runner,
        environment={},
        interpreter=Path("/nonexistent"),
        home="/nonexistent",
        scratch=scratch,
        now=datetime(2026, 11, 1, tzinfo=UTC),
        progress=silent,
    )
