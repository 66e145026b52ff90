"""``describe.site.evidence``: tests, figures, signatures, audit trail."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from fakes.published import example
from twinbuild.codec.auditentry import Entry
from twinbuild.describe.site.evidence import audit, figures, governance, proofs, signatures, variations, witnesses
from twinbuild.describe.site.published import Signer


def test_proofs() -> None:
    """What was proven, what was not, and an image that was not tested."""

    def change(document: dict[str, Any]) -> None:
        open_claim = {"proof": "log-level", "reason": "silent"}
        document["tests"]["images"] = [
            {"variant": "a", "platform": "p", "verdict": "passed", "proven": ["golden/x"], "not_proven": [open_claim]},
            {"variant": "b", "platform": "p", "verdict": "untested", "reason": "no device"},
        ]

    rows = proofs(example(change=change).document).rows
    assert [(row[1].text, row[1].note, row[2].text) for row in rows] == [
        ("golden/x", "", "proven"),
        ("log-level", "silent", "not shown"),
        ("all tests", "no device", "untested"),
    ]


def test_figures() -> None:
    """Times and bytes in units, beside their limits, of an image as every table calls it; none without a statement."""
    observed = {
        "cpu-linux-amd64": {
            "figures": {"latency_p95": 0.002, "memory": 182_386_688, "throughput": 564.08, "startup": 1.3},
            "limits": {"latency_p95": 0.1},
            "accuracy": [{"name": "held-out", "metric": "roc_auc", "value": 0.82}],
        }
    }
    statement = json.dumps({"predicate": {"observed": observed}}).encode()

    def change(document: dict[str, Any]) -> None:
        document["tests"]["images"] = [{"variant": "cpu", "platform": "linux/amd64", "verdict": "passed"}]

    rows = figures(replace(example(change=change), tests=statement)).rows
    assert [[cell.text for cell in row][1:] for row in rows] == [
        ["latency_p95", "2.0 ms", "100.0 ms"],
        ["memory", "182.4 MB", ""],
        ["startup", "1.30 s", ""],
        ["throughput", "564.1 answers/s", ""],
        ["roc_auc of held-out", "0.82", ""],
    ]
    assert {row[0].text for row in rows} == {"cpu linux/amd64"}
    assert figures(example()).rows == ()


def test_signatures_and_builders() -> None:
    """A key by its id; that it was not verified is said."""
    signed = replace(example(), signers=(Signer(keyid="ab" * 32, texts=("release.dsse.json",)),))
    assert [cell.text for cell in signatures(signed).rows[0]] == ["ab" * 32, "release.dsse.json", "not verified here"]
    assert signatures(example()).empty == "Nobody has signed this release."
    assert len(witnesses(example()).rows) == 1


def test_the_audit_trail() -> None:
    """An empty log and no log are not the same."""
    assert "No audit log was given" in audit(example()).empty
    assert audit(replace(example(), log="example.com/log")).empty == "example.com/log has no entry about this release."
    digest = str(example().digest)
    entry = Entry(action="refused", by="ada", time=86_400, release=digest, name="a", version="1", details="too early")
    (row,) = audit(replace(example(), log="l", entries=((4, entry),))).rows
    assert [cell.text for cell in row] == ["4", "1970-01-02T00:00:00Z", "refused", "ada", "too early"]
    assert row[2].tone == "bad"


def test_variations_and_governance() -> None:
    """What the second build varied, and who may do what."""
    assert len(variations(example().document).rows) == len(example().document["verification"]["variations"])
    assert next(row[0].text for row in governance(example().document).rows) == "creators"
