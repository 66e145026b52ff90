"""Rules in Rego on the command line: put into a trust root, asked by every verb that decides, never passed over."""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path

import jsonschema_rs
import pytest

from fakes.case import staged_once
from fakes.governed import Organisation, organisation
from fakes.rego import NEEDS_ENGINE, write_rego
from fakes.signed import key_file
from fakes.tool import Ended, Tool, tool
from twinbuild.describe.policyinput import policy_input_schema
from twinbuild.model.digest import Digest
from twinbuild.pipeline.governing.rego import evaluating

__all__ = ["staged_once", "tool"]

pytestmark = NEEDS_ENGINE

DIST, TRUST = "dist/tiny-1.0.0", "organisation/trust"
CHECK = ("--trust", TRUST, "--stage", "production")
TO = ("--to", "production", "--trust", TRUST, "--record", "record", "--output", "out", "--key", "linus")
LOG = ("--audit", "log", "--audit-key", "bot")
RULES = """\
package main

import data.lib.people

deny contains msg if {
	input.release.metadata.name == "tiny"
	input.facts.builds < WANTED
	msg := sprintf("%s was built %d times", [input.release.metadata.name, input.facts.builds])
}

deny_alone contains "nobody but the author saw it" if {
	input.action != "approve"
	count(people.others) == 0
}

warn contains "it is promoted" if input.action == "promote"
"""
PEOPLE = """\
package lib.people

others contains who if {
	some who in {each.who | some each in input.facts.approvers}
	not who in input.facts.authors
}
"""


def _begun(tool: Tool, staged_once: Path) -> Organisation:
    ours = organisation(Path("organisation"), now=int(time.time()))
    for who, key in ours.keys.items():
        key_file(Path(who), key)
    shutil.copytree(staged_once, "dist")
    assert tool("sign", DIST, "--key", "ada").status == 0
    assert tool("audit", "new", "log", "--origin", "example.com/log", "--key", "bot").status == 0
    return ours


def _ruled(tool: Tool, wanted: int) -> Ended:
    """A policy whose rules want so many builds, signed and in force."""
    files = {"house.rego": RULES.replace("WANTED", str(wanted)), "people.rego": PEOPLE}
    ended = tool("trust", "update", TRUST, "--policy", str(write_rego(Path("policy"), files, ("people.rego",))))
    assert ended.status == 0, ended.err
    for who in ("rosa", "ruth"):
        ended = tool("trust", "sign", TRUST, "--key", who)
    assert "in force" in ended.out, ended.err
    return ended


def _approve(tool: Tool) -> Ended:
    return tool("approve", DIST, *CHECK, "--key", "grace", *LOG)


@pytest.mark.slow
def test_story(tool: Tool, staged_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused by every verb with file, package and message; then let through, and logged by which rules."""
    _begun(tool, staged_once)
    _ruled(tool, 3)
    refused = "house/main.deny: tiny was built 2 times (house.rego:5)"
    for ended in (tool("policy", "check", DIST, *CHECK), _approve(tool), tool("promote", DIST, *TO, *LOG)):
        assert (ended.status, f"error[TB8890]: {refused}" in ended.err) == (8, True), ended.err
    assert "3.policy.yaml:" in ended.err
    assert not (Path(DIST) / "approvals").exists() or not list((Path(DIST) / "approvals").iterdir())
    assert not Path("out").exists()
    found = json.loads(tool("policy", "check", DIST, *CHECK, "--json").out)
    assert (found["allowed"], refused.partition(": ")[2] in {each["reason"] for each in found["verdicts"]}) == (
        False,
        True,
    )

    with monkeypatch.context() as patch:
        patch.setattr(evaluating, "version", lambda _: "")
        for ended in (tool("policy", "check", DIST, *CHECK), _approve(tool), tool("promote", DIST, *TO, *LOG)):
            assert (ended.status, "error[TB8891]" in ended.err) == (4, True), ended.err

    _ruled(tool, 2)
    ended = tool("policy", "check", DIST, *CHECK)
    assert (ended.status, "refused  house/main.deny_alone: nobody but the author saw it" in ended.out) == (8, True)
    ended = _approve(tool)
    assert (ended.status, "passed   house/main.deny: nothing to object to (house.rego:5)" in ended.out) == (0, True)
    ended = tool("promote", DIST, *TO, *LOG)
    assert (ended.status, "warned   house/main.warn: it is promoted (house.rego:16)" in ended.out) == (0, True), (
        ended.err
    )

    entries = json.loads(tool("audit", "log", "log", "--json").out)["entries"]
    policies = [Digest.of((Path(TRUST) / f"{version}.policy.yaml").read_bytes()) for version in (3, 4)]
    step = Digest.of(base64.b64decode(json.loads(Path("out/promotion.dsse.json").read_text())["payload"]))
    assert [each["details"] for each in entries] == [
        f"stage=production policy={policies[0]} TB8831, TB8890",
        f"stage=production policy={policies[1]}",
        f"stage=production policy={policies[1]} step=1@{step}",
    ]

    document = json.loads(tool("policy", "input", DIST, *CHECK).out)
    jsonschema_rs.validator_for(policy_input_schema()).validate(document)
    assert document["release"] == json.loads((Path(DIST) / "manifest.json").read_text())
    assert document["sbom"] == json.loads((Path(DIST) / "sbom.cdx.json").read_text())
    assert document["facts"]["sbom_faults"] == []
    assert [each["who"] for each in document["facts"]["approvers"]] == ["grace"]


@pytest.mark.slow
def test_tampered(tool: Tool, staged_once: Path) -> None:
    """Other rules than were signed, or none; rules with a fault do not come into a trust root."""
    _begun(tool, staged_once)
    _ruled(tool, 1)
    library = Path(TRUST) / "3.people.rego"
    library.write_text(PEOPLE.replace("not who", "who"))
    ended = tool("policy", "check", DIST, *CHECK)
    assert (ended.status, "error[TB8897]" in ended.err, "3.people.rego has sha256:" in ended.err) == (8, True, True)
    library.unlink()
    ended = tool("promote", DIST, *TO, *LOG)
    assert (ended.status, "error[TB8897]" in ended.err) == (8, True)
    assert not Path("out").exists()

    before = sorted(path.name for path in Path(TRUST).iterdir())
    for text, code in (
        ('package main\ndeni contains "a"\n', "TB8895"),
        ("package main\ndeny contains http.send({})\n", "TB8893"),
        ("package main\ndeny contains input.relase.x\n", "TB8894"),
        ("package main\ndeny contains\n", "TB8892"),
    ):
        policy = write_rego(Path("policy"), {"house.rego": text})
        ended = tool("trust", "update", TRUST, "--policy", str(policy))
        assert (ended.status, f"error[{code}]" in ended.err, "policy/house.rego:2:" in ended.err) == (8, True, True)
    (Path("policy") / "house.rego").write_text("package main\n")
    ended = tool("trust", "update", TRUST, "--policy", str(policy))
    assert (ended.status, "error[TB8897]" in ended.err) == (8, True)
    assert sorted(path.name for path in Path(TRUST).iterdir()) == before
