"""A signed release and the organisation whose people signed it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.governed import NOW, Organisation, organisation
from fakes.made import copied
from fakes.signed import SignedDist
from fakes.tiny import tiny_release
from fakes.tool import Ended
from twinbuild.cli.__main__ import cli
from twinbuild.cli.outcome import run
from twinbuild.govern.keys import PrivateKey, read_private
from twinbuild.model.settings import Settings
from twinbuild.pipeline.governing.approving import Approved, approve_release
from twinbuild.pipeline.governing.checking import Checked, check_policy
from twinbuild.pipeline.governing.knowing import Question
from twinbuild.pipeline.governing.promoting import Order
from twinbuild.pipeline.reading.released import Released, read_release
from twinbuild.pipeline.signing import sign_release

__all__ = ["Case", "Staged", "case", "staged", "staged_once"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Two versions of a release with files for production, signed by ada and approved by grace, and the trust root."""

    place: Path
    first: Case
    second: Case
    ours: Organisation

    def order(self, *, by: str = "linus", now: int = NOW, **more: object) -> Order:
        """Bring something to production."""
        said = {"record": self.place / "record", "output": self.place / "out", **more}
        return Order(stage="production", signer=self.ours.signer(by), now=now, **said)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def staged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two releases, made once."""

    def make(place: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"TWINBUILD_STORE": "store", "HOME": "home", "TMPDIR": "tmp"}.items():
                patch.setenv(name, str(place / value))
            (place / "tmp").mkdir()
            more = "publish: {repositories: {production: registry.example/tiny}}\n"
            first = tiny_release(lambda *words: Ended(run(cli, words), "", ""), place, more=more)
            spec = first.parent.parent / "release.yaml"
            spec.write_text(spec.read_text().replace("  version: 1.0.0\n  team", "  version: 1.1.0\n  team"))
            assert run(cli, ("release", str(spec), "--locked", "-q")) == 0

    return copied("staged", make, tmp_path_factory.mktemp("staged")) / "tiny" / "dist"


@pytest.fixture
def staged(staged_once: Path, tmp_path: Path) -> Staged:
    """Copies that a test may change, signed and approved."""
    ours = organisation(tmp_path / "organisation")
    cases = []
    for version in ("1.0.0", "1.1.0"):
        dist = tmp_path / "releases" / f"tiny-{version}"
        shutil.copytree(staged_once / dist.name, dist)
        sign_release(read_release(dist), ours.signer("ada"))
        cases.append(Case(dist=dist, ours=ours))
        cases[-1].approve("grace")
    return Staged(place=tmp_path, first=cases[0], second=cases[1], ours=ours)
