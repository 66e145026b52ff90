"""``cli.kept``: diff, report and site of archived releases say what they say of directories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fakes.archived import Archived, archived, archived_once
from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool

__all__ = ["archived", "archived_once", "signed", "signed_once", "tool"]


def test_the_same_pages(tool: Tool, archived: Archived, tmp_path: Path) -> None:
    """The page of an archived release has the bytes of that of its directory; so has the catalogue, without layers."""
    where = ("--archive", str(archived.place))
    assert tool("report", str(archived.dist), "--output", "a.html").status == 0
    layer = max((each for each in archived.record.files if "/blobs/" in each.path), key=lambda each: each.size)
    ended = tool("report", "tiny@1.0.0", *where, "--output", "b.html")
    assert ended.status == 0, ended.err
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()
    assert tool("site", str(archived.dist), "--output", "one").status == 0
    ended = tool("site", *where, "--output", "two", "--json")
    assert (ended.status, json.loads(ended.out)["releases"]) == (0, 1), ended.err
    for path in Path("one").rglob("*.html"):
        assert path.read_bytes() == Path("two", path.relative_to("one")).read_bytes()
    for wrong in ((), (str(archived.dist), *where)):
        assert tool("site", *wrong, "--output", "three").status == 2
    assert tool("report", "tiny@2", *where, "--output", "c.html").status == 2
    (bill,) = (file for file in archived.record.files if file.path == "sbom.cdx.json")
    archived.blob(bill.sha256).unlink()
    ended = tool("report", "tiny", *where, "--output", "d.html")
    assert (ended.status, "error[TB9113]: sbom.cdx.json" in ended.err) == (5, True), (ended.err, layer)
    assert not Path("d.html").exists()
    assert [path.name for path in (tmp_path / "tmp").rglob("archived-*")] == []


def test_a_difference(tool: Tool, archived: Archived, tmp_path: Path) -> None:
    """None with itself; layers and files of another release, by name, by digest, and with a directory."""
    where = ("--archive", str(archived.place))
    assert tool("diff", "tiny@1.0.0", archived.record.digest.hex[:12], *where).status == 0
    assert tool("diff", "tiny", str(archived.dist), *where).status == 0
    other = tmp_path / "other"
    shutil.copytree(archived.dist.parent.parent, other, ignore=shutil.ignore_patterns("dist"))
    spec = other / "release.yaml"
    spec.write_text(spec.read_text().replace("version: 1.0.0\n  team", "version: 1.1.0\n  team"))
    (other / "app" / "main.py").write_text("print('changed')\n")
    shutil.copytree(archived.dist.parent.parent.parent / "store", tmp_path / "store", dirs_exist_ok=True)
    ended = tool("release", str(other), "-q", "--offline")
    assert ended.status == 0, ended.err
    dist = str(other / "dist" / "tiny-1.1.0")
    assert tool("archive", "add", dist, *where, "-q").status == 0
    said = tool("diff", "tiny@1.0.0", "tiny@1.1.0", *where)
    assert (said.status, said) == (1, tool("diff", str(archived.dist), dist))
    assert "~ /app/main.py" in said.out
    assert tool("diff", "tiny@1.0.0", "tiny@1.1.0", *where, "--no-files").status == 1


def test_what_a_key_signed(tool: Tool, signed: SignedDist, signed_once: SignedDist, tmp_path: Path) -> None:
    """With a key the whole release is looked at, layers included."""
    shutil.copytree(signed_once.dist.parent.parent.parent / "store", tmp_path / "store", dirs_exist_ok=True)
    where = ("--archive", str(tmp_path / "archive"))
    spec = str(signed_once.dist.parent.parent)
    assert tool("archive", "add", str(signed.dist), "--spec", spec, *where, "-q").status == 0
    ended = tool("site", *where, *signed.public("ada"), "--output", "out")
    assert ended.status == 0, ended.err
    ended = tool("report", "tiny", *where, *signed.public("ada"), "--output", "a.html")
    assert ended.status == 0, ended.err
