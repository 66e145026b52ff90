"""``twinbuild init``: a first spec that is a good one."""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fakes.tool import Tool
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.pipeline.family.starting import first_files

README = Path(__file__).resolve().parents[3] / "README.md"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Fraud Scorer 2", "fraud-scorer-2"),
        ("\u00c9t\u00e9 2", "ete-2"),
        ("\u6a21\u578b", "my-release"),
        ("-", "my-release"),
        ("a" * 80, "a" * 63),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_the_spec_loads(name: str, expected: str, *, committed: bool) -> None:
    """Whatever the directory is called, the spec has no finding; a commit dates it where there is one."""
    files = {file.path: file.content for file in first_files(name, today="2026-11-25", committed=committed)}
    content = files["release.yaml"]
    spec = load_spec((SourceText(name="release.yaml", content=content),)).spec
    assert spec.metadata.name == expected
    assert (spec.metadata.date, spec.source.commit == "record") == (
        ("commit", True) if committed else ("2026-11-25", False)
    )


def _repository(place: Path) -> None:
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "--allow-empty", "-m", "x")):
        git = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@tests.example", *arguments)
        subprocess.run(git, cwd=place, check=True, capture_output=True, timeout=60)


def test_the_first_commands_of_the_readme(tool: Tool, tmp_path: Path) -> None:
    """Where their reader stands, in a checkout, no release is refused for files that are not committed."""
    _repository(tmp_path / "project")
    (line,) = (line for line in README.read_text("utf-8").split("\n") if line.startswith("- with a model:"))
    begin, release = line.split("`")[1].split(" && ")
    assert tool(*shlex.split(begin)[1:]).status == 0
    ended = tool(*shlex.split(release)[1:], "--offline", "-q")
    assert ended.status != 0  # without a network
    assert "TB8601" not in ended.err


@pytest.mark.parametrize("family", [(), ("--family", "python-service")])
def test_a_fresh_repository(tool: Tool, tmp_path: Path, family: tuple[str, ...]) -> None:
    """What a host wrote into it stays and is named, and so is what its .gitignore lacks."""
    place = tmp_path / "project"
    for name in (".gitignore", "README.md", "LICENSE"):
        (place / name).write_text(f"{name} of the host\n")
    _repository(place)
    ended = tool("init", *family)
    assert ended.status == 0, ended.err
    lines = ended.out.splitlines()
    assert ".gitignore stays as it is" in lines
    assert ("README.md stays as it is" in lines) is bool(family)
    assert lines[-2] == f"add to .gitignore first: /dist/{' __pycache__/' if family else ''}"
    assert lines[-1].startswith("next: twinbuild lock, git add .")
    assert {(place / name).read_text() for name in ("README.md", "LICENSE")} == {
        "README.md of the host\n",
        "LICENSE of the host\n",
    }
    (place / "release.yaml").unlink()
    (place / ".gitignore").write_text("dist\n__pycache__/\n")
    assert "add to" not in tool("init", *family).out


def test_names_that_mislead(tool: Tool, tmp_path: Path) -> None:
    """One that would be an option is written so that it is none; an empty one is not the current directory."""
    assert tool("init", "--", "-x").out.splitlines()[-1] == "next: twinbuild release ./-x, then twinbuild run ./-x"
    assert tool("spec", "./-x").status == 0
    assert tool("init", "").status == 2
    assert tool("init", "--family", "torch", "").status == 2
    assert [path.name for path in (tmp_path / "project").iterdir()] == ["-x"]


def test_where_sources_are_committed(tool: Tool, tmp_path: Path) -> None:
    """Then the commit dates the release, and what is to be committed includes the lock."""
    _repository(tmp_path / "project")
    assert tool("init", "new").out.splitlines()[-1] == (
        "next: twinbuild lock new, git add new, git commit, twinbuild release new"
    )
    assert tool("init", "--family", "python-service", "other").out.splitlines()[-1].startswith("next: twinbuild lock")


def test_files_are_written_once(tool: Tool, tmp_path: Path) -> None:
    """A second time is TB8021, and what is there stays."""
    assert tool("init", "new").out.splitlines()[-1] == "next: twinbuild release new, then twinbuild run new"
    assert tool("spec", "new").status == 0
    assert tool("init", "my model").out.splitlines()[-1].endswith("then twinbuild run 'my model'")
    assert (tmp_path / "project/new/.gitignore").read_text() == "/dist/\n"
    (tmp_path / "project/new/app/main.py").write_text("mine")
    (tmp_path / "project/new/.gitignore").write_text("other\n")
    before = (tmp_path / "project/new/release.yaml").read_bytes()
    ended = tool("init", "new", "--json")
    assert (ended.status, json.loads(ended.err)["findings"][0]["code"]) == (2, "TB8021")
    (tmp_path / "project/new/release.yaml").unlink()
    assert json.loads(tool("init", "new", "--json").out) == {
        "written": ["new/release.yaml"],
        "kept": ["new/app/main.py", "new/.gitignore"],
        "to_ignore": ["/dist/"],
    }
    assert (tmp_path / "project/new/app/main.py").read_text() == "mine"
    assert (tmp_path / "project/new/.gitignore").read_text() == "other\n"
    assert (tmp_path / "project/new/release.yaml").read_bytes() == before


@pytest.mark.parametrize("taken", ["app", "app/main.py"])
def test_nothing_is_written_through_a_link(tool: Tool, tmp_path: Path, taken: str) -> None:
    """Where a part cannot be written, none is; what is a link stays one."""
    outside = tmp_path / "outside"
    outside.mkdir()
    place = tmp_path / "project/new" / taken
    place.parent.mkdir(parents=True)
    place.symlink_to(outside / "main.py" if taken != "app" else outside)
    ended = tool("init", "new")
    assert list(outside.iterdir()) == []
    if taken == "app":
        assert ended.status != 0
        assert [path.name for path in (tmp_path / "project/new").iterdir()] == ["app"]


def test_the_first_service_says_what_it_sends() -> None:
    """Type and length of the answer, as clients that keep connections need them."""
    files = {file.path: file.content for file in first_files("x", today="2026-11-25", committed=False)}
    code = files["app/main.py"].decode()
    names: dict[str, type[BaseHTTPRequestHandler]] = {}
    exec(code[: code.rindex("ThreadingHTTPServer(")], names)
    with HTTPServer(("127.0.0.1", 0), names["Service"]) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=10) as answer:
            assert (answer.headers["Content-Type"], answer.headers["Content-Length"]) == (
                "text/plain; charset=utf-8",
                "3",
            )
            assert answer.read() == b"ok\n"
