"""Plan: spec and lock → derivations. Pure: the same spec and lock give the same plan, wherever and whenever.

Layers, lowest first: Debian packages · the virtual environment's skeleton · one layer for each large wheel, one for
the small ones · one for each step · one for each artifact · the application · ``etc/twinbuild``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from twinbuild.build.added import ADDED
from twinbuild.build.base import ACCOUNTS
from twinbuild.debian.hermetic import RUNNER
from twinbuild.deploy.configuration import configuration_environment
from twinbuild.errors import Finding, Location, LockError, SpecError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import Lock, LockedWheel, Target
from twinbuild.model.plan import (
    AccountRecipe,
    AddedPackagesRecipe,
    ApplicationRecipe,
    ArtifactRecipe,
    Compression,
    Compressor,
    DebianRecipe,
    Derivation,
    Document,
    FileInput,
    ImageConfig,
    Interpreter,
    LayerDerivation,
    LayerRecipe,
    MetadataRecipe,
    Plan,
    ScriptedDebianRecipe,
    ScriptInput,
    SkeletonRecipe,
    User,
    WheelInput,
    WheelsRecipe,
)
from twinbuild.model.platform import Platform
from twinbuild.model.spec.paths import owned_place
from twinbuild.model.spec.release import ReleaseSpec
from twinbuild.oci.layer import WRITER
from twinbuild.pipeline.plan.interpreters import deb_input, interpreter_of
from twinbuild.pipeline.plan.standing import base_input, config_on, places
from twinbuild.pipeline.plan.steps import overlaps, step_layers

__all__ = ["BUILDER", "PREFIX", "Tooling", "make_plan"]

BUILDER: Final = "embedded/1"
PREFIX: Final = "opt/venv"
_LARGE: Final = 2 << 20  # bytes of a wheel that is worth a layer of its own: it is then cached and shared by itself
_MOST_FINDINGS: Final = 20
_MOST_WHEEL_LAYERS: Final = 60  # of the at most 100 layers that engines promise to take
_MOST_SHARED_LAYERS: Final = 80  # of a base and wheels together: the rest is for the model and the application


@dataclass(frozen=True, slots=True, kw_only=True)
class Tooling:
    """What decides bytes beside spec and lock: the compressor of each kind, what is known of packages' scripts."""

    compressor: Callable[[Compression], Compressor]
    effects: Callable[[Iterable[str]], Digest]


def make_plan(
    spec: ReleaseSpec,
    lock: Lock,
    tooling: Tooling,
    *,
    epoch: int,
    documents: Callable[[Target], tuple[tuple[str, bytes], ...]],
) -> Plan:
    """The derivations of every variant and platform of the spec, sorted by both.

    ``epoch`` is SOURCE_DATE_EPOCH; ``documents`` gives the files of ``etc/twinbuild`` (path below it, content).
    Raises LockError TB2250 where the lock lacks a target or an artifact, SpecError TB1115 where artifacts and
    application overlap.
    """
    derivations: list[Derivation] = []
    texts: dict[Digest, bytes] = {}
    for variant in sorted(spec.environment.variants, key=lambda item: item.name):
        for name in sorted(variant.platforms or spec.environment.platforms):
            platform = Platform.parse(name)
            target = lock.target(variant.name, platform)
            if target is None:
                raise LockError.of(
                    "TB2250",
                    f"the lock has no target {variant.name}-{platform.file_part}",
                    hint="run `twinbuild lock`",
                )
            files: list[FileInput] = []
            for path, content in sorted(documents(target)):
                digest = Digest.of(content)
                texts[digest] = content
                files.append(FileInput(path=f"etc/twinbuild/{path}", sha256=digest, size=len(content), mode=0o644))
            derivations.append(_derivation(spec, lock, target, tooling, epoch=epoch, files=tuple(files)))
    return Plan(
        derivations=tuple(derivations),
        documents=tuple(Document(digest=digest, content=texts[digest]) for digest in sorted(texts)),
    )


def _derivation(
    spec: ReleaseSpec, lock: Lock, target: Target, tooling: Tooling, *, epoch: int, files: tuple[FileInput, ...]
) -> Derivation:
    interpreter = interpreter_of(lock, target)
    compressor = tooling.compressor(Compression(spec.build.compression))

    def layer(title: str, recipe: LayerRecipe) -> LayerDerivation:
        return LayerDerivation(
            title=title,
            platform=target.platform,
            recipe=recipe,
            writer=WRITER,
            compressor=compressor,
            source_date_epoch=epoch,
        )

    recipes: list[tuple[str, LayerRecipe]] = []
    if target.base is None:
        recipes.append(("Debian packages", _ground(spec, target, tooling)))
    else:
        recipes.append(("Debian packages and account" if target.debs else "account", _ground(spec, target, tooling)))
    recipes.append(
        (
            "Python environment",
            SkeletonRecipe(
                prefix=PREFIX,
                python=target.python.minor,
                version=target.python.version,
                executable=interpreter.executable,
            ),
        )
    )
    recipes.extend(_wheels(target, interpreter if spec.build.bytecode else None))
    below = tuple(layer(title, recipe) for title, recipe in recipes)
    _require_apart(spec, lock)
    above = [
        *_artifacts(spec, lock),
        ("application", _application(spec, lock, interpreter if spec.build.bytecode else None)),
        ("release documents", MetadataRecipe(files=files)),
    ]
    layers = (
        *below,
        *step_layers(
            spec,
            lock,
            target,
            below,
            layer=layer,
            system=lambda other: _ground(spec, other, tooling),
            prefix=PREFIX,
            epoch=epoch,
        ),
        *(layer(title, recipe) for title, recipe in above),
    )
    return Derivation(
        name=spec.metadata.name,
        version=spec.metadata.version,
        variant=target.variant,
        platform=target.platform,
        builder=BUILDER,
        layers=layers,
        config=_config(spec, target, interpreter),
        source_date_epoch=epoch,
        base=base_input(target.base) if target.base is not None else None,
    )


def _ground(spec: ReleaseSpec, target: Target, tooling: Tooling) -> LayerRecipe:
    """What lies below the virtual environment, but for a base's own layers."""
    if target.base is None:
        return _debian(spec, target, tooling)
    base = base_input(target.base).layers
    if not target.debs:
        return AccountRecipe(base=base, user=_user(spec), places=places(spec, PREFIX), version=ACCOUNTS)
    packages = _debian(spec, target, tooling)
    return AddedPackagesRecipe(
        base=base,
        debs=packages.debs,
        effects=packages.effects,
        user=packages.user,
        places=places(spec, PREFIX),
        scripts=packages.scripts if isinstance(packages, ScriptedDebianRecipe) else (),
        runner=RUNNER,
        version=ADDED,
    )


def _debian(spec: ReleaseSpec, target: Target, tooling: Tooling) -> DebianRecipe:
    debs = tuple(deb_input(deb) for deb in target.debs)
    effects = tooling.effects(deb.name for deb in target.debs)
    user = _user(spec)
    scripts = tuple(
        ScriptInput(package=deb.name, script=script.kind, sha256=script.sha256)
        for deb in target.debs
        for script in deb.runs
    )
    if scripts:
        return ScriptedDebianRecipe(debs=debs, effects=effects, user=user, scripts=scripts, runner=RUNNER)
    return DebianRecipe(debs=debs, effects=effects, user=user)


def _user(spec: ReleaseSpec) -> User:
    account = spec.serving.user
    return User(name=account.name, uid=account.uid, gid=account.gid, home=account.home)


def _wheels(target: Target, bytecode: Interpreter | None) -> list[tuple[str, LayerRecipe]]:
    wheels = target.wheels
    large = sorted((wheel for wheel in wheels if wheel.size >= _LARGE), key=lambda wheel: (-wheel.size, wheel.filename))
    below = len(target.base.layers) if target.base is not None else 1
    alone = {wheel.filename for wheel in large[: min(_MOST_WHEEL_LAYERS, max(0, _MOST_SHARED_LAYERS - below))]}
    groups: list[tuple[str, tuple[LockedWheel, ...]]] = [
        (f"wheel {wheel.name} {wheel.version}", (wheel,)) for wheel in wheels if wheel.filename in alone
    ]
    rest = tuple(wheel for wheel in wheels if wheel.filename not in alone)
    if rest:
        groups.append((f"{len(rest)} small wheels", rest))
    return [
        (
            title,
            WheelsRecipe(
                prefix=PREFIX,
                python=target.python.minor,
                bytecode=bytecode,
                wheels=tuple(
                    WheelInput(filename=wheel.filename, sha256=wheel.sha256, size=wheel.size)
                    for wheel in sorted(group, key=lambda wheel: wheel.filename)
                ),
            ),
        )
        for title, group in groups
    ]


def _artifacts(spec: ReleaseSpec, lock: Lock) -> list[tuple[str, LayerRecipe]]:
    locked = {artifact.name: artifact for artifact in lock.artifacts}
    recipes: list[tuple[str, LayerRecipe]] = []
    for artifact in sorted(spec.model.artifacts, key=lambda item: item.name):
        entry = locked.get(artifact.name)
        if entry is None:
            raise LockError.of("TB2250", f"the lock has no artifact {artifact.name!r}", hint="run `twinbuild lock`")
        file = FileInput(path=artifact.target.lstrip("/"), sha256=entry.sha256, size=entry.size, mode=0o644)
        recipes.append((f"artifact {artifact.name}", ArtifactRecipe(file=file)))
    return recipes


def _require_apart(spec: ReleaseSpec, lock: Lock) -> None:
    """Raises SpecError TB1115 where a file of the application would replace another's, or lie below it."""
    targets = {artifact.target: artifact.name for artifact in spec.model.artifacts}
    findings = []
    for file in lock.source:
        path = PurePosixPath(spec.source.target, file.path)
        owned = owned_place(str(path))
        if owned is not None:
            message = f"the application has {file.path}, which would lie in {owned}: that is not its own"
            findings.append(_overlap(file.path, message, "choose another source.target, such as /app"))
        for place in (path, *path.parents):
            name = targets.get(str(place))
            if name is not None:
                message = f"artifact {name!r} lies at {place}, where the application has {file.path}"
                findings.append(_overlap(file.path, message, "give it a target of its own, such as /models/NAME"))
    findings += overlaps(spec, lock)
    if findings:
        raise SpecError(tuple(findings[:_MOST_FINDINGS]))


def _overlap(path: str, message: str, remedy: str) -> Finding:
    hint = f"{remedy}, or name the file below source.ignore"
    return Finding(code="TB1115", message=message, hint=hint, where=Location(file=path))


def _application(spec: ReleaseSpec, lock: Lock, bytecode: Interpreter | None) -> ApplicationRecipe:
    root = spec.source.target.lstrip("/")
    return ApplicationRecipe(
        files=tuple(
            FileInput(
                path=f"{root}/{file.path}",
                sha256=file.sha256,
                size=file.size,
                mode=0o755 if file.executable else 0o644,
            )
            for file in lock.source
        ),
        bytecode=bytecode,
    )


def _config(spec: ReleaseSpec, target: Target, interpreter: Interpreter) -> ImageConfig:
    serving = spec.serving
    chosen = configuration_environment(spec)
    chosen |= {key: str(value) for key, value in serving.environment.items()}
    fixed = (
        ("PATH", f"/{PREFIX}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("VIRTUAL_ENV", f"/{PREFIX}"),
        ("LANG", "C.UTF-8"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONUNBUFFERED", "1"),
    )
    environment = (
        *(item for item in fixed if item[0] not in chosen),
        *sorted(chosen.items()),  # the order of keys in a spec is no input
    )
    labels = {
        "org.opencontainers.image.title": spec.metadata.name,
        "org.opencontainers.image.version": spec.metadata.version,
        "org.opencontainers.image.vendor": spec.metadata.team,
        "dev.twinbuild.variant": target.variant,
        "dev.twinbuild.model.family": spec.model.family,
        "dev.twinbuild.model.version": spec.model.version,
    }
    if spec.metadata.description:
        labels["org.opencontainers.image.description"] = spec.metadata.description
    if spec.source.repository:
        labels["org.opencontainers.image.source"] = spec.source.repository
    labels |= {key: str(value) for key, value in spec.metadata.labels.items()}
    config = ImageConfig(
        user=f"{serving.user.uid}:{serving.user.gid}",
        command=tuple(serving.command),
        entrypoint=(f"/{interpreter.executable}", "-I", "-S", "/etc/twinbuild/preflight.py", "--"),
        working_directory=spec.source.target,
        environment=environment,
        exposed_ports=tuple(sorted(f"{port.port}/tcp" for port in serving.ports)),
        labels=tuple(sorted(labels.items())),
        stop_signal="SIGTERM",
    )
    if target.base is None:
        return config
    return config_on(target.base, config, prepend=f"/{PREFIX}/bin", chosen=frozenset(chosen))
