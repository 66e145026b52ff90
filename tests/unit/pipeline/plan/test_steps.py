"""Build steps in the plan: roots, inputs, places, and what changes which derivation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from twinbuild.codec.canonical import digest_of
from twinbuild.codec.inputs import check_freshness, step_inputs
from twinbuild.codec.lock import decode_lock, encode_lock
from twinbuild.errors import LockError, SpecError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedSdist, LockedSourceFile, LockedStep
from twinbuild.model.plan import Compression, Compressor, DebianRecipe, LayerDerivation, Plan, StepRecipe, WheelsRecipe
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.plan.plan import Tooling, make_plan
from unit.model.spec.test_steps import GOOD, load
from unit.pipeline.plan.test_plan import _lock

FULL = (
    "name: two, command: [z], packages: [gcc], wheels: [pip==26.3], fixed_clock: true, timeout: 90s, "
    "inputs: {steps: [one], application: [service], artifacts: [classifier], directory: native, sdists: [demo==1]}, "
    "outputs: [{path: /models/two}]"
)
ONE = "name: one, command: [x], outputs: [{path: /work-of/one}], image: false"


def locked(spec: ReleaseSpec, **fields: Any) -> Lock:
    """The example's lock with the steps of a spec; the last has ``fields``."""
    lock = _lock()
    (target,) = lock.targets
    steps = [LockedStep(name=step.name, inputs=step_inputs(step)) for step in spec.environment.steps]
    steps[-1] = replace(steps[-1], **fields)
    return replace(lock, targets=(replace(target, steps=tuple(steps)),))


def plan(spec: ReleaseSpec, lock: Lock) -> Plan:
    """The plan."""

    def compressor(kind: Compression) -> Compressor:
        return Compressor(kind=kind, implementation="none/1", level=0, mode="")

    tooling = Tooling(compressor=compressor, effects=lambda names: Digest.of("\n".join(names).encode()))
    return make_plan(spec, lock, tooling, epoch=7, documents=lambda _: ())


def steps_of(spec: ReleaseSpec, lock: Lock) -> dict[str, LayerDerivation]:
    """The layers of steps in the image, by title."""
    (derivation,) = plan(spec, lock).derivations
    return {layer.title: layer for layer in derivation.layers if isinstance(layer.recipe, StepRecipe)}


def test_a_step_on_the_image_itself() -> None:
    """Without packages and wheels of its own its root is made of the image's layers, so that none is built for it."""
    spec = load(GOOD)
    (derivation,) = plan(spec, locked(spec)).derivations
    layer = next(layer for layer in derivation.layers if layer.title == "step one")
    assert isinstance(layer.recipe, StepRecipe)
    assert layer.recipe.root == derivation.layers[: len(layer.recipe.root)]
    assert isinstance(layer.recipe.root[0].recipe, DebianRecipe)
    assert isinstance(layer.recipe.root[-1].recipe, WheelsRecipe)
    environment = dict(layer.recipe.environment)
    assert environment["SOURCE_DATE_EPOCH"] == "7"
    assert environment["PATH"].startswith("/opt/venv/bin:")


def test_all_that_a_step_can_have() -> None:
    """Packages and wheels of its own reach its root alone; inputs have their places; earlier steps are within it."""
    spec = load(ONE, FULL)
    lock = _lock()
    deb, wheel = lock.targets[0].debs[0], lock.targets[0].wheels[0]
    gcc = replace(deb, name="gcc", path="pool/main/g/gcc/gcc_12_amd64.deb", sha256=Digest.of(b"gcc"))
    pip = replace(wheel, name="pip", version="26.3", filename="pip-26.3-py3-none-any.whl", sha256=Digest.of(b"pip"))
    sdist = LockedSdist(
        index="default", name="demo", version="1", filename="demo-1.tar.gz", size=1, sha256=Digest.of(b"demo")
    )
    files = (LockedSourceFile(path="x.c", size=1, sha256=Digest.of(b"c"), executable=True),)
    lock = locked(
        spec, debs=(gcc,), wheels=tuple(sorted((pip, wheel), key=lambda one: one.name)), sdists=(sdist,), files=files
    )
    assert decode_lock(encode_lock(lock)) == lock
    assert check_freshness(lock, spec) == ()
    found = steps_of(spec, lock)
    assert list(found) == ["step two"]  # the first is for it alone
    recipe = found["step two"].recipe
    assert isinstance(recipe, StepRecipe)
    system, last = recipe.root[0].recipe, recipe.root[-1].recipe
    assert isinstance(system, DebianRecipe)
    assert "gcc" in {each.name for each in system.debs}
    assert isinstance(last, WheelsRecipe)
    assert [each.filename for each in last.wheels] == ["pip-26.3-py3-none-any.whl"]  # the other is the image's
    assert [layer.title for layer in recipe.steps] == ["step one"]
    places = {file.path: file.mode for file in recipe.files}
    assert places["directory/x.c"] == 0o755
    assert places["sdists/demo-1.tar.gz"] == places["artifacts/classifier/classifier.skops"] == 0o644
    assert {path.split("/")[0] for path in places} == {"application", "artifacts", "directory", "sdists"}
    assert not any(path.startswith("application/") and not path.startswith("application/service/") for path in places)
    assert (recipe.timeout, recipe.fixed_clock) == (90, True)
    assert "gcc" not in {each.name for each in plan(spec, lock).derivations[0].layers[0].recipe.debs}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change", ["command: [x, more]", "command: [x], environment: {A: b}", "command: [x], memory: 1Gi"]
)
def test_what_changes_a_derivation(change: str) -> None:
    """Whatever the step sees or may do."""
    spec, other = load(GOOD), load(GOOD.replace("command: [x]", change))
    one, two = steps_of(spec, locked(spec)), steps_of(other, locked(other))
    assert digest_of(one["step one"]) != digest_of(two["step one"])


def test_stale() -> None:
    """TB5320: another set of packages, wheels or sources; a new step; one that is gone."""
    spec = load(GOOD)
    for other in (load(f"{GOOD}, packages: [gcc]"), load(GOOD, FULL.replace("steps: [one], ", ""))):
        assert [finding.code for finding in check_freshness(locked(spec), other)] == ["TB5320"]
    assert check_freshness(locked(spec), load(f"{GOOD}, timeout: 1m")) == ()
    with pytest.raises(LockError) as caught:
        plan(spec, _lock())
    assert caught.value.findings[0].code == "TB2250"


def test_inputs_that_are_not_there() -> None:
    """TB5323 for each."""
    spec = load(f"{GOOD}, inputs: {{application: [nothing], artifacts: [other]}}")
    with pytest.raises(SpecError) as caught:
        plan(spec, locked(spec))
    assert [finding.code for finding in caught.value.findings] == ["TB5323", "TB5323"]


@pytest.mark.parametrize("place", ["/models/classifier.skops", "/app/service/model.py", "/app/service"])
def test_outputs_in_the_place_of_others(place: str) -> None:
    """TB1115: of an artifact, of a file of the application."""
    spec = load(GOOD.replace("/models/one", place))
    with pytest.raises(SpecError) as caught:
        plan(spec, locked(spec))
    assert {finding.code for finding in caught.value.findings} == {"TB1115"}
