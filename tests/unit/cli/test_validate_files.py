"""``twinbuild validate``: files that no manifest names by digest, and what is no file that can be read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.test_validate import _blob, _index, _pipe, _rewritten, dist

from fakes.tool import Tool, tool

__all__ = ["dist", "tool"]


def _replaced(path: Path, content: str | Path) -> None:
    """Other content, or a link to another file in its place."""
    path.unlink(missing_ok=True)
    if isinstance(content, Path):
        path.symlink_to(content)
    else:
        path.write_text(content)


def _moved(path: Path) -> None:
    """What was there lies outside, and a link leads there."""
    outside = path.parent.parent / "outside"
    if outside.is_dir():
        shutil.rmtree(outside)
    path.rename(outside)
    path.symlink_to(outside)


def _signed(dist: Path, name: str) -> Path:
    (dist / "signatures").mkdir()
    return dist / "signatures" / name


def _huge(path: Path) -> None:
    """A file with holes, which nobody could read at once."""
    path.touch()
    path.chmod(0o644)
    os.truncate(path, 40 << 30)


_PLAIN = f"manifest.json.{'0' * 64}.sig"
_NAME = "docker.io/library/tiny:1.0.0"
_TYPE = "application/vnd.oci.image.manifest.v1+json"
_OF_THE_LAYOUT: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "version of the layout": (
        lambda dist: _replaced(dist / "image/oci-layout", '{"imageLayoutVersion":"9.9.9","x":"evil"}'),
        "TB7005",
        "image/oci-layout is not what",
    ),
    "spelling of the layout": (
        lambda dist: _replaced(dist / "image/oci-layout", '{"imageLayoutVersion": "1.0.0"}'),
        "TB7005",
        "image/oci-layout is not what",
    ),
    "no version": (lambda dist: (dist / "image/oci-layout").unlink(), "TB7005", "image/oci-layout is missing"),
    "version outside": (
        lambda dist: _replaced(dist / "image/oci-layout", Path("/etc/passwd")),
        "TB7005",
        "image/oci-layout is a link",
    ),
    "name": (lambda dist: _index(dist, _NAME, "docker.io/library/postgres:16"), "TB7005", "image/index.json is not"),
    "reference": (
        lambda dist: _index(dist, '"1.0.0"', '"evil.example/library/python:1.0.0"'),
        "TB7005",
        "image/index.json is not what",
    ),
    "platform": (
        lambda dist: _index(dist, '"architecture":"amd64","os":"linux"', '"architecture":"arm64","os":"windows"'),
        "TB7005",
        "image/index.json is not what",
    ),
    "size": (lambda dist: _index(dist, '"size":', '"size":9'), "TB7005", "image/index.json is not what"),
    "annotation": (lambda dist: _index(dist, '"annotations":{', '"annotations":{"a":"b",'), "TB7005", "index.json is"),
    "artifact type": (
        lambda dist: _index(dist, '"schemaVersion"', f'"artifactType":"{_TYPE}","schemaVersion"'),
        "TB7005",
        "image/index.json is not what",
    ),
    "order": (
        lambda dist: _index(dist, '"schemaVersion":2}', '"schemaVersion":2 }'),
        "TB7005",
        "image/index.json is not what",
    ),
    "images outside": (lambda dist: _moved(dist / "image"), "TB7005", "image is a link"),
    "blobs outside": (lambda dist: _moved(dist / "image" / "blobs"), "TB7005", "image/blobs is a link"),
    "a huge blob": (lambda dist: _huge(_blob(dist)), "TB3211", "has 42949672960 bytes, expected"),
}
_NO_FILES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "manifest outside": (lambda dist: _moved(dist / "manifest.json"), "TB7005", "manifest.json is a link"),
    "digest outside": (lambda dist: _moved(dist / "release.digest"), "TB7005", "release.digest is a link"),
    "YAML outside": (lambda dist: _moved(dist / "manifest.yaml"), "TB7005", "manifest.yaml is"),
    "run outside": (lambda dist: _replaced(dist / "run.json", Path("/etc/passwd")), "TB7005", "run.json is a link"),
    "run that is none": (lambda dist: _pipe(dist / "run.json"), "TB7005", "run.json is no file"),
    "digest with more": (
        lambda dist: _replaced(dist / "release.digest", (dist / "release.digest").read_text() + " " * 200 + "more"),
        "TB7005",
        "release.digest has more than 200 bytes",
    ),
    "digest with a blank": (
        lambda dist: _replaced(dist / "release.digest", " " + (dist / "release.digest").read_text()),
        "TB7004",
        "release.digest says ' sha256:",
    ),
    "signature outside": (
        lambda dist: _signed(dist, _PLAIN).symlink_to("/etc/passwd"),
        "TB7005",
        f"signatures/{_PLAIN} is a link",
    ),
    "signature that is none": (
        lambda dist: os.mkfifo(_signed(dist, "release.dsse.json")),
        "TB7005",
        "signatures/release.dsse.json is no file",
    ),
    "signatures outside": (lambda dist: (dist / "signatures").symlink_to("/etc"), "TB7005", "signatures was added"),
    "large signature": (
        lambda dist: _signed(dist, _PLAIN).write_bytes(bytes(4097)),
        "TB7005",
        "has 4097 bytes, expected at most 4096",
    ),
    "large envelope": (
        lambda dist: _huge(_signed(dist, "provenance.dsse.json")),
        "TB7005",
        "has 42949672960 bytes, expected at most 67108864",
    ),
    "huge run": (lambda dist: _huge(dist / "run.json"), "TB7005", "run.json has 42949672960 bytes"),
    "huge digest": (lambda dist: _huge(dist / "release.digest"), "TB7005", "release.digest has more than 200 bytes"),
    "huge YAML": (lambda dist: _huge(dist / "manifest.yaml"), "TB7005", "manifest.yaml is not"),
    "huge provenance": (
        lambda dist: _huge(dist / "provenance.intoto.json"),
        "TB7005",
        "provenance.intoto.json has more than",
    ),
    "huge manifest": (lambda dist: _huge(dist / "manifest.json"), "TB7005", "manifest.json has more than 67108864"),
    "huge file": (
        lambda dist: _huge(dist / "sbom.cdx.json"),
        "TB7005",
        "sbom.cdx.json has 42949672960 bytes, expected",
    ),
}


@pytest.mark.parametrize("harms", [_OF_THE_LAYOUT, _NO_FILES], ids=["layout", "no files"])
def test_other_bytes_that_no_manifest_names(
    tool: Tool, dist: Path, tmp_path: Path, harms: dict[str, tuple[Callable[[Path], object], str, str]]
) -> None:
    """What the release manifest only implies is held to it, too; links, pipes and huge files are no files of it."""
    for harm, (do, code, word) in harms.items():
        harmed = tmp_path / "harmed"
        shutil.copytree(dist, harmed)
        do(harmed)
        ended = tool("validate", str(harmed))
        assert (ended.status, code in ended.err, word in ended.err) == (5, True, True), (harm, ended.err)
        shutil.rmtree(harmed)


def test_by_another_version(tool: Tool, dist: Path) -> None:
    """It may have spelled the files of the layout otherwise, but they have to say the same."""
    _rewritten(dist, lambda it: it["generator"].update(version="0.0.9"))
    index, layout = dist / "image" / "index.json", dist / "image" / "oci-layout"
    document = json.loads(index.read_bytes())
    _replaced(index, json.dumps(document, indent=2))
    _replaced(layout, '{"imageLayoutVersion": "1.0.0"}\n')
    assert tool("validate", str(dist)).status == 0
    document["manifests"][0]["annotations"]["a"] = "b"
    for path, content in (
        (index, json.dumps(document)),
        (layout, '{"imageLayoutVersion": "1.0.0", "x": 1}'),
        (layout, "{"),
    ):
        was = path.read_text()
        _replaced(path, content)
        ended = tool("validate", str(dist))
        assert (ended.status, f"image/{path.name} is not what" in ended.err) == (5, True), ended.err
        _replaced(path, was)


def test_a_directory_through_a_link(tool: Tool, dist: Path, tmp_path: Path) -> None:
    """The directory may be reached through one, and so may a release manifest that lies alone."""
    (tmp_path / "here").symlink_to(dist)
    assert tool("validate", str(tmp_path / "here")).status == 0
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "manifest.json").symlink_to(dist / "manifest.json")
    for verb in ("validate", "show"):
        assert tool(verb, str(tmp_path / "alone" / "manifest.json")).status == 0
    _moved(dist / "manifest.json")
    assert tool("show", str(dist)).status == 5


_AS_NOBODY = """\
import os, sys
from pathlib import Path
from twinbuild.errors import TwinbuildError
from twinbuild.pipeline.reading.released import read_release
from twinbuild.pipeline.reading.validating import check_release
def check():
    try:
        check_release(read_release(Path(".")))
    except TwinbuildError as error:
        return str(error)
    return "whole"
check()  # what is imported late; from here on every path is relative to a directory that is open
if os.getuid() == 0:
    try:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    except OSError:
        sys.exit("stays root")  # of a namespace that has nobody else
print(check())
"""


def test_a_directory_that_cannot_be_listed(dist: Path, tmp_path: Path) -> None:
    """Its files could be opened by name all the same: a release that cannot be looked at is not whole."""
    place = dist / "deploy" / "evil"
    place.mkdir()
    for each in (dist, *dist.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    command = [sys.executable, "-c", _AS_NOBODY]
    whole = subprocess.run(command, cwd=dist, capture_output=True, text=True, check=False)
    if whole.stderr == "stays root\n":
        pytest.skip("there is no user here who may not list a directory")
    assert whole.stdout == "whole\n", whole.stderr
    place.joinpath("pod.yaml").write_text("kind: Pod\n")
    place.chmod(0o311 if os.getuid() else 0o711)
    try:
        hidden = subprocess.run(command, cwd=dist, capture_output=True, text=True, check=False)
    finally:
        place.chmod(0o755)
    assert "TB7005" in hidden.stdout, hidden.stderr
    assert "deploy/evil cannot be looked into: permission denied" in hidden.stdout, hidden.stderr
