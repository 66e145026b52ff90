"""``twinbuild sbom scan`` and ``sbom vex`` of the tiny release."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from fakes.osv import CRITICAL, database, record
from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]

_TODAY = f"{datetime.now(UTC):%Y-%m-%dT00:00:00Z}"


def test_scan_and_vex(tool: Tool, tmp_path: Path) -> None:
    """A finding fails; an exception and a statement excuse it; the release's digest is what a statement is bound to."""
    dist = tiny_release(tool, tmp_path)
    osv = database(
        Path("osv"), record("CVE-2026-1", vector=CRITICAL, modified=_TODAY, summary="\x1b[31m"), record("B-1", name="x")
    )
    before = (dist / "release.digest").read_text()
    ended = tool("sbom", "scan", str(dist), "--database", str(osv))
    assert ended.status == 8
    lines = ended.out.splitlines()
    assert lines[0].startswith("database  sha256:")
    assert lines[2].split() == ["fails", "critical", "9.8", "CVE-2026-1", "alpha", "1", "no", "fix", "is", "known"]
    assert lines[-1] == "1 vulnerability: 1 fails, 0 excused"
    found = json.loads(tool("sbom", "scan", str(dist), "--database", str(osv), "--json").out)
    assert (found["passes"], found["release"], found["database"]["records"]) == (False, before.strip(), 2)
    assert found["uncovered"] == [{"ecosystem": "Debian:12", "components": 3}]
    assert found["findings"][0]["component"].startswith("wheel/alpha")
    assert tool("sbom", "scan", str(dist), "--database", str(osv), "--fail-on", "never").status == 0
    Path("policy.yaml").write_text(
        "vulnerabilities: {exceptions: [{id: CVE-2026-1, reason: not called, expires: '2099-01-01'}]}"
    )
    ended = tool("sbom", "scan", str(dist), "--database", str(osv), "--policy", "policy.yaml")
    assert (ended.status, "exception until 2099-01-01: not called" in ended.out) == (0, True)
    Path("said.yaml").write_text(
        f"release: {before}author: Ada\ndate: '2026-11-26'\nstatements:\n"
        "- {vulnerability: CVE-2026-1, components: ['pkg:pypi/alpha'], status: not_affected, "
        "justification: component_not_present}\n"
    )
    said = ("--statements", "said.yaml", "--database", str(osv))
    ended = tool("sbom", "scan", str(dist), *said)
    assert (ended.status, ended.out.splitlines()[-1]) == (0, "1 vulnerability: 0 fail, 1 excused")
    assert json.loads(tool("sbom", "vex", str(dist), *said).out)["vulnerabilities"][0]["id"] == "CVE-2026-1"
    assert tool("sbom", "vex", str(dist), *said, "--format", "openvex", "--output", "a.json").status == 0
    assert json.loads(Path("a.json").read_text())["statements"][0]["status"] == "not_affected"
    ended = tool("sbom", "scan", str(dist / "sbom.cdx.json"), *said)
    assert (ended.status, "TB8744" in ended.err) == (2, True)
    Path("said.yaml").write_text(Path("said.yaml").read_text().replace("pkg:pypi/alpha", "pkg:pypi/gone"))
    ended = tool("sbom", "vex", str(dist), *said)
    assert (ended.status, "TB8745" in ended.err) == (2, True)
    assert (dist / "release.digest").read_text() == before


def test_stale_and_wrong(tool: Tool) -> None:
    """A stale database is refused by policy; an age that is none, and no database, are usage."""
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
    Path("a.json").write_text(json.dumps(document))
    osv = database(Path("osv"), record("A-1", modified="2020-01-01T00:00:00Z"))
    ended = tool("sbom", "scan", "a.json", "--database", str(osv), "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (8, "TB8734")
    assert tool("sbom", "scan", "a.json", "--database", str(osv), "--max-age", "9999d").status == 0
    for arguments in (("--database", str(osv), "--max-age", "soon"), ("--database", "gone"), ()):
        assert tool("sbom", "scan", "a.json", *arguments).status == 2


def test_a_bill_that_hides_something(tool: Tool, tmp_path: Path) -> None:
    """A bill without the component is not the release's, and nothing is said of it."""
    dist = tiny_release(tool, tmp_path)
    osv = str(database(Path("osv"), record("A-1", modified=_TODAY)))
    path = dist / "sbom.cdx.json"
    document = json.loads(path.read_bytes())
    document["components"] = [each for each in document["components"] if each["name"] != "alpha"]
    path.chmod(0o644)
    path.write_text(json.dumps(document))
    ended = tool("sbom", "scan", str(dist), "--database", osv)
    assert (ended.status, ended.out, "TB7005" in ended.err) == (5, "", True)
    assert tool("sbom", "scan", str(path), "--database", osv).status == 0  # as a document alone, of nobody
