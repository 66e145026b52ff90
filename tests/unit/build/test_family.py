"""A family that somebody else wrote is rendered within bounds, whatever it does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fakes.families import family_of
from fakes.hasty import Hasty
from twinbuild.build import bounded
from twinbuild.build.family import render_family
from twinbuild.errors import SpecError, UsageError
from twinbuild.model.family import Family, Written
from twinbuild.process.runner import SubprocessRunner

SHEET = "variables:\n  - {name: value, description: A., default: aaa, pattern: '%s'}\n"


def _render(family: Family, **given: str) -> tuple[Written, ...]:
    return render_family(family, given, {"name": "n"}, runner=SubprocessRunner(), interpreter=Path(sys.executable))


def test_files_come_back() -> None:
    """Bytes of any kind, by path."""
    family = family_of({"files/a.yaml.j2": "a: {{ name }}\n", "files/b": "\x00é"})
    assert _render(family) == (
        Written(path="a.yaml", content=b'a: "n"\n', executable=False),
        Written(path="b", content="\x00é".encode(), executable=False),
    )


def test_errors_come_back() -> None:
    """With kind, code and place."""
    with pytest.raises(UsageError, match="TB7502"):
        _render(family_of({}), other="1")
    with pytest.raises(SpecError) as error:
        _render(family_of({"files/a.yaml.j2": "\na: x{{ name }}\n"}))
    (finding,) = error.value.findings
    assert (finding.code, finding.where.file, finding.where.line) == ("TB7511", "plain/files/a.yaml.j2", 2)


@pytest.mark.parametrize(
    ("files", "sheet", "given", "message"),
    [
        ({"files/a.md.j2": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"}, "", {},
         "is not done after 1 seconds"),
        ({}, SHEET % "(a+)+b", {"value": "a" * 60}, "is not done after 1 seconds"),
        ({"files/a.md.j2": "{% set x = 'x' * 999999 %}" + "{% set x = x ~ x %}" * 40}, "", {},
         "needs more than 256 MiB"),
        ({"files/a.yaml.j2": "{{ 'x' | center(10 ** 12) }}"}, "", {}, "needs more than 256 MiB"),
    ],
)  # fmt: skip
def test_endless_work(
    files: dict[str, str], sheet: str, given: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop, a pattern that searches for years, texts that double: TB7510 with the reason."""
    monkeypatch.setattr(bounded, "_SECONDS", 1)
    monkeypatch.setattr(bounded, "_MEMORY", 256 << 20)  # filled well before, also on a busy machine
    with pytest.raises(SpecError) as error:
        render_family(
            family_of(files, sheet=sheet), given, {}, runner=Hasty("family"), interpreter=Path(sys.executable)
        )
    assert error.value.findings[0].code == "TB7510"
    assert message in error.value.findings[0].message
