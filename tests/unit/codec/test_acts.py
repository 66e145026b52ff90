"""``codec.acts``: statements about a release have one spelling, and serve for what they name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from twinbuild.codec.acts import (
    decode_approval,
    decode_promotion,
    decode_rotation,
    encode_approval,
    encode_promotion,
    encode_rotation,
    reason_fault,
)
from twinbuild.codec.canonical import canonical
from twinbuild.errors import PolicyRefused
from twinbuild.model.acts import Approval, Promotion, Rotation

APPROVAL: Final = Approval(
    release=f"sha256:{'a' * 64}", name="tiny", version="1", stage="production", role="approver", time=9, reason="fine"
)
PROMOTION: Final = Promotion(
    release=f"sha256:{'a' * 64}",
    name="tiny",
    version="1",
    stage="production",
    action="promoted",
    number=1,
    previous="",
    time=9,
    trust=f"sha256:{'b' * 64}",
    policy="c" * 64,
    schemas=("", "d" * 64),
)
ROTATION: Final = Rotation(reference="vault:a#b", time=9)


def test_back() -> None:
    """What is written is read, by its own reader alone."""
    assert decode_approval(encode_approval(APPROVAL), name="x") == APPROVAL
    assert decode_promotion(encode_promotion(PROMOTION), name="x") == PROMOTION
    assert decode_rotation(encode_rotation(ROTATION), name="x") == ROTATION
    with pytest.raises(PolicyRefused):
        decode_approval(encode_promotion(PROMOTION), name="x")
    with pytest.raises(PolicyRefused):
        decode_promotion(encode_approval(APPROVAL), name="x")


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["predicate"].update(more=1),
        lambda value: value["predicate"].update(stage=""),
        lambda value: value["predicate"].update(stage="a\nb"),
        lambda value: value["predicate"].update(time="2027-01-01"),
        lambda value: value["predicate"].update(reason="x" * 1001),
        lambda value: value["subject"].append(value["subject"][0]),
        lambda value: value["subject"].clear(),
        lambda value: value["subject"][0]["digest"].update(sha256="A" * 64),
        lambda value: value.update(predicateType="https://slsa.dev/provenance/v1"),
        lambda value: value.update(predicate=[]),
    ],
)
def test_refused(change: Callable[[dict[str, Any]], object]) -> None:
    """Another spelling, a second subject, another type."""
    value = json.loads(encode_approval(APPROVAL))
    change(value)
    with pytest.raises(PolicyRefused) as raised:
        decode_approval(canonical(value), name="x")
    assert raised.value.findings[0].code == "TB8850"


@pytest.mark.parametrize(
    "act", [replace(PROMOTION, number=0), replace(PROMOTION, action="went"), replace(PROMOTION, previous="x")]
)
def test_steps(act: Promotion) -> None:
    """Steps are numbered from one, are of two kinds, and name digests."""
    with pytest.raises(PolicyRefused):
        decode_promotion(encode_promotion(act), name="x")


def test_another_reference() -> None:
    """The subject of a secret's change is its reference."""
    value = json.loads(encode_rotation(ROTATION))
    value["predicate"]["reference"] = "vault:a#c"
    with pytest.raises(PolicyRefused):
        decode_rotation(canonical(value), name="x")


def test_reasons() -> None:
    """One line."""
    assert not reason_fault("fine")
    assert reason_fault("a\nb")
    assert "credential" in reason_fault(f"as ghp_{'a1B2' * 9} says")
    old = replace(APPROVAL, reason=f"ghp_{'a1B2' * 9}")  # of a version that knew no such form
    assert decode_approval(encode_approval(old), name="x") == old
