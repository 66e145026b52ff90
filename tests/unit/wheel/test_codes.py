from __future__ import annotations

import re
from pathlib import Path

import twinbuild.wheel
from twinbuild.errors.catalogue.wheel import CODES


def test_every_code_is_explained_and_every_explanation_used() -> None:
    """The room's codes and the catalogue are the same set, in order, each once."""
    text = "".join(path.read_text("utf-8") for path in Path(twinbuild.wheel.__path__[0]).glob("*.py"))
    listed = [code.code for code in CODES]
    assert listed == sorted(set(re.findall(r'"(TB\d{4})"', text)))
    assert all(code.title and code.explanation.endswith(".") for code in CODES)


def test_every_code_has_a_test() -> None:
    """No refusal is untested."""
    text = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [code.code for code in CODES if code.code not in text] == []
