"""``codec.rego.syntax``: the package of a file, and errors of the compiler at their places."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rego import plan_of
from twinbuild.codec.rego.syntax import NoPackage, package_of, said_by_compiler


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("package main", ("main",)),
        ("# METADATA\n# title: x\n\n  package a.b_c  # why\nx := 1\n", ("a", "b_c")),
        ("package main\r\n\r\nx := 1\r\n", ("main",)),
    ],
)
def test_package(text: str, package: tuple[str, ...]) -> None:
    """After comments and blank lines."""
    assert package_of(text) == package


@pytest.mark.parametrize(
    "text", ["", "x := 1", "#package main", "package", "package 1x", 'package a["b"]', "package a b"]
)
def test_no_package(text: str) -> None:
    """A file that begins otherwise."""
    with pytest.raises(NoPackage):
        package_of(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('deny contains "a" if { true', "2:22"),
        ('# é\ndeny contains "é" if { input.a == 1 x := no }', "3:24"),
        ("deny contains if", "2:15"),
        ("}{", "2:2"),
        ('deny(x) contains "x"', "2:9"),
    ],
)
def test_place(text: str, place: str, tmp_path: Path) -> None:
    """Line and column of characters, from one."""
    plan, _, faults = plan_of({"x.rego": f"package main\n{text}"}, tmp_path)
    assert plan is None
    assert {(each.code, each.file) for each in faults} == {("TB8892", "x.rego")}
    assert place in {f"{each.line}:{each.column}" for each in faults}


def test_all_files(tmp_path: Path) -> None:
    """Errors of each file at once."""
    _, _, faults = plan_of({"a.rego": "package main\n}{", "b.rego": "package main\n}{"}, tmp_path)
    assert {each.file for each in faults} == {"a.rego", "b.rego"}


@given(st.text(max_size=300))
def test_anything(said: str) -> None:
    """Whatever it says, there is a fault, of a few words, and of no file that was not given."""
    for text in (said, f"(error 6:x.rego|3|1\n (errormsg 5:{said}", f"(error (errormsg 9:{said})"):
        faults = said_by_compiler(text, {"y.rego": "package main"})
        assert faults
        assert all(each.file in ("", "y.rego") and len(each.message) < 400 for each in faults)
