"""``twinbuild family`` and ``twinbuild init --family``, as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakes.families import write_family
from fakes.tool import Tool
from twinbuild.pipeline.family.families import find_family, shipped_catalogue


def _codes(text: str) -> list[str]:
    return [finding["code"] for finding in json.loads(text)["findings"]]


def test_listed(tool: Tool) -> None:
    """Both verbs list the same families, for people and as JSON."""
    listed = tool("family", "list")
    assert listed.out == tool("init", "--list").out
    assert listed.out.splitlines()[0].split() == ["FAMILY", "VERSION", "WHAT", "IT", "IS", "FOR"]
    assert {row["name"] for row in json.loads(tool("family", "list", "--json").out)} == {
        line.split()[0] for line in listed.out.splitlines()[1:]
    }


def test_shown(tool: Tool) -> None:
    """Digest, what it extends, variables with their rules, blocks, hooks."""
    digest = str(find_family("torch", (shipped_catalogue(),)).digest)
    shown = tool("family", "show", "torch").out
    assert shown.startswith(f"torch@1.0.0  {digest}\nextends python-service@1.0.0  sha256:")
    for part in ("  threads  int, default 1, at least 1, at most 64", "  golden  ", "hooks\n  post_assemble  "):
        assert part in shown
    assert json.loads(tool("family", "show", "torch", "--json").out)["digest"] == digest
    assert tool("family", "show", "tork", "--json").status == 2


def test_begun(tool: Tool, tmp_path: Path) -> None:
    """A project that `spec` takes, with the values that were set; nothing is written twice, or over anything."""
    ended = tool("init", "--family", "torch@1.0.0", "new", "--set", "threads=2", "--set", "team=a: b", "--json")
    assert ended.status == 0
    written = json.loads(ended.out)["written"]
    assert {"new/release.yaml", "new/release.family.yaml", "new/app/service/model.py"} <= set(written)
    assert "new/model/model.json" not in written
    spec = json.loads(tool("spec", "new", "--json").out)
    assert spec["metadata"]["team"] == "a: b"
    assert next(knob for knob in spec["configuration"]["parameters"] if knob["name"] == "threads")["default"] == 2
    (tmp_path / "project/new/train.py").write_text("mine")
    again = tool("init", "--family", "torch", "new", "--json")
    assert (again.status, set(_codes(again.err))) == (2, {"TB7530"})
    assert (tmp_path / "project/new/train.py").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--family", "torch", "new", "--set", "thread=2"), "TB7502"),
        (("--family", "torch", "new", "--set", "threads=two"), "TB7503"),
        (("--family", "tork", "new"), "TB7521"),
        (("--family", "torch", "new", "--catalogue", "nowhere"), "TB7520"),
        (("--family", "torch", "new", "--set", "name=A B"), "TB1104"),
        (("new", "--set", "a=b"), "TB8001"),
        (("new", "--catalogue", "."), "TB8001"),
        (("--family", "torch", "new", "--set", "a"), "TB8001"),
        (("--family", "torch", "new", "--set", "a=1", "--set", "a=2"), "TB8001"),
    ],
)
def test_refused(tool: Tool, tmp_path: Path, arguments: tuple[str, ...], code: str) -> None:
    """Exit code 2, the code, and no directory."""
    ended = tool("init", *arguments, "--json")
    assert (ended.status, _codes(ended.err)) == (2, [code])
    assert not (tmp_path / "project/new").exists()


def test_a_catalogue_of_one_s_own(tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named on the command line or by the environment; its families may extend shipped ones."""
    digest = find_family("xgboost", (shipped_catalogue(),)).digest.hex
    family = write_family(tmp_path / "ours", name="ours", sheet=f"extends: xgboost@1.0.0\nsha256: '{digest}'\n")
    (family / "release.yaml.j2").write_text(
        '{% extends "xgboost/release.yaml.j2" %}\n{% block packages %}\n    - zstd\n{{ super() }}{% endblock %}\n'
    )
    assert tool("init", "--family", "ours", "a", "--catalogue", str(tmp_path / "ours")).status == 0
    monkeypatch.setenv("TWINBUILD_CATALOGUES", str(tmp_path / "ours"))
    assert tool("init", "--family", "ours", "b").status == 0
    packages = json.loads(tool("spec", "b", "--json").out)["environment"]["packages"]
    assert packages == ["zstd", "libgomp1", "ca-certificates", "tzdata"]
    assert "ours" in tool("family", "list").out


def test_updated(tool: Tool, tmp_path: Path) -> None:
    """`family update` changes a value, `--check` says that it would, and then that nothing is left."""
    assert tool("init", "--family", "python-service", "new").status == 0
    path = tmp_path / "project/new/release.yaml"
    before = path.read_text()
    checked = tool("family", "update", "new", "--set", "port=9000", "--check")
    assert (checked.status, path.read_text()) == (1, before)
    assert "new/release.family.yaml would change" in checked.out
    assert tool("family", "update", "new", "--set", "port=9000").status == 0
    assert json.loads(tool("spec", "new", "--json").out)["serving"]["ports"][0]["port"] == 9000
    assert tool("family", "update", "new", "--check").out == (
        "python-service@1.0.0 -> python-service@1.0.0\nnothing changes\n"
    )
    assert json.loads(tool("family", "update", "new/release.yaml", "--json").out)["changed"] == []


@pytest.mark.parametrize(
    ("name", "code"), [(("nope",), "TB8010"), ((), "TB8010"), (("nope/release.yaml",), "TB8010"), (("",), "TB8001")]
)
def test_no_spec_to_update(tool: Tool, name: tuple[str, ...], code: str) -> None:
    """Exit 2, as of every verb."""
    ended = tool("family", "update", *name, "--json")
    assert (ended.status, _codes(ended.err)) == (2, [code])


@pytest.mark.parametrize("verb", ["test", "show"])
def test_a_directory_that_is_not_there(tool: Tool, tmp_path: Path, verb: str) -> None:
    """Nothing is to be replaced: another directory is to be named."""
    (tmp_path / "project/file").touch()
    for name in ("./absent", "./file"):
        ended = tool("family", verb, name, "--json")
        (finding,) = json.loads(ended.err)["findings"]
        assert (ended.status, finding["code"]) == (2, "TB7521")
        assert "name the directory of a family" in ended.err


def test_tested(tool: Tool, tmp_path: Path) -> None:
    """A directory is named with a slash; what it lacks is exit 1."""
    write_family(tmp_path / "project", name="bare")
    ended = tool("family", "test", "./bare", "--json")
    assert (ended.status, set(_codes(ended.err))) == (1, {"TB7560"})
