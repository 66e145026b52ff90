"""All images of a release: what is tried, what is remembered, and what an untested one means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.services import Service, service
from twinbuild.errors import BuildError, EnvironmentFault, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.model.trial import Passed, Untested
from twinbuild.pipeline.trial import every
from twinbuild.pipeline.trial.every import try_images
from twinbuild.pipeline.trial.files import TrialFiles
from twinbuild.pipeline.trial.run import TooSmall

pytestmark = pytest.mark.sandbox

HALF = "def answer(question):\n    return 200, {'score': question['amount'] / 2}\n"
TESTS = """\
  golden:
    - name: half
      request: {path: /predict, body: {amount: 3}}
      expect: {body: {score: 1.5}}
"""


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service, whose image is unpacked already."""
    made = service(tmp_path / "project", HALF, TESTS)
    _unpacked(made, monkeypatch)
    return made


def _unpacked(made: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def unpacked(*_: object, **__: object) -> Iterator[Path]:
        yield made.root

    monkeypatch.setattr(every, "unpacked_image", unpacked)


def _never(*_: object, **__: object) -> None:
    raise AssertionError


def test_tried_once_and_remembered(tiny: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen is kept under image and tests; ``again`` tries it anew. ``beside`` gets what is tried now."""
    seen: list[object] = []

    def beside(*found: object) -> None:
        seen.append(found)

    first = try_images(tiny.project, tiny.plan, (tiny.image,), tiny.machine, beside=beside)
    (outcome,) = first.outcomes
    assert seen == [(*tiny.plan.derivations, tiny.image, tiny.root)]
    assert isinstance(outcome, Passed)
    assert not outcome.reused
    assert first.tested
    assert first.passed == 1
    monkeypatch.setattr(every, "run_trial", _never)
    second = try_images(tiny.project, tiny.plan, (tiny.image,), tiny.machine, beside=beside)
    assert len(seen) == 1  # nothing is unpacked
    assert second == first.remembered
    assert not second.tested
    assert second.facts == {"cpu linux/amd64": {**_facts(first), "reused": True}}
    with pytest.raises(AssertionError):
        try_images(tiny.project, tiny.plan, (tiny.image,), tiny.machine, again=True)
    other = replace(tiny.image, manifest=replace(tiny.image.manifest, digest=Digest("f" * 64)))
    with pytest.raises(AssertionError):
        try_images(tiny.project, tiny.plan, (other,), tiny.machine)


def _facts(found: every.Trials) -> dict[str, object]:
    (facts,) = found.facts.values()
    assert isinstance(facts, dict)
    return facts


def test_a_failure_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised each time."""
    made = service(tmp_path / "project", HALF, TESTS.replace("1.5", "1.6"))
    _unpacked(made, monkeypatch)
    for _ in range(2):
        with pytest.raises(BuildError) as caught:
            try_images(made.project, made.plan, (made.image,), made.machine)
        assert [each.code for each in caught.value.findings] == ["TB7202"]


def test_other_platforms_are_untested(tiny: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """And released all the same, if the spec says nothing else."""
    monkeypatch.setattr(every, "run_trial", _never)
    platform = Platform.parse("linux/arm64" if tiny.image.platform.machine == "x86_64" else "linux/amd64")
    plan = replace(tiny.plan, derivations=(replace(tiny.derivation, platform=platform),))
    found = try_images(tiny.project, plan, (replace(tiny.image, platform=platform),), tiny.machine)
    assert found.outcomes == (
        Untested(variant="cpu", platform=platform, image=tiny.image.manifest.digest, reason="platform"),
    )
    assert found.untested == (f"cpu {platform}: the machine of the release is of another platform",)
    assert found.passed == 0


@pytest.mark.parametrize(
    ("tests", "reason"),
    [
        ("  golden: []\n", None),
        (TESTS, "the machine of the release has no sandbox"),
        (TESTS + "  required: []\n", None),
        (TESTS + "  required: [cpu]\n", "the machine of the release has no sandbox"),
    ],
)
def test_without_a_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tests: str, reason: str | None) -> None:
    """A release is refused, unless it has no tests or names the variants that need them."""
    made = service(tmp_path / "project", HALF, tests)
    _unpacked(made, monkeypatch)

    def fail(*_: object, **__: object) -> None:
        raise EnvironmentFault.of("TB5910", "no sandbox", hint="allow it")

    monkeypatch.setattr(every, "run_trial", fail)
    monkeypatch.setattr("twinbuild.build.sandbox.Sandbox.available", lambda _: "no namespaces")
    if reason is None:
        assert try_images(made.project, made.plan, (made.image,), made.machine).passed == 0
        return
    with pytest.raises(PolicyRefused, match=reason) as caught:
        try_images(made.project, made.plan, (made.image,), made.machine)
    assert caught.value.exit_code == 8
    assert caught.value.findings[0].code == "TB7220"


def test_a_machine_that_is_too_small(tiny: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused: another machine could have tried it."""

    def refuse(*_: object, **__: object) -> None:
        raise TooSmall("TB5401")

    monkeypatch.setattr(every, "run_trial", refuse)
    with pytest.raises(PolicyRefused, match="less than the image needs"):
        try_images(tiny.project, tiny.plan, (tiny.image,), tiny.machine)


def test_a_fault_that_only_looks_like_it(tiny: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a sandbox can be made, the fault is told as it is."""

    def fail(*_: object, **__: object) -> None:
        raise EnvironmentFault.of("TB5910", "the launcher died", hint="x")

    monkeypatch.setattr(every, "run_trial", fail)
    with pytest.raises(EnvironmentFault, match="the launcher died"):
        try_images(tiny.project, tiny.plan, (tiny.image,), tiny.machine)


SECTIONS = """\
configuration:
  parameters:
    - {name: level, kind: log_level, type: enum, values: [info, error], default: info, description: d, environment: L}
secrets:
  - {name: token, provider: file, reference: /run/token, purpose: Asking.}
"""


@pytest.mark.parametrize(
    ("old", "new"), [("[info, error]", "[info, fatal]"), ("kind: log_level, ", ""), ("file", "env")]
)
def test_what_the_outcome_depends_on(tmp_path: Path, old: str, new: str) -> None:
    """All that decides what is asked and told: with another of it, nothing that was seen before counts."""
    assert old in SECTIONS
    changed = SECTIONS.replace(old, new).replace("env, reference: /run/token", "env, reference: TOKEN")
    keys = set()
    for number, sections in enumerate((SECTIONS, SECTIONS, changed)):
        made = service(tmp_path / str(number), HALF, TESTS + sections)
        keys.add(every._key(made.project, made.image, TrialFiles()))
    assert len(keys) == 2
