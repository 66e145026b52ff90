"""``twinbuild reproduce``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, archive_option, json_option, quiet_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.archive.reproducing import Reproduced, Wish
    from twinbuild.pipeline.archive.rerunning import Answered, Rerun

__all__ = ["command"]


@click.command("reproduce")
@click.argument("name", metavar="NAME@VERSION|DIGEST")
@archive_option
@click.option(
    "--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="Where the rebuilt release goes."
)
@click.option(
    "--without-tests", is_flag=True, help="Build and compare only: the verdict of the release's own tests stands."
)
@click.option(
    "--with-archived-tool", "tool", flag_value="archived", default="", help="Build by the twinbuild archived with it."
)
@click.option("--with-present-tool", "tool", flag_value="present", help="Build by this twinbuild in any case.")
@click.option("--run", is_flag=True, help="Then start it, ask its golden tests again, and answer --request.")
@click.option("--stage", default="", metavar="NAME", help="With --run: the values that this stage deploys.")
@click.option(
    "--variant", default="", metavar="NAME", help="With --run: the variant to start, where there are several."
)
@click.option(
    "--request",
    "file",
    type=NamedPath(path_type=Path),
    metavar="FILE",
    help='With --run: requests to answer, a JSON object a line: {"method": "POST", "path": "/predict", "body": {}}.',
)
@quiet_option
@json_option
def command(
    *,
    name: str,
    place: str,
    output: Path,
    without_tests: bool,
    tool: Wish,
    run: bool,
    stage: str,
    variant: str,
    file: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Build an archived release again, from the archive alone, and compare every file.

    It is named by NAME@VERSION, by its release digest or a beginning of it, or by the digest of an image, as a pod
    shows it. The build has no network, no store and no files but the archive's; of an archive in a registry what
    it needs is fetched first. Exit 7: it is not the same.
    With --run, exit 1: a golden test is answered otherwise.

    The twinbuild that is archived with the release builds it where this one has another version or other code.
    """
    from twinbuild import __version__
    from twinbuild.cli.kept import opened_for
    from twinbuild.cli.session import offline, session
    from twinbuild.errors import DifferenceFound
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.registering import at_hand
    from twinbuild.pipeline.archive.reproducing import reproduce
    from twinbuild.pipeline.archive.rerunning import read_requests, refuse_other, rerun

    if not run and (stage or variant or file is not None):
        raise click.UsageError("--stage, --variant and --request are about a service that is started: add --run")
    requests = read_requests(file)
    with session(beside=Path(), quiet=quiet or as_json) as online, opened_for(place, online) as kept:
        machine, summary = offline(online), chosen(kept, name)
        if run:
            refuse_other(kept.release(summary.kept), stage=stage, variant=variant)
        if summary.generator != __version__ and not as_json:
            click.echo(f"made by  twinbuild {shown(summary.generator)}; this is {__version__}", err=True)
        with at_hand(kept, (summary.kept,), online, layers=False) as archive:
            found = reproduce(archive, summary, machine, output=output, tests=not without_tests, tool=tool)
        ran = rerun(output, machine, stage=stage, variant=variant, requests=requests) if run else None
        machine.progress("", 0, 0)
    click.echo(
        json.dumps(_document(found, ran))
        if as_json
        else "\n".join((*_text(found, tested=not without_tests), *_ran(ran, stage)))
    )
    if ran is not None and ran.differing:
        raise DifferenceFound(ran.differing)


def _document(found: Reproduced, ran: Rerun | None) -> dict[str, object]:
    release = found.release
    document: dict[str, object] = {
        "release": str(release.digest),
        "name": release.name,
        "version": release.version,
        "images": [str(image.digest) for image in release.images],
        "files": found.files,
        "tool": str(found.tool) if found.tool is not None else None,
        "tool_because": found.why,
        "lost": list(found.lost),
        "witnesses": dict(found.witnesses),
        "output": str(found.output),
    }
    if ran is not None:
        document["run"] = {
            "environment": dict(ran.environment),
            "golden": {"asked": ran.golden, "differing": len(ran.differing)},
            "answers": [_answer(each) for each in ran.answers],
        }
    return document


def _answer(each: Answered) -> dict[str, object]:
    if isinstance(each.answer, str):
        return {"name": each.name, "error": each.answer}
    body = each.answer.body.decode("utf-8", "replace")
    return {"name": each.name, "status": each.answer.status, "body": body, "seconds": round(each.answer.seconds, 6)}


def _text(found: Reproduced, *, tested: bool) -> list[str]:
    release = found.release
    return [
        f"release  {release.name} {release.version}  {release.digest}",
        *(f"image    {shown(image.variant)} {shown(image.platform)}  {image.digest}" for image in release.images),
        f"same     {counted(found.files, 'file')}, built from the archive alone in {found.seconds:.0f} s",
        _builder(found),
        f"tested   {'again, as it was released' if tested else 'not again: the verdict of its release stands'}",
        *(f"{witness:8} {shown(how)}" for witness, how in found.witnesses),
        *(f"lost     {shown(path)} is missing or damaged: `twinbuild archive verify` says more" for path in found.lost),
        f"output   {shown(found.output)}",
    ]


def _builder(found: Reproduced) -> str:
    from twinbuild import __version__

    if found.tool is None:
        return f"built    by this twinbuild, {__version__}: {found.why}"
    what = f"the archived twinbuild {shown(found.release.generator)}, {found.tool}"
    return f"built    by {what}, which came with the archive: {found.why}"


def _ran(ran: Rerun | None, stage: str) -> list[str]:
    if ran is None:
        return []
    values = " ".join(f"{name}={value}" for name, value in ran.environment) or "the defaults"
    good = ran.golden - len(ran.differing)
    lines = [
        f"ran      {stage or 'no stage'}: {shown(values)}",
        f"golden   {good} of {ran.golden} answered as expected",
    ]
    for each in ran.answers:
        if isinstance(each.answer, str):
            lines.append(f"{each.name}  no answer: {shown(each.answer)}")
        else:
            lines.append(f"{each.name}  {each.answer.status} {shown(each.answer.body.decode('utf-8', 'replace'))}")
    return lines
