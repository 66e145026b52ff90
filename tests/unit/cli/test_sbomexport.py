"""``twinbuild sbom export`` of the tiny release."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]


def test_formats(tool: Tool, tmp_path: Path) -> None:
    """1.6 is the release's own bytes; 1.7 has another version and number; SPDX names the same packages."""
    dist = tiny_release(tool, tmp_path)
    own = json.loads((dist / "sbom.cdx.json").read_bytes())
    assert (
        tool("sbom", "export", str(dist), "--format", "cyclonedx-json").out.encode()
        == (dist / "sbom.cdx.json").read_bytes()
    )
    assert tool("sbom", "export", str(dist), "--format", "cyclonedx-xml", "--output", "out/a.xml") == (0, "", "")
    assert Path("out/a.xml").read_bytes() == (dist / "sbom.cdx.xml").read_bytes()
    later = json.loads(tool("sbom", "export", str(dist), "--format", "cyclonedx-json", "--version", "1.7").out)
    assert {key for key in own if own[key] != later[key]} == {"$schema", "specVersion", "serialNumber"}
    Path("later.json").write_text(json.dumps(later))
    assert tool("sbom", "diff", str(dist), "later.json").status == 0
    marked = ET.fromstring(tool("sbom", "export", str(dist), "--format", "cyclonedx-xml", "--version", "1.7").out)
    assert (marked.tag, marked.get("serialNumber")) == (
        "{http://cyclonedx.org/schema/bom/1.7}bom",
        later["serialNumber"],
    )
    spdx = json.loads(tool("sbom", "export", str(dist), "--format", "spdx-json").out)
    parts = sum(len(each.get("components", ())) for each in own["components"])
    assert len(spdx["packages"]) == len(own["components"]) + parts + 1
    ended = tool("sbom", "export", str(dist), "--format", "spdx-json", "--version", "1.7", "--json")
    assert (ended.status, "Traceback" in ended.err) == (2, False)
    ended = tool("sbom", "export", str(dist), "--format", "spdx-json", "--version", "3.0")
    assert (ended.status, "TB8721" in ended.err) == (2, True)


def test_only_what_the_release_has(tool: Tool, tmp_path: Path) -> None:
    """A changed document is refused, and nothing is written; so is a directory of something else."""
    dist = tiny_release(tool, tmp_path)
    path = dist / "sbom.cdx.xml"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"beta", b"gone"))
    ended = tool("sbom", "export", str(dist), "--format", "cyclonedx-xml", "--output", "out.xml")
    assert (ended.status, "TB7005" in ended.err, Path("out.xml").exists()) == (5, True, False)
    Path("empty").mkdir()
    ended = tool("sbom", "export", "empty", "--format", "spdx-json")
    assert (ended.status, "TB7003" in ended.err) == (2, True)
