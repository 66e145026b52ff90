"""A signed release and the organisation whose people signed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.governed import NOW, Organisation, organisation
from fakes.signed import SignedDist
from twinbuild.govern.keys import PrivateKey, read_private
from twinbuild.model.settings import Settings
from twinbuild.pipeline.governing.approving import Approved, approve_release
from twinbuild.pipeline.governing.checking import Checked, check_policy
from twinbuild.pipeline.governing.knowing import Question
from twinbuild.pipeline.released import Released, read_release

__all__ = ["Case", "case"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A release that ada and grace signed, and the trust root: ada may create, ada and grace may approve."""

    dist: Path
    ours: Organisation

    @property
    def release(self) -> Released:
        """The release as it lies there."""
        return read_release(self.dist)

    def approve(
        self, who: str, *, stage: str = "production", now: int = NOW, directory: Path | None = None
    ) -> Approved:
        """Let somebody approve it."""
        return approve_release(
            self.release, self.ours.signer(who), stage=stage, role="approver", now=now, directory=directory
        )

    def check(self, *, now: int = NOW, **more: object) -> Checked:
        """What the policy says of it."""
        question = Question(**{"stage": "production", "at": now, **more})  # type: ignore[arg-type]
        return check_policy(self.release, self.ours.open(now=now), question, Settings(store="/nowhere"))

    def refused(self, **more: object) -> list[str]:
        """Rules that refuse it."""
        return [each.rule for each in self.check(**more).verdicts if each.verdict == "refused"]  # type: ignore[arg-type]


def _key(path: Path) -> PrivateKey:
    return read_private(path.read_bytes(), name=str(path), passphrase=None)


@pytest.fixture
def case(signed: SignedDist, tmp_path: Path) -> Callable[..., Case]:
    """``case(text)``: with the policy of a text."""

    def make(text: str | None = None) -> Case:
        keys = {"ada": _key(signed.ada), "rosa": _key(signed.eve)}
        more = {} if text is None else {"text": text}
        return Case(dist=signed.dist, ours=organisation(tmp_path / "organisation", keys=keys, **more))

    return make
