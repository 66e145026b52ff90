"""The catalogue of bad inputs: every item has a test that exists and names the item's codes, and README.md shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from twinbuild.errors.catalogue import all_codes

HERE: Final = Path(__file__).resolve().parent
TESTS: Final = HERE.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the catalogue."""

    name: str
    what: str
    tests: tuple[str, ...]
    reason: str  # why there is no test
    codes: tuple[str, ...]


def items() -> Iterator[Item]:
    """The lines of ``catalogue.txt``."""
    for line in (HERE / "catalogue.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, what, tests, codes = (part.strip() for part in line.split(" | "))
        reason = tests.removeprefix("- ") if tests.startswith("- ") else ""
        yield Item(
            name=name,
            what=what,
            tests=() if reason else tuple(tests.split()),
            reason=reason,
            codes=tuple(code for code in codes.split() if code.startswith("TB")),
        )


def page() -> str:
    """The text of README.md."""
    found = list(items())
    lines = [
        "# Bad input",
        "",
        "<!-- Made from catalogue.txt by `python tests/bad_input/test_catalogue.py`. -->",
        f"{len(found)} kinds of bad input and faults, {sum(len(item.tests) for item in found)} references to tests.",
        "",
        "| item | input or fault | code | tests |",
        "|---|---|---|---|",
    ]
    for item in found:
        tests = "<br>".join(f"`{test}`" for test in item.tests) or item.reason
        lines.append(f"| {item.name} | {item.what} | {', '.join(item.codes)} | {tests} |")
    return "\n".join([*lines, ""])


@cache
def _functions(path: Path) -> dict[str, str]:
    """The source of each function of a module, decorators included."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    first = {node.name: min([node.lineno, *(each.lineno for each in node.decorator_list)]) for node in nodes}
    return {node.name: "\n".join(lines[first[node.name] - 1 : node.end_lineno]) for node in nodes}


@cache
def _tables(path: Path) -> str:
    """What stands outside of functions, and the data beside the module that it reads."""
    text = path.read_text("utf-8")
    rest = text
    for source in _functions(path).values():
        rest = rest.replace(source, "")
    for data in path.parent.glob("*.json"):
        if data.name in text:
            rest += data.read_text("utf-8")
    return rest


@pytest.mark.parametrize("item", list(items()), ids=lambda item: item.name)
def test_item(item: Item) -> None:
    """Its tests exist, and each of its codes is named by one of them or by a table of cases beside it."""
    assert item.tests or item.reason
    text = ""
    for test in item.tests:
        file, _, function = test.partition("::")
        assert (TESTS / file).is_file(), test
        assert not function or function in _functions(TESTS / file), test
        text += _functions(TESTS / file)[function] if function else (TESTS / file).read_text("utf-8")
        text += _tables(TESTS / file)
    assert [code for code in item.codes if code not in text] == []
    assert set(item.codes) <= set(all_codes())


def test_page_is_fresh() -> None:
    """Each item stands once, in order, and README.md shows the catalogue."""
    names = [item.name for item in items()]
    assert len(names) == len(set(names)) >= 80
    assert (HERE / "README.md").read_text("utf-8") == page(), "run `python tests/bad_input/test_catalogue.py`"


if __name__ == "__main__":
    (HERE / "README.md").write_text(page(), "utf-8")
