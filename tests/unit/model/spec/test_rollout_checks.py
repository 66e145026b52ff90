"""What a rollout asks of other sections."""

from __future__ import annotations

import pytest
from tests.unit.model.spec.test_rollout import GOOD, load, with_rollout

from twinbuild.errors import SpecError

TEXT = with_rollout(GOOD)
RESOURCES = "  resources:\n    cpu: {request: 250m"


@pytest.mark.parametrize(
    ("code", "old", "new", "marker"),
    [
        ("TB1161", "cpu: {request: 250m, limit", "cpu: {limit", "cpu: 70"),
        (
            "TB1167",
            RESOURCES,
            RESOURCES.replace("cpu", "affinity: [{key: zone, values: ['a b']}]\n    cpu", 1),
            "'a b'",
        ),
        ("TB1167", RESOURCES, RESOURCES.replace("cpu", "affinity: [{key: a/b/c, values: [x]}]\n    cpu", 1), "a/b/c"),
        (
            "TB1167",
            RESOURCES,
            RESOURCES.replace("cpu", "tolerations: [{key: gpu, operator: Equal}]\n    cpu", 1),
            "Equal",
        ),
        ("TB1167", RESOURCES, RESOURCES.replace("cpu", "tolerations: [{key: gpu, value: x}]\n    cpu", 1), "key: gpu"),
        (
            "TB1167",
            RESOURCES,
            RESOURCES.replace("cpu", "tolerations: [{key: gpu, operator: Equal, value: 'é'}]\n    cpu", 1),
            "'é'",
        ),
        ("TB1166", "  name: fraud-scorer\n", f"  name: {'x' * 60}\n", f"name: {'x' * 60}"),
        ("TB1166", "  name: fraud-scorer\n", "  name: 3d-scorer\n", "3d-scorer"),
        (
            "TB1167",
            "    - {name: cpu, accelerator: none}",
            "    - {name: cpu, resources: {cpu: {request: '1'}, affinity: [{key: x, values: ['x y']}]}}",
            "'x y'",
        ),
    ],
)
def test_refused(code: str, old: str, new: str, marker: str) -> None:
    """Each with its code at the line of the section that is to change."""
    assert TEXT.count(old) == 1
    text = TEXT.replace(old, new)
    with pytest.raises(SpecError) as caught:
        load(text)
    line = text.count("\n", 0, text.index(marker)) + 1
    found = [(finding.code, finding.where.line) for finding in caught.value.findings]
    assert (code, line) in found, found


def test_a_name_matters_only_where_something_is_published() -> None:
    """Without a repository nothing is rendered."""
    before, _, rest = TEXT.partition("publish:\n")
    text = before + rest[rest.index("governance:") :]
    assert load(text.replace("  name: fraud-scorer\n", "  name: 3d-scorer\n")).publish.repositories == {}
