"""Families by name: where they are found, what they extend, and which pins hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.families import write_family
from twinbuild.errors import IntegrityError, SpecError, UsageError
from twinbuild.pipeline.family.families import (
    family_at,
    find_family,
    known_catalogues,
    list_sheets,
    present_family,
    shipped_catalogue,
)

FAMILIES = (
    "lightgbm", "onnxruntime", "python-service", "scikit-learn", "sentence-embeddings", "text-classification", "torch",
    "xgboost",
)  # fmt: skip

HOOKED = """\
variables: [{name: text, default: x, description: A.},
  {name: hooked, type: bool, default: true, description: A.}]
"""


def test_the_shipped_ones() -> None:
    """Eight of them."""
    assert tuple(sheet.name for _, sheet in list_sheets((shipped_catalogue(),))) == FAMILIES


def test_an_earlier_catalogue_comes_first(tmp_path: Path) -> None:
    """Of two families of one name, that of the catalogue that was named first."""
    ours = write_family(tmp_path, name="torch")
    known = known_catalogues({"TWINBUILD_CATALOGUES": str(tmp_path)})
    assert find_family("torch", known).directory == str(ours)
    assert {sheet.name: place for place, sheet in list_sheets(known)}["torch"] == ours
    assert find_family("xgboost@1.0.0", known).base is not None


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("tork", "there is no family 'tork'", "did you mean 'torch'?"),
        ("zzz", "there is no family 'zzz'", "known: lightgbm, "),
        ("torch@9", "got torch@9, and ", "name torch@1.0.0"),
        ("../torch", "there is no family '../torch'", "did you mean 'torch'?"),
    ],
)
def test_a_family_that_is_not_there(wanted: str, message: str, hint: str) -> None:
    """TB7521."""
    with pytest.raises(UsageError) as error:
        find_family(wanted, (shipped_catalogue(),))
    (finding,) = error.value.findings
    assert finding.code == "TB7521"
    assert message in finding.message
    assert finding.hint.startswith(hint)


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("extends: nowhere@1.0.0\n", "plain@1.0.0 extends nowhere@1.0.0, which no catalogue has"),
        ("extends: plain@1.0.0\n", "which would extend itself"),
        ("extends: other@1.0.0\n", "which would extend itself"),
        ("extends: torch@1.0.0\n", "which is of another catalogue"),
        ("extends: third@2.0.0\n", "third@1.0.0"),
    ],
)
def test_what_it_extends_is_not_there(tmp_path: Path, sheet: str, message: str) -> None:
    """TB7523: absent, in a circle, of another catalogue without a pin, of another version."""
    write_family(tmp_path, name="other", sheet="extends: plain@1.0.0\n")
    write_family(tmp_path, name="third")
    place = write_family(tmp_path, sheet=sheet)
    with pytest.raises(SpecError) as error:
        find_family("plain", (tmp_path, shipped_catalogue()))
    (finding,) = error.value.findings
    assert (finding.code, finding.where.line) == ("TB7523", 6)
    assert message in finding.message
    if "another catalogue" in message:
        assert find_family("torch", (shipped_catalogue(),)).digest.hex in finding.hint
    with pytest.raises(SpecError, match="TB7523"):
        family_at(place, (shipped_catalogue(),))


def test_a_pin_of_another_catalogue(tmp_path: Path) -> None:
    """With its digest a family of another catalogue may be extended; another digest is TB7524."""
    torch = find_family("torch", (shipped_catalogue(),))
    write_family(tmp_path, sheet=f"extends: torch@1.0.0\nsha256: {torch.digest.hex}\n")
    family = find_family("plain", (tmp_path, shipped_catalogue()))
    assert [each.sheet.name for each in family.chain] == ["python-service", "torch", "plain"]
    write_family(tmp_path, sheet=f"extends: torch@1.0.0\nsha256: {'a' * 64}\n")
    with pytest.raises(IntegrityError) as error:
        find_family("plain", (tmp_path, shipped_catalogue()))
    assert error.value.findings[0].code == "TB7524"
    assert f"got {torch.digest}, expected sha256:{'a' * 64}" in error.value.findings[0].message


def test_names_and_sheets(tmp_path: Path) -> None:
    """A directory of another name, and one without a sheet: TB7523."""
    write_family(tmp_path, name="plain").rename(tmp_path / "else")
    with pytest.raises(SpecError, match="is called 'else'") as error:
        find_family("else", (tmp_path,))
    assert error.value.findings[0].where.line == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpecError, match=r"has no family\.yaml"):
        family_at(tmp_path / "empty", ())


def test_a_base_that_changes_changes_what_extends_it(tmp_path: Path) -> None:
    """The digest of a family covers the one below."""
    write_family(tmp_path, name="base")
    write_family(tmp_path, sheet="extends: base@1.0.0\n")
    before = find_family("plain", (tmp_path,)).digest
    write_family(tmp_path, {"files/new": ""}, name="base")
    assert find_family("plain", (tmp_path,)).digest != before


@pytest.mark.parametrize(
    ("sheet", "line", "message"),
    [
        ("without: [app/mian.py]\n", 7, "'without' names 'app/mian.py', which no family below writes"),
        ("without: [new]\n", 7, "'without' names 'new'"),
        (f"{HOOKED}optional: [{{path: new, when: hokked}}]\n", 9, "names 'hokked', which is no variable of type bool"),
        (f"{HOOKED}optional: [{{path: new, when: text}}]\n", 9, "names 'text', which is no variable of type bool"),
        (f"{HOOKED}optional: [{{path: hooks, when: hooked}}]\n", 9, "'optional' names 'hooks', which no family writes"),
    ],
)
def test_rules_that_would_do_nothing(tmp_path: Path, sheet: str, line: int, message: str) -> None:
    """TB7525 with the place; those that name a file, a directory and a bool are rules."""
    write_family(tmp_path, name="base")
    write_family(tmp_path, {"files/new": ""}, sheet=f"extends: base@1.0.0\n{sheet}")
    with pytest.raises(SpecError) as error:
        find_family("plain", (tmp_path,))
    (finding,) = error.value.findings
    assert (finding.code, finding.where.line) == ("TB7525", line)
    assert message in finding.message
    good = f"extends: base@1.0.0\n{HOOKED}optional: [{{path: app, when: hooked}}]\nwithout: [app/main.py]\n"
    write_family(tmp_path, {"files/new": ""}, sheet=good)
    assert find_family("plain", (tmp_path,)).base is not None


def test_a_family_that_is_present(tmp_path: Path) -> None:
    """One is looked up, and others are not read; another version, and a catalogue that is not there, have none."""
    write_family(tmp_path)
    write_family(tmp_path, name="wrong", sheet="more: 1\n")
    catalogues = (tmp_path / "nowhere", tmp_path)
    found = present_family("plain@1.0.0", catalogues)
    assert found is not None
    assert found.sheet.reference == "plain@1.0.0"
    assert present_family("plain@1.0.1", catalogues) is None
    assert present_family("other@1.0.0", catalogues) is None
