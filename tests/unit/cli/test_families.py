"""What a shell completes, and how hostile texts of a catalogue are shown."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from fakes.families import family_of, write_family
from twinbuild.cli.families import family_names, family_text


def test_completion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of families, of the shipped ones and of one's own; a catalogue that is broken completes nothing."""
    context = click.Context(click.Command("init"))
    option = click.Option(["--family"])
    assert family_names(context, option, "t") == ["text-classification", "torch"]
    write_family(tmp_path, name="tiny")
    monkeypatch.setenv("TWINBUILD_CATALOGUES", str(tmp_path))
    assert family_names(context, option, "ti") == ["tiny"]
    monkeypatch.setenv("TWINBUILD_CATALOGUES", str(tmp_path / "nowhere"))
    assert family_names(context, option, "t") == []


def test_tables() -> None:
    """A family's own texts, one line each; what is missing is said."""
    family = family_of(
        {},
        sheet='variables:\n  - {name: a, type: float, minimum: 0, description: "x\\ny"}\n  - {name: b}\n'
        "  - {name: c, type: enum, values: [p, q], default: p}\n",
    )
    text = family_text(family, as_json=False)
    assert "\n  a  float, no default, at least 0\n      x y\n" in text
    assert '\n  c  enum, default "p", one of p, q\n' in text
    assert "blocks" not in text
