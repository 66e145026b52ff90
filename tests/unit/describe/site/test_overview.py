"""``describe.site.overview``: the stamp says what is known, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fakes.published import example
from twinbuild.describe.site.overview import facts, marks
from twinbuild.describe.site.published import Rebuilder, Signer


def test_the_stamp_of_what_is_well() -> None:
    """Reproduced is good; untested and unsigned are no good news."""
    said = [(mark.word, mark.tone) for mark in marks(example())]
    assert said == [("Reproduced", "good"), ("Not tested", "warn"), ("Unsigned", "warn")]


def test_other_bytes_are_bad_news() -> None:
    """A verdict that is not identical is never shown as reproduced."""

    def change(document: dict[str, Any]) -> None:
        document["verification"]["verdict"] = "different"

    assert (marks(example(change=change))[0].word, marks(example(change=change))[0].tone) == ("Not reproduced", "bad")


def test_tests() -> None:
    """All images, or some of them."""

    def change(document: dict[str, Any]) -> None:
        document["tests"]["images"] = [
            {"verdict": "passed", "proven": ["a", "b"]},
            {"verdict": "untested", "reason": "no device"},
        ]

    mark = marks(example(change=change))[1]
    assert (mark.word, mark.detail, mark.tone) == ("Partly tested", "1 of 2 images passed, 2 claims proven", "warn")


def test_a_signature_that_nobody_verified_is_no_good_news() -> None:
    """Only a verified one is."""
    signer = Signer(keyid="ab" * 32, texts=("release.dsse.json",))
    assert marks(replace(example(), signers=(signer,)))[2].tone == "warn"
    assert marks(replace(example(), signers=(replace(signer, is_verified=True),)))[2].tone == "good"


@pytest.mark.parametrize(
    ("is_verified", "names", "word", "tone"),
    [
        (True, 2, "Rebuilt", "good"),
        (True, 1, "Partly rebuilt", "warn"),
        (False, 2, "Rebuilt", "warn"),
        (False, 1, "Partly rebuilt", "warn"),
    ],
)
def test_rebuilders_of_some_images(is_verified: bool, names: int, word: str, tone: str) -> None:
    """Whoever rebuilt one of two images says nothing of the other one, verified or not."""

    def change(document: dict[str, Any]) -> None:
        (image,) = document["environment"]["images"]
        document["environment"]["images"] = [image, {**image, "variant": "cuda"}]

    release = example(change=change)
    images = [(f"{each['variant']} {each['platform']}", "", True) for each in release.document["environment"]["images"]]
    rebuilder = Rebuilder(keyid="ab" * 32, versions="", images=tuple(images[:names]), is_verified=is_verified)
    mark = marks(replace(release, rebuilders=(rebuilder,)))[3]
    assert (mark.word, mark.tone, "of 1 of 2 images" in mark.detail) == (word, tone, names == 1)


def test_facts() -> None:
    """Team, model, source, command and lock are among them."""
    found = {fact.term: [cell.text for cell in fact.cells] for fact in facts(example())}
    assert found["Team"] == ["payments-risk"]
    assert found["Model"] == ["gradient-boosting 3.2.0"]
    assert found["Source"][0] == "https://git.example/payments/fraud-scorer"
    assert found["Command"][0].startswith("uvicorn service.main:app")
    assert found["Lock"] == [example().document["dependencies"]["lock"]]
