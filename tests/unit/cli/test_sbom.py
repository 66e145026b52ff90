"""``twinbuild sbom``: check and diff, on the tiny release and on documents of anyone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.tiny import tiny_release
from fakes.tool import Tool, tool

__all__ = ["tool"]

_DOCUMENT: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"timestamp": "2026-11-01T00:00:00Z", "manufacturer": {"name": "Team"}},
    "components": [
        {
            "type": "library",
            "bom-ref": name,
            "name": name,
            "version": "1",
            "purl": f"pkg:pypi/{name}@1",
            "supplier": {"name": "S"},
            "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
        }
        for name in ("one", "two")
    ],
    "dependencies": [{"ref": "one", "dependsOn": ["two"]}, {"ref": "two"}],
}


def written(name: str, change: Callable[[dict[str, Any]], object] = lambda _: None) -> str:
    """The document in a file, after a change."""
    document = json.loads(json.dumps(_DOCUMENT))
    change(document)
    Path(name).write_text(json.dumps(document))
    return name


def test_check_of_a_file(tool: Tool) -> None:
    """Complete by one list, and not by another, which names whom."""
    ended = tool("sbom", "check", written("a.json"), "--standard", "ntia")
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].split() == ["NTIA", "2021,", "IV", "supplier", "name", "2", "of", "2"]
    assert len(lines) == 7
    ended = tool("sbom", "check", "a.json", "--standard", "cisa", "--json")
    found = json.loads(ended.out)
    assert (ended.status, found["complete"], found["images"]) == (1, False, [])
    assert {each["element"]: each["missing"] for each in found["elements"] if each["missing"]} == {
        "license": ["one 1", "two 1"],
        "tool name": ["the document"],
        "generation context": ["the document"],
    }


def test_many_that_lack_it(tool: Tool) -> None:
    """A terminal gets five names and a count."""

    def many(document: dict[str, Any]) -> None:
        document["components"] = [{"type": "library", "name": f"n{number:03}"} for number in range(100)]

    ended = tool("sbom", "check", written("a.json", many), "--standard", "ntia")
    assert ended.status == 1
    lines = ended.out.splitlines()
    assert [line.strip() for line in lines[1:7]] == [
        *(f"n{number:03}" for number in range(5)),
        "and 95 more, which --json lists",
    ]


def test_optional_elements_do_not_fail(tool: Tool) -> None:
    """What BSI asks for only where it exists."""
    ended = tool("sbom", "check", written("a.json"), "--standard", "bsi", "--json")
    (found,) = [each for each in json.loads(ended.out)["elements"] if each["element"] == "original licences"]
    assert (found["required"], found["have"], found["asked"]) == (False, 0, 2)
    assert "missing, where it exists" in tool("sbom", "check", "a.json", "--standard", "bsi").out


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b"", "TB8702", 2),
        (b"<bom/>", "TB8701", 2),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 1}', "TB8703", 5),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "%s"}]}' % (b"x" * 200_000),
            "TB8704",
            2,
        ),
        (
            b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"bom-ref": "a"}, {"bom-ref": "a"}]}',
            "TB8705",
            5,
        ),
    ],
)
def test_hostile_documents(tool: Tool, content: bytes, code: str, status: int) -> None:
    """A code and a remedy, for both verbs."""
    Path("bad.json").write_bytes(content)
    for arguments in (("check", "bad.json"), ("diff", written("a.json"), "bad.json")):
        ended = tool("sbom", *arguments, "--json")
        (finding,) = json.loads(ended.err)["findings"]
        assert (ended.status, finding["code"], bool(finding["remedy"])) == (status, code, True)


def test_names_that_steer_a_terminal(tool: Tool) -> None:
    """They are written out."""
    written("a.json", lambda document: document["components"][0].update(name="\x1b[31mred\n", purl="", version=""))
    written("b.json")
    for arguments in (("check", "a.json"), ("diff", "b.json", "a.json"), ("diff", "b.json", "a.json", "--markdown")):
        ended = tool("sbom", *arguments)
        assert "\x1b" not in ended.out
        assert ("<U+001B>" in ended.out) is ("--markdown" not in arguments)


def test_a_name_of_any_length(tool: Tool) -> None:
    """A line shows the beginning; --json has the whole."""
    name = "n" * 5000

    def longer(document: dict[str, Any]) -> None:
        document["components"][0] |= {"name": name, "supplier": {}, "hashes": []}

    path = written("long.json", longer)
    assert max(map(len, tool("sbom", "check", path).out.splitlines())) < 500
    assert name in tool("sbom", "check", path, "--json").out


def test_diff(tool: Tool) -> None:
    """Nothing, and each form of something."""
    one = written("a.json")
    assert tool("sbom", "diff", one, written("same.json", lambda document: document.update(serialNumber="x"))) == (
        0,
        "the same components\n",
        "",
    )
    other = written("b.json", lambda document: document["components"][1]["hashes"][0].update(content="b" * 64))
    ended = tool("sbom", "diff", one, other)
    assert ended.status == 1
    assert "suspicious" in ended.out
    found = json.loads(tool("sbom", "diff", one, other, "--json").out)
    assert found["equal"] is False
    assert [(each["kind"], each["component"], each["suspicious"]) for each in found["changes"]] == [
        ("hashes", "pkg:pypi/two", True)
    ]
    ended = tool("sbom", "diff", one, other, "--markdown")
    assert ended.out.startswith("# Components: a.json and b.json\n")
    assert "**suspicious**" in ended.out
    assert tool("sbom", "diff", one, other, "--markdown", "--json").status == 2


def test_release(tool: Tool, tmp_path: Path) -> None:
    """The tiny release is exact; the same release is no difference; what is added to its image is found out."""
    dist = tiny_release(tool, tmp_path)
    ended = tool("sbom", "check", str(dist), "--json")
    found = json.loads(ended.out)
    (image,) = found["images"]
    assert (found["exact"], image["unexplained"], image["image"]) == (True, [], "cpu linux/amd64")
    assert image["files"]["precision"] == image["files"]["recall"] == 1.0
    assert image["packages"] == {"count": 5, "precision": 1.0, "recall": 1.0}
    assert sum(image["explained"].values()) == image["files"]["count"]
    text = tool("sbom", "check", str(dist)).out
    assert "0 unexplained; 5 packages, 0 without files\n" in text
    assert "files     precision 1.0000  recall 1.0000" in text
    copy = tmp_path / "copy"
    shutil.copytree(dist, copy)
    assert tool("sbom", "diff", str(dist), str(copy)).status == 0
    path = copy / "sbom.cdx.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"beta"', b'"gone"'))
    ended = tool("sbom", "check", str(copy), "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (5, "TB7005")
