"""What pages have people type: each ``twinbuild`` of the documentation is a verb with options that it really has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
import pytest

from fakes.transcripts import mentioned, steps, words_of
from twinbuild.cli.__main__ import cli

ROOT: Final = Path(__file__).resolve().parents[2]
_GENERATED: Final = ("cli.md", "errors.md", "spec.md")
PAGES: Final = sorted(
    page for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if page.name not in _GENERATED
)
_ELIDED: Final = "…"


def _verb(words: tuple[str, ...]) -> tuple[click.Command, click.Context, list[str]]:
    """The verb that words lead to, through groups, and the words that are its own."""
    command: click.Command = cli
    context = click.Context(cli, info_name="twinbuild")
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"there is no verb {name!r}"
        command = found
        context = click.Context(command, info_name=name, parent=context)
    return command, context, rest


def _parse(words: tuple[str, ...], *, whole: bool) -> None:
    """Have the command line's own parser read the words. ``whole``: nothing that is required may be missing."""
    command, context, rest = _verb(words)
    context.allow_interspersed_args = command.allow_interspersed_args
    try:
        values, surplus, _ = command.make_parser(context).parse_args([word for word in rest if word != _ELIDED])
    except click.BadOptionUsage:  # a sentence names an option, and not what it takes
        if whole:
            raise
        return
    if isinstance(command, click.Group):
        assert not surplus, surplus
        return
    assert not surplus, f"{surplus} is one argument too many"
    if whole and not values.get("help"):
        _complete(command, context, values)


def _complete(command: click.Command, context: click.Context, values: dict[str, object]) -> None:
    """Each value is one that its option takes, and what is required is there."""
    for parameter in command.params:
        value = values.get(parameter.name or "")
        if parameter.required and not parameter.envvar:
            there = isinstance(value, str | int | tuple | list) and value not in ((), [])
            assert there, f"{parameter.get_error_hint(context)} is missing"
        if isinstance(parameter.type, click.Choice | click.types.IntParamType) and value is not None:
            for each in value if isinstance(value, list | tuple) else (value,):
                if isinstance(each, str) and "$" not in each:
                    parameter.type.convert(each, parameter, context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands(page: Path) -> None:
    """Each command that a page shows is one that the command line reads; so are those in its sentences."""
    wrong: list[str] = []
    typed = [(words, True, f"line {step.line}") for step in steps(page) for words in words_of(step.command)]
    named = [
        (words, False, text) for text in mentioned(page) for words in words_of(text.replace("[", "").replace("]", ""))
    ]
    for words, whole, where in (*typed, *named):
        try:
            _parse(words, whole=whole)
        except (AssertionError, click.ClickException) as error:
            said = error.format_message() if isinstance(error, click.ClickException) else error
            wrong.append(f"{where}: twinbuild {' '.join(words)}: {said}")
    assert wrong == []


def test_a_wrong_command_is_found() -> None:
    """The parser that reads pages refuses what nobody can type."""
    with pytest.raises(AssertionError, match="no verb"):
        _parse(("realease",), whole=False)
    with pytest.raises(click.NoSuchOption):
        _parse(("sign", "DIST", "--kye", "k"), whole=False)
    with pytest.raises(AssertionError, match="missing"):
        _parse(("diff", "A"), whole=True)
    with pytest.raises(click.BadParameter):
        _parse(("sbom", "check", "DIST", "--standard", "nita"), whole=True)
    with pytest.raises(AssertionError, match="too many"):
        _parse(("show", "A", "B"), whole=True)
