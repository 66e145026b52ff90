"""``describe.sbomforms``: the two forms of a bill say the same, or it is told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.describe.conftest import Case, case

from twinbuild.codec.canonical import canonical
from twinbuild.describe.sbom import release_sbom
from twinbuild.describe.sbomforms import is_same_bill
from twinbuild.model.digest import Digest

__all__ = ["case"]


@pytest.fixture
def forms(case: Case) -> tuple[bytes, bytes]:
    """Those of a part of the example's bill, with card, data, compositions and formulation."""
    target = case.lock.targets[0]
    numpy = tuple(each for each in target.wheels if each.name == "numpy")
    lock = replace(case.lock, targets=(replace(target, debs=target.debs[:2], wheels=numpy),))
    plain, marked = release_sbom(case.spec, lock, case.images[:1], epoch=0, lock_digest=Digest.of(b"lock"))
    assert {"modelCard", "compositions", "formulation"} <= {word for word in plain.decode().split('"') if word}
    return plain, marked


def test_the_same(forms: tuple[bytes, bytes]) -> None:
    """As they were written, and however the elements are laid out."""
    plain, marked = forms
    assert is_same_bill(plain, marked)
    assert is_same_bill(plain, marked.replace(b"\n", b"\n  "))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b"<name>numpy</name>", b"<name>harmless</name>"),
        (b"<aggregate>complete</aggregate>", b"<aggregate>unknown</aggregate>"),
        (b"<modelCard>", b"<modelCard><properties />"),
        (b"<formulation>", b"<formulation><formula />"),
        (b'<hash alg="SHA-256">', b'<hash alg="SHA-512">'),
        (b"<metadata>", b"<!-- a comment --><metadata>"),
        (b"<bom ", b'<!DOCTYPE bom [<!ENTITY a "b">]><bom '),
        (b"</bom>", b""),
        (b"<metadata>", b"\xff<metadata>"),
    ],
)
def test_another(forms: tuple[bytes, bytes], was: bytes, now: bytes) -> None:
    """A word, an element more or less, what is no XML, and what may be a bomb."""
    plain, marked = forms
    assert was in marked
    assert not is_same_bill(plain, marked.replace(was, now, 1))


def test_json_of_others(forms: tuple[bytes, bytes]) -> None:
    """A field that is another, and what the library cannot read."""
    plain, marked = forms
    document = json.loads(plain)
    for key, value in (("components", []), ("components", 1), ("formulation", [{}]), ("compositions", [{"x": 1}])):
        assert not is_same_bill(canonical({**document, key: value}), marked)
    assert not is_same_bill(b"{", marked)
