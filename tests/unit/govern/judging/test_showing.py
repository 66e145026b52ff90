"""``govern.judging.showing``: evidence, licences, ages, encryption; each missing one is named."""

from __future__ import annotations

import pytest

from fakes.governed import NOW, actor, facts, policy
from twinbuild.govern.judging.showing import judge_shown

DAY = 86400
ALL = "    evidence: [built-twice, tests-passed, sbom-complete, source-clean]\n"
AGE = "    secret_age: 90d\n"
SECRET = (("token", "vault:a#b", None),)


def _refused(text: str, **changes: object) -> dict[str, str]:
    rules = policy(text)
    verdicts = judge_shown(rules.require[0], 0, facts(**changes), NOW)
    return {f"{each.code} {each.rule}": each.reason for each in verdicts if each.verdict == "refused"}


@pytest.mark.parametrize(
    ("text", "changes", "refused"),
    [
        (ALL, {}, set()),
        (ALL, {"builds": 1}, {"TB8833 needs/built-twice"}),
        (ALL, {"identical": False}, {"TB8833 needs/built-twice"}),
        (ALL, {"tests": ()}, {"TB8833 needs/tests-passed"}),
        (ALL, {"tests": (("cpu", "passed"), ("gpu", "skipped"))}, {"TB8833 needs/tests-passed"}),
        (ALL, {"sbom": None}, {"TB8833 needs/sbom-complete"}),
        (ALL, {"sbom": ("a file",)}, {"TB8833 needs/sbom-complete"}),
        (ALL, {"modified": None}, {"TB8833 needs/source-clean"}),
        (ALL, {"modified": True}, {"TB8833 needs/source-clean"}),
        ("    forbidden_licences: [BSD-*]\n", {}, {"TB8834 needs/licences"}),
        ("    forbidden_licences: [GPL-*]\n", {}, set()),
        ("    forbidden_licences: [GPL-*]\n", {"sbom": None, "licences": ()}, {"TB8834 needs/licences"}),
        ("    forbidden_licences: [Commercial]\n", {"licences": (("x", "Commercial"),)}, {"TB8834 needs/licences"}),
        ("    unknown_licences: refuse\n", {"licences": (("x", ""),)}, {"TB8834 needs/unknown-licences"}),
        ("    unknown_licences: refuse\n", {}, set()),
        ("    forbidden_licences: [GPL-*]\n", {"sbom": ("no JSON",), "licences": None}, {"TB8834 needs/licences"}),
        ("    unknown_licences: refuse\n", {"sbom": ("x",), "licences": None}, {"TB8834 needs/unknown-licences"}),
        ("    forbidden_licences: [A]\n", {"licences": (("x", "Custom one"), ("x", "A"))}, {"TB8834 needs/licences"}),
        ("    forbidden_licences: [A-1]\n", {"licences": (("x", "Mine, and A-1"),)}, {"TB8834 needs/licences"}),
        ("    key_age: 30d\n", {}, set()),
        ("    audit_log: true\n", {}, {"TB8841 needs/audit-log"}),
        ("    audit_log: true\n", {"audited": True}, set()),
        ("    key_age: 30d\n", {"signers": (actor("ada", since=NOW - 30 * DAY),)}, set()),
        ("    key_age: 30d\n", {"signers": (actor("ada", since=NOW - 30 * DAY - 1),)}, {"TB8837 needs/key-age"}),
        ("    key_age: 30d\n", {"deployer": actor("linus", since=0)}, {"TB8837 needs/key-age"}),
        (AGE, {}, set()),
        (AGE, {"secrets": SECRET}, {"TB8838 needs/secret-age"}),
        (AGE, {"secrets": SECRET, "rotations": (("vault:a#b", NOW - 90 * DAY),)}, set()),
        (AGE, {"secrets": SECRET, "rotations": (("vault:a#b", NOW - 91 * DAY),)}, {"TB8838 needs/secret-age"}),
        (AGE, {"secrets": SECRET, "rotations": (("vault:a#b", NOW + 1),)}, {"TB8838 needs/secret-age"}),
        (AGE, {"secrets": SECRET, "rotations": (("vault:other", NOW),)}, {"TB8838 needs/secret-age"}),
        (
            AGE,
            {"secrets": (("token", "vault:a#b", 7 * DAY),), "rotations": (("vault:a#b", NOW - 8 * DAY),)},
            {"TB8838 needs/secret-age"},
        ),
        ("    encryption: [services]\n", {"plain": (("services", "http://x"),)}, {"TB8839 needs/encryption-services"}),
        ("    encryption: [services]\n", {"plain": (("monitoring", "http://x"),)}, set()),
    ],
)
def test_rules(text: str, changes: dict[str, object], refused: set[str]) -> None:
    """At the edge of each, and beyond it."""
    assert set(_refused(text, **changes)) == refused


def test_many() -> None:
    """A few are named, and how many more there are."""
    many = tuple((f"p{number}", "AGPL-3.0-only") for number in range(9))
    (reason,) = _refused("    forbidden_licences: [AGPL-*]\n", licences=many).values()
    assert reason.endswith("and 4 more")
