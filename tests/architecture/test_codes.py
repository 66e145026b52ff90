"""Every code: one entry in the catalogue, one meaning, raised by code, exercised by a test."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from twinbuild.errors import catalogue
from twinbuild.errors.catalogue import Code, all_codes

TESTS: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = TESTS.parent / "generator" / "twinbuild"
_CODE: Final = re.compile(r"TB\d{4}")
# Codes that no test can bring about here, each with the reason.
UNTESTED: Final[dict[str, str]] = {}


def _texts(tree: ast.AST) -> Iterator[str]:
    """String constants that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _raised() -> dict[str, set[str]]:
    """Codes in the package, each with the modules that name it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if "catalogue" not in path.parts:
            for text in _texts(ast.parse(path.read_text("utf-8"))):
                for code in _CODE.findall(text):
                    found[code].add(path.relative_to(PACKAGE).as_posix())
    return found


def _tested() -> set[str]:
    found: set[str] = set()
    for path in TESTS.rglob("*"):
        if path.suffix in {".py", ".json"} and path != Path(__file__):
            found.update(_CODE.findall(path.read_text("utf-8")))
    return found


def test_one_entry_for_each_code() -> None:
    """No code stands twice in the catalogue, and none in the module of another range."""
    entries: list[tuple[str, str]] = []
    for module in pkgutil.iter_modules(catalogue.__path__):
        if not module.name.startswith("_"):
            codes: tuple[Code, ...] = importlib.import_module(f"{catalogue.__name__}.{module.name}").CODES
            entries += [(code.code, module.name) for code in codes]
    assert [code for code, count in Counter(code for code, _ in entries).items() if count > 1] == []
    assert [code for code, _ in entries if not _CODE.fullmatch(code)] == []
    homes: dict[str, set[str]] = defaultdict(set)
    for code, module_name in entries:
        homes[code[:5] if "TB1140" <= code < "TB1200" else code[:4]].add(module_name)  # sections of a spec: tens
    assert {prefix: names for prefix, names in homes.items() if len(names) > 1} == {}
    assert sorted(all_codes()) == list(all_codes())


def test_what_is_raised_is_explained_and_what_is_explained_is_raised() -> None:
    """`twinbuild explain` knows every code that can appear, and no other."""
    raised, explained = _raised(), all_codes()
    assert {code: where for code, where in raised.items() if code not in explained} == {}
    assert [code for code in explained if code not in raised] == []


def test_every_code_is_exercised() -> None:
    """Each code is named by a test; the exceptions are listed with their reason and shrink."""
    untested = set(all_codes()) - _tested()
    assert untested == set(UNTESTED)


@pytest.mark.parametrize("code", all_codes().values(), ids=lambda code: code.code)
def test_an_explanation_says_what_to_do(code: Code) -> None:
    """A short title without a full stop; an explanation of whole sentences that ends in the remedy."""
    assert 5 < len(code.title) <= 70
    assert not code.title.endswith(".")
    assert code.explanation.strip() == code.explanation
    assert code.explanation.endswith((".", ".)"))
    assert len(code.explanation) > 40
