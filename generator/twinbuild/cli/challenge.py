"""``twinbuild challenge``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:
    from twinbuild.errors import Finding
    from twinbuild.pipeline.challenge.judging import Challenged, Dissent, ImageVerdict

__all__ = ["command"]


@click.command("challenge")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.argument("statements", metavar="STATEMENT...", nargs=-1, required=True, type=NamedPath(path_type=Path))
@click.option(
    "--key",
    "keys",
    required=True,
    multiple=True,
    type=NamedPath(path_type=Path),
    metavar="PUBLIC",
    help="The public key of a rebuilder whom you trust; may be repeated.",
)
@click.option("--threshold", default=2, show_default=True, metavar="K", help="How many of them must have got the same.")
@json_option
def command(
    *, release: Path, statements: tuple[Path, ...], keys: tuple[Path, ...], threshold: int, as_json: bool
) -> None:
    """Compare what independent rebuilders got from the sources of a release, and name who got something else.

    DIST is the directory of a release, which has to be whole, STATEMENT what `rebuild --key` wrote. Exit 0: K keys got
    the release's images, and nobody others. Exit 7: a rebuilder, or the release, differs from what K others got. Exit
    8: undecidable, or a statement is not what it says.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.outcome import shown
    from twinbuild.errors import NotReproducible, PolicyRefused
    from twinbuild.pipeline.challenge.judging import challenge
    from twinbuild.pipeline.challenge.statements import read_statements
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.reading.validating import check_release

    found = read_release(release)
    check_release(found)  # or the verdict would be about images that a manifest names, and not about what lies there
    trusted = tuple(public_key(path) for path in keys)
    files = {key.keyid: shown(path) for key, path in zip(trusted, keys, strict=True)}
    names = {key.keyid: shown(path.name) for key, path in zip(trusted, keys, strict=True)}  # a whole path may be masked
    judged = challenge(found, read_statements(statements, follow=True), trusted, threshold=threshold)
    if as_json:
        click.echo(json.dumps({"release": str(found.digest), "threshold": threshold, **_document(judged)}))
    else:
        for line in _lines(judged, threshold, files):
            click.echo(line)
    findings = tuple(_findings(judged, str(release), names))
    if judged.undecidable:
        raise PolicyRefused(findings)
    if findings:
        raise NotReproducible(findings)


def _verdict(verdict: ImageVerdict) -> str:
    from twinbuild.pipeline.challenge.judging import Agreed, Dissent, Undecidable

    match verdict:
        case Agreed():
            return "agreed"
        case Dissent():
            return "dissent"
        case Undecidable():
            return "undecidable"
    assert_never(verdict)


def _lines(judged: Challenged, threshold: int, files: Mapping[str, str]) -> Iterator[str]:
    from twinbuild.cli.outcome import shown
    from twinbuild.pipeline.challenge.judging import Undecidable

    for name, digest, verdict in judged.images:
        yield f"{_verdict(verdict):<11} {name}  the release has {digest}"
        if isinstance(verdict, Undecidable):
            yield from (f"  got       {got}  by {key}  {files[key]}" for key, got in verdict.votes)
            yield f"  expected  {counted(threshold, 'key')} with one digest, and no other with as many"
            continue
        yield from (f"  got       {verdict.digest}  by {key}  {files[key]}" for key in verdict.keys)
        yield from (f"  dissents  {got}  by {key}  {files[key]}" for key, got in getattr(verdict, "dissenters", ()))
    yield from (f"contradicts itself  {key}  {files[key]}" for key in judged.contradicting)
    yield from (f"not counted  {shown(each.file)}: {each.why}" for each in judged.unheard)


def _findings(judged: Challenged, where: str, names: Mapping[str, str]) -> Iterator[Finding]:
    from twinbuild.errors import Finding, Location
    from twinbuild.pipeline.challenge.judging import Dissent, Undecidable

    def finding(code: str, message: str, hint: str) -> Finding:
        return Finding(code=code, message=message, hint=hint, where=Location(file=where))

    for name, digest, verdict in judged.images:
        if isinstance(verdict, Undecidable):
            what = f"{name}: undecidable with {counted(len(verdict.votes), 'vote')}"
            yield finding("TB6104", what, "ask more rebuilders, or look at why these disagree")
        elif isinstance(verdict, Dissent):
            if verdict.release:
                what = f"{name}: the release has {digest}, and {_many(verdict, 'rebuilder')} got {verdict.digest}"
                yield finding("TB6103", what, "do not deploy it before it is known why")
            for key, got in verdict.dissenters:
                what = f"{name}: {names[key]} ({key}) got {got}, and {_many(verdict, 'other')} got {verdict.digest}"
                yield finding("TB6103", what, "ask this rebuilder for the image: `twinbuild explain-mismatch`")
    for key in judged.contradicting:
        what = f"{names[key]} ({key}) signed statements with different images of the same sources"
        yield finding("TB6103", what, "ask this rebuilder which of them holds; none of them counts")


def _many(verdict: Dissent, who: str) -> str:
    return counted(len(verdict.keys), who)


def _document(judged: Challenged) -> dict[str, object]:
    from twinbuild.pipeline.challenge.judging import Undecidable

    images = []
    for name, digest, verdict in judged.images:
        entry: dict[str, object] = {"image": name, "release": str(digest), "verdict": _verdict(verdict)}
        if isinstance(verdict, Undecidable):
            entry["votes"] = {key: str(got) for key, got in verdict.votes}
        else:
            entry |= {"digest": str(verdict.digest), "keys": list(verdict.keys)}
            entry["dissenters"] = {key: str(got) for key, got in getattr(verdict, "dissenters", ())}
        images.append(entry)
    return {
        "images": images,
        "contradicting": list(judged.contradicting),
        "not_counted": [{"file": each.file, "why": each.why} for each in judged.unheard],
    }
