from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from twinbuild.codec.canonical import digest_of
from twinbuild.codec.lock import decode_lock
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.deploy.configuration import configuration_digest
from twinbuild.errors import LockError, SpecError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, Target
from twinbuild.model.plan import (
    AccountRecipe,
    AddedPackagesRecipe,
    Compression,
    Compressor,
    Interpreter,
    Plan,
    WheelsRecipe,
)
from twinbuild.model.platform import Platform
from twinbuild.model.spec.paths import owned_place
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.pipeline.build.preflight import preflight_files
from twinbuild.pipeline.plan.plan import PREFIX, Tooling, make_plan

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer"
TEXT = (EXAMPLE / "release.yaml").read_text("utf-8")
BOTH = TEXT.replace("platforms: [linux/amd64]", "platforms: [linux/amd64, linux/arm64]")
ARM64 = Platform.parse("linux/arm64")


def _spec(text: str) -> ReleaseSpec:
    return load_spec((SourceText(name="release.yaml", content=text.encode()),)).spec


def _lock() -> Lock:
    return decode_lock((EXAMPLE / "release.lock").read_bytes())


def _plan(text: str, lock: Lock, *, documents: tuple[tuple[str, bytes], ...] = ()) -> Plan:
    def compressor(kind: Compression) -> Compressor:
        return Compressor(kind=kind, implementation="none/1", level=0, mode="")

    tooling = Tooling(compressor=compressor, effects=lambda names: Digest.of("\n".join(names).encode()))
    return make_plan(_spec(text), lock, tooling, epoch=7, documents=lambda _: documents)


def _interpreters(plan: Plan) -> list[Interpreter]:
    recipes = [layer.recipe for derivation in plan.derivations for layer in derivation.layers]
    return [recipe.bytecode for recipe in recipes if isinstance(recipe, WheelsRecipe) and recipe.bytecode]


def _arm64(target: Target, *, python: str = "") -> Target:
    """The target as it would be on the other architecture, perhaps with another build of Python."""
    debs = tuple(
        replace(
            deb,
            architecture="arm64",
            sha256=Digest.of(deb.name.encode()),
            version=python if python and deb.name == "python3.11-minimal" else deb.version,
        )
        for deb in target.debs
    )
    return replace(target, platform=ARM64, debs=debs)


def test_two_platforms_share_interpreters() -> None:
    """Each image may be compiled by the build of the same Python for either platform, so both machines plan alike."""
    lock = _lock()
    (target,) = lock.targets
    both = replace(lock, targets=(target, _arm64(target)))
    found = _interpreters(_plan(BOTH, both))
    assert len(set(found)) == 1
    assert [str(build.platform) for build in found[0].builds] == ["linux/amd64", "linux/arm64"]
    turned = replace(lock, targets=(_arm64(target), target))
    assert digest_of(_plan(BOTH, turned)) == digest_of(_plan(BOTH, both))


def test_another_build_of_python_does_not_serve() -> None:
    """A Python of another package version may compile otherwise: each image has its own."""
    lock = _lock()
    (target,) = lock.targets
    other = replace(lock, targets=(target, _arm64(target, python="3.11.2-6+deb12u9")))
    found = {tuple(str(build.platform) for build in each.builds) for each in _interpreters(_plan(BOTH, other))}
    assert found == {("linux/amd64",), ("linux/arm64",)}


def test_an_interpreter_that_compiles_needs_no_tls() -> None:
    """An update of OpenSSL leaves the layers of wheels as they are; what the interpreter links is there."""
    (build,) = _interpreters(_plan(TEXT, _lock()))[0].builds
    names = {deb.name for deb in build.debs}
    assert {"libc6", "libexpat1", "python3.11-minimal", "libpython3.11-minimal", "zlib1g"} <= names
    assert not any(name.startswith("libssl") for name in names)


def test_no_byte_code_needs_no_interpreter() -> None:
    """``bytecode: false`` leaves it out of every derivation."""
    assert _interpreters(_plan(TEXT.replace("bytecode: true", "bytecode: false"), _lock())) == []


def test_layers() -> None:
    """System first, documents last, a layer for each large wheel and for the model."""
    (derivation,) = _plan(TEXT, _lock(), documents=(("spec.json", b"{}"),)).derivations
    titles = [layer.title for layer in derivation.layers]
    assert titles[:2] == ["Debian packages", "Python environment"]
    assert titles[-3:] == ["artifact classifier", "application", "release documents"]
    assert sum(title.startswith("wheel ") for title in titles) >= 4


def test_missing_target() -> None:
    """A lock without a target of the spec is named."""
    with pytest.raises(LockError) as caught:
        _plan(BOTH, _lock())
    assert caught.value.findings[0].code == "TB2250"


def _leaves(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Where each single value of a derivation stands."""
    if dataclasses.is_dataclass(value) and not isinstance(value, Digest | Platform):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, tuple):
        yield (*path, "one more")
        for index, item in enumerate(value[:2]):
            yield from _leaves(item, (*path, index))
    else:
        yield path


def _with_another(value: object, path: tuple[object, ...]) -> object:
    """The value with another one at a path."""
    match path, value:
        case (), None | bool():
            return not value
        case (), Digest():
            return Digest.of(str(value).encode())
        case (), Platform():
            return ARM64 if value != ARM64 else Platform.parse("linux/amd64")
        case (), Compression():
            return Compression.GZIP if value is Compression.ZSTD else Compression.ZSTD
        case (), int():
            return value + 1
        case (), str():
            return f"{value}x"
        case ("one more",), tuple():
            return (*value, value[-1] if value else "x")
        case (int() as index, *rest), tuple():
            return (*value[:index], _with_another(value[index], tuple(rest)), *value[index + 1 :])
        case (str() as name, *rest), _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{name: _with_another(getattr(value, name), tuple(rest))})
    raise AssertionError((path, value))


def test_every_value_of_a_derivation_counts_in_its_digest() -> None:
    """Name, digest, size, mode, order, compressor, epoch …: whatever differs, the cache is asked for something else."""
    (derivation,) = _plan(TEXT, _lock(), documents=(("a.json", b"{}"),)).derivations
    values = (derivation, *derivation.layers)
    kinds = {type(layer.recipe) for layer in derivation.layers}
    assert len(kinds) == 6
    for value in values:
        places = list(_leaves(value))
        digests = {digest_of(_with_another(value, place)) for place in places}
        assert len(digests) == len(places)
        assert digest_of(value) not in digests


@pytest.mark.parametrize("target", ["/app/service/model.py", "/app/service"])
def test_the_application_does_not_replace_the_model(target: str) -> None:
    """TB1115: its layer is the upper one, so the image would hold another file than manifest and SBOM say."""
    with pytest.raises(SpecError) as caught:
        _plan(TEXT.replace("target: /models/classifier.skops", f"target: {target}"), _lock())
    findings = caught.value.findings
    assert {finding.code for finding in findings} == {"TB1115"}
    assert "service/model.py" in {finding.where.file for finding in findings}
    assert _plan(TEXT.replace("target: /models/classifier.skops", "target: /app/service/m.skops"), _lock())


@pytest.mark.parametrize(
    ("target", "path", "owned"),
    [
        ("/usr", "bin/python3", "/usr/bin"),
        ("/opt", "venv/bin/python", "/opt/venv"),
        ("/etc", "passwd", "/etc/passwd"),
        ("/var/lib", "dpkg/status", "/var/lib/dpkg"),
    ],
)
def test_the_application_does_not_replace_the_system(target: str, path: str, owned: str) -> None:
    """TB1115: what packages and twinbuild own stays theirs, whatever directories the application has."""
    lock = _lock()
    lock = replace(lock, source=(replace(lock.source[0], path=path), *lock.source[1:]))
    with pytest.raises(SpecError) as caught:
        _plan(TEXT.replace("target: /app", f"target: {target}"), lock)
    (finding,) = caught.value.findings
    assert (finding.code, finding.where.file) == ("TB1115", path)
    assert f"lie in {owned}:" in finding.message
    assert owned_place(f"/{PREFIX}/x") == f"/{PREFIX}"  # where wheels go


def test_packages_on_an_image() -> None:
    """One layer of them with the account, over the base's; its Python needs the base's libraries."""
    from tests.unit.codec.test_lock import BASE

    lock = _lock()
    base = replace(BASE, executable="usr/bin/python3.11")
    target = replace(lock.targets[0], base=base)
    plan = _plan(TEXT, replace(lock, targets=(target,)))
    layers = plan.derivations[0].layers
    recipe = layers[0].recipe
    assert isinstance(recipe, AddedPackagesRecipe)
    assert [layer.digest for layer in recipe.base] == [layer.digest for layer in base.layers]
    assert [deb.name for deb in recipe.debs] == [deb.name for deb in target.debs]
    (build,) = _interpreters(plan)[0].builds
    assert [deb.name for deb in build.debs if deb.name.startswith("python")] == ["python3.11-minimal"]
    assert [layer.digest for layer in build.base] == [base.layers[0].digest, base.layers[2].digest]
    without = _plan(TEXT, replace(lock, targets=(replace(target, debs=()),)))
    assert isinstance(without.derivations[0].layers[0].recipe, AccountRecipe)
    assert _interpreters(without)[0].builds[0].debs == ()


def test_one_image_for_all_stages() -> None:
    """What a stage sets changes no derivation: the image that was tested in staging is the one that goes live."""
    lock = _lock()
    plans, values = [], []
    for stage in ("{log_level: debug}", "{log_level: error, batch_limit: 3}", "{decision_threshold: 0.9}"):
        text = TEXT.replace("staging: {log_level: debug}", f"staging: {stage}")
        plans.append(_plan(text, lock, documents=preflight_files(_spec(text), lock, "cpu")))
        values.append(configuration_digest(_spec(text), "staging"))
    assert plans[0] == plans[1] == plans[2]
    assert len(set(values)) == 3
    other = TEXT.replace("default: 0.5", "default: 0.6")
    assert _plan(other, lock, documents=preflight_files(_spec(other), lock, "cpu")) != plans[0]
