"""``twinbuild release``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import Asked, buildx_option, common, locked_option, paranoid_option, variant_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted
from twinbuild.errors import IntegrityError, UsageError

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.cli.recording import Recorded
    from twinbuild.describe.witnesses import BuildKitEvidence
    from twinbuild.govern.signer import Signer
    from twinbuild.pipeline.fresh.summary import Summary

__all__ = ["command"]


@click.command("release")
@common
@locked_option
@paranoid_option
@variant_option
@click.option("--reverify", is_flag=True, help="Build again even if evidence for the same derivation is there.")
@click.option("--retest", is_flag=True, help="Run the tests again even if these very images passed them before.")
@click.option(
    "--builders",
    default="embedded",
    show_default=True,
    metavar="LIST",
    help="embedded, or embedded,docker: then Docker's BuildKit must arrive at the same digests, twice.",
)
@buildx_option
@click.option("--output", type=click.Path(path_type=Path), help="Directory of the release (dist/NAME-VERSION).")
def command(
    *,
    asked: Asked,
    locked: bool,
    paranoid: bool,
    variants: tuple[str, ...],
    reverify: bool,
    retest: bool,
    builders: str,
    buildx_builder: str,
    output: Path | None,
) -> None:
    """Lock if needed, build, build again under other conditions, compare, test, and describe.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory). Where nothing changed since
    the last release, only run.json is written. Where TWINBUILD_ARCHIVE and TWINBUILD_AUDIT_LOG say so, it is archived
    and logged, too. A release of some variants goes to dist/NAME-VERSION-VARIANT.
    """
    from twinbuild.cli.recording import recording_of
    from twinbuild.pipeline.release.unchanged import unchanged_release

    docker = buildx_builder if "docker" in _builders(builders) else None
    signer = _signer()  # a key that cannot sign is said before anything is built
    recording = recording_of(os.environ)
    summary, buildkit = None, None
    if docker is None and not (paranoid or reverify or retest):
        summary = unchanged_release(asked.spec, asked.overlays, output, os.environ, variants=variants)
    if summary is None:
        summary, buildkit = _released(
            asked,
            output,
            locked=locked,
            paranoid=paranoid,
            variants=variants,
            reverify=reverify,
            retest=retest,
            docker=docker,
            signing=signer is not None,
        )
    signed, claimed = _signers(summary, signer)
    if not asked.as_json:
        click.echo(_text(summary, buildkit, signed, claimed))
    recorded = recording.record(
        Path(summary.directory),
        actions=("released", "signed") if signed else ("released",),
        keyid="".join(signed),
        spec=asked.spec,
        overlays=asked.overlays,
        quiet=asked.quiet,
    )
    if asked.as_json:
        click.echo(_json(summary, buildkit, signed, claimed, recorded))
    for line in recorded.lines if not asked.as_json else ():
        click.echo(line)


def _released(
    asked: Asked,
    output: Path | None,
    *,
    locked: bool,
    paranoid: bool,
    variants: tuple[str, ...],
    reverify: bool,
    retest: bool,
    docker: str | None,
    signing: bool,
) -> tuple[Summary, BuildKitEvidence | None]:
    from twinbuild.cli.session import session_for
    from twinbuild.pipeline.lock.lockfiles import ensure_lock
    from twinbuild.pipeline.project import open_project
    from twinbuild.pipeline.release.committed import commit_of
    from twinbuild.pipeline.release.releasing import release
    from twinbuild.pipeline.release.stamping import begin, remember_release, summary_of

    beginning = begin()
    project = open_project(asked.spec, asked.overlays)
    with session_for(asked, paranoid=paranoid) as machine:
        project = project.only(variants)
        commit_of(project, machine)  # what refuses it is said before anything is resolved
        lock = ensure_lock(project, machine, locked=locked, discover=True)
        released = release(
            project,
            lock,
            machine,
            output=output,
            reverify=reverify,
            retest=retest,
            docker=docker,
            signing=signing,
        )
        remember_release(project, lock, machine, released, beginning, output=output)
    return summary_of(project, released), released.buildkit


def _builders(text: str) -> tuple[str, ...]:
    """The builders of a list. The embedded assembler is always among them: the manifest says what its builds varied."""
    names = tuple(name.strip() for name in text.split(","))
    if "embedded" not in names or not {*names} <= {"embedded", "docker"} or len({*names}) != len(names):
        raise UsageError.of(
            "TB8041",
            f"--builders is {text[:80]!r}, expected embedded or embedded,docker",
            hint="write --builders embedded,docker; `build --builder docker` builds with Docker alone",
        )
    return names


def _signer() -> Signer | None:
    """What signs the release: a key of the environment alone, for no file of a project decides what that signs."""
    if not os.environ.get("TWINBUILD_SIGNING_KEY"):
        return None
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.model.settings import SIGNING_KEY

    return signer_of(os.environ[SIGNING_KEY], None, None, os.environ)


def _signers(summary: Summary, signer: Signer | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The key that signed the release now, and ids of keys that its other signatures name, which nobody verified."""
    directory = Path(summary.directory)
    if signer is None and not (directory / "signatures").is_dir():
        return (), ()
    from twinbuild.pipeline.reading.attested import signers_of
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.signing import sign_release

    release = read_release(directory)
    if str(release.digest) != summary.release:
        raise IntegrityError.of(
            "TB8022",
            f"somebody else wrote {release.digest} in the place of the release {summary.release}",
            hint="run the command again when nothing else writes there, or name another output",
            where=summary.directory,
        )
    if signer is None:
        return (), signers_of(release)
    signed = sign_release(release, signer)
    return (signed.keyid,), tuple(each for each in signed.keys if each != signed.keyid)


def _json(
    summary: Summary,
    buildkit: BuildKitEvidence | None,
    signed: tuple[str, ...],
    claimed: tuple[str, ...],
    recorded: Recorded,
) -> str:
    return json.dumps(
        {
            "release": summary.release,
            "directory": summary.directory,
            "written": summary.written,
            "previous": summary.previous or None,
            "difference": summary.difference or None,
            "evidence_reused": summary.reused,
            "tests": {"passed": summary.passed, "untested": summary.untested, "tested_now": summary.tested},
            "images": [asdict(image) for image in summary.images],
            "indexes": [asdict(index) for index in summary.indexes],
            "signed": bool(signed),
            "signers": list(signed),
            "claimed_signers": list(claimed),
            "builders": ["embedded", *(["docker"] if buildkit is not None else [])],
            **dict(recorded.document),
        }
    )


def _text(
    summary: Summary, buildkit: BuildKitEvidence | None, signed: tuple[str, ...], claimed: tuple[str, ...]
) -> str:
    lines = [f"release  {summary.name} {summary.version}  {summary.release}"]
    if summary.previous:
        what = "a release that went out needs a version of its own"
        lines.append(f"changed  {summary.version} was {summary.previous} before: {what}")
    if summary.difference:
        lines.append(f"commit   {summary.difference} (the manifest says `modified`)")
    for image in summary.images:
        what = f"{counted(image.layers, 'layer')}, {image.size / 1e6:.1f} MB"
        lines.append(f"image    {image.variant} {image.platform}  {image.digest}  {what}")
    lines += [f"index    {index.variant}  {index.digest}  {', '.join(index.platforms)}" for index in summary.indexes]
    lines.append(
        f"verified built twice under {counted(summary.variations, 'variation')}, the same bytes ({_when(summary)})"
    )
    if buildkit is not None:
        what = f"engine {buildkit.engine}, buildx {buildkit.buildx}"
        when = "evidence of an earlier run on this machine" if buildkit.reused else "just now"
        lines.append(f"verified built twice by Docker's BuildKit ({what}), the same digests ({when})")
    lines += _tests(summary)
    lines += [f"signed   by {keyid}" for keyid in signed]
    lines += [f"claimed  by {keyid}: `twinbuild verify-release` holds it against the key" for keyid in claimed]
    if not signed and not claimed:
        lines.append("unsigned no key vouches for it: whoever gets it compares the release digest")
    path = Path(summary.directory)
    place = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return "\n".join([*lines, f"output   {shown(place)}{'' if summary.written else '  (unchanged)'}"])


def _tests(summary: Summary) -> list[str]:
    when = "just now" if summary.tested else "evidence of an earlier run on this machine"
    images = counted(len(summary.images), "image passes its tests", "images pass their tests")
    lines = [f"tested   {summary.passed} of {images} ({when})"] * bool(summary.passed)
    return lines + [f"untested {each}" for each in summary.untested]


def _when(summary: Summary) -> str:
    """When the second build was made: of all layers, of none, or of some of them."""
    layers = sum(image.layers for image in summary.images)
    if summary.reused:
        return "evidence of an earlier run on this machine"
    if not summary.earlier:
        return "just now"
    return (
        f"{layers - summary.earlier} of {counted(layers, 'layer')} just now, the others in earlier runs on this machine"
    )
