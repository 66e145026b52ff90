"""``pipeline.archive.scanning``: every kept release, one reading of the database; which have one vulnerability."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from fakes.archived import Archived, archived, archived_once
from fakes.osv import CRITICAL, database, record
from fakes.tool import Tool, tool

__all__ = ["archived", "archived_once", "tool"]

_TODAY = f"{datetime.now(UTC):%Y-%m-%dT00:00:00Z}"


def test_every_release(tool: Tool, archived: Archived) -> None:
    """Exit 8 where one fails, by release; a vulnerability's releases and components; a bill that is gone is named."""
    osv = str(database(Path("osv"), record("CVE-2026-1", vector=CRITICAL, modified=_TODAY), record("B-1", name="x")))
    where = ("--archive", str(archived.place), "--database", osv)
    ended = tool("sbom", "scan", *where)
    assert ended.status == 8, ended.err
    lines = ended.out.splitlines()
    assert lines[1].split() == ["release", "tiny@1.0.0", str(archived.record.digest)]
    assert lines[3].split()[:6] == ["fails", "critical", "9.8", "CVE-2026-1", "alpha", "1"]
    assert lines[-1] == "1 release: 1 fails"
    assert tool("sbom", "scan", *where, "--fail-on", "never").status == 0
    answer = json.loads(tool("sbom", "scan", *where, "--json").out)
    (found,) = answer["releases"]
    assert (answer["passes"], found["name"], found["passes"]) == (False, "tiny", False)
    alone = json.loads(tool("sbom", "scan", str(archived.dist), "--database", osv, "--json").out)
    assert (found["findings"], answer["database"]["records"]) == (alone["findings"], 2)
    ended = tool("archive", "find", "--vulnerability", "CVE-2026-1", *where)
    assert (ended.status, ended.out.splitlines()[0].split()[-2:]) == (0, ["alpha", "1"]), ended.err
    assert tool("archive", "find", "--vulnerability", "CVE-2026-2", *where).status == 1
    for wrong in (("--vulnerability", "A", *where[:2]), ("alpha==1", "--vulnerability", "A", *where), where[:2]):
        assert tool("archive", "find", *wrong).status == 2
    assert tool("sbom", "scan", str(archived.dist), *where).status == 2
    assert tool("sbom", "scan", "--database", osv).status == 2
    old = record("A-2", "Debian:12", modified="2020-01-01T00:00:00Z")
    stale = database(Path("stale"), record("A-1", modified=_TODAY), old)
    ended = tool("sbom", "scan", "--archive", str(archived.place), "--database", str(stale))
    assert (ended.status, "the newest record of Debian in stale is of 2020" in ended.err) == (8, True), ended.err
    (bill,) = (file for file in archived.record.files if file.path == "sbom.cdx.json")
    archived.blob(bill.sha256).unlink()
    ended = tool("sbom", "scan", *where)
    assert (ended.status, "error[TB9113]: sbom.cdx.json of tiny@1.0.0 is missing" in ended.err) == (5, True), ended.err
