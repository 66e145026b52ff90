"""``spec``, ``schema``, ``explain`` and ``completion``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fakes.tool import EXAMPLES, Tool
from twinbuild.errors.catalogue import all_codes

SPEC = str(EXAMPLES / "fraud-scorer")


def test_a_spec_is_printed_as_it_would_be_read(tool: Tool, tmp_path: Path) -> None:
    """What is printed is a spec that prints the same; JSON and YAML say the same."""
    ended = tool("spec", SPEC)
    assert ended.status == 0
    assert yaml.safe_load(ended.out) == json.loads(tool("spec", "--json", SPEC).out)
    again = tmp_path / "again.yaml"
    again.write_text(ended.out)
    assert tool("spec", str(again)).out == ended.out
    full = tmp_path / "full.yaml"
    full.write_text(tool("spec", "--defaults", SPEC).out)
    assert tool("spec", str(full)).out == ended.out
    assert len(full.read_text()) > len(ended.out)


def test_an_overlay_is_merged(tool: Tool, tmp_path: Path) -> None:
    """Overlays apply in the order given; a bad one is refused at its own line."""
    first, second, bad = tmp_path / "1.yaml", tmp_path / "2.yaml", tmp_path / "3.yaml"
    first.write_text("metadata: {version: 2.0.0, labels: {tier: one}}\n")
    second.write_text("metadata: {labels: {tier: two}}\n")
    bad.write_text("\nmetadata: []\n")
    answer = json.loads(tool("spec", "--json", SPEC, "--overlay", str(first), "--overlay", str(second)).out)
    assert (answer["metadata"]["version"], answer["metadata"]["labels"]["tier"]) == ("2.0.0", "two")
    ended = tool("spec", "--json", SPEC, "--overlay", str(bad))
    finding = json.loads(ended.err)["findings"][0]
    assert (ended.status, finding["code"], finding["line"]) == (2, "TB1125", 2)


def test_schema(tool: Tool) -> None:
    """The schema is JSON, with and without --json."""
    assert json.loads(tool("schema").out)["title"] == "Release"
    assert json.loads(tool("schema", "--json").out) == json.loads(tool("schema").out)


def test_explain(tool: Tool) -> None:
    """All codes, or one; as text and as JSON."""
    assert len(tool("explain").out.splitlines()) == len(all_codes())
    assert json.loads(tool("explain", "--json").out) == {code.code: code.title for code in all_codes().values()}
    answer = json.loads(tool("explain", "--json", "TB3103").out)
    assert answer == {
        "code": "TB3103", "title": all_codes()["TB3103"].title, "explanation": all_codes()["TB3103"].explanation
    }  # fmt: skip


BASH = """
set -e
eval "$(twinbuild completion bash)"
COMP_WORDS=(%s); COMP_CWORD=%d
$(complete -p twinbuild | sed 's/.*-F \\([^ ]*\\).*/\\1/') twinbuild
printf '%%s\\n' "${COMPREPLY[@]}"
"""
FISH = """
twinbuild completion fish | source
complete -C "%s" | cut -f1
"""
ZSH = """
autoload -Uz compinit; compinit -u -d %s
source <(twinbuild completion zsh)
whence -w _twinbuild_completion
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``twinbuild`` on the PATH, as an installed tool is."""
    directory = tmp_path / "bin"
    directory.mkdir()
    script = directory / "twinbuild"
    generator = EXAMPLES.parent / "generator"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{generator}" exec "{sys.executable}" -m twinbuild.cli "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


def _asked(*argv: str) -> list[str]:
    completed = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    return completed.stdout.split()


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [("twinbuild rel", {"release"}), ("twinbuild store ", {"gc", "info", "path", "verify"}),
     ("twinbuild build --off", {"--offline"}), ("twinbuild build --format ", {"oci", "docker"}),
     ("twinbuild push SPEC --variant c", {"cpu"}), ("twinbuild build /nonexistent --variant c", set())],
)  # fmt: skip
def test_completion(typed: str, expected: set[str]) -> None:
    """The scripts work in the shells that are here: verbs, their verbs, options and choices."""
    words = [SPEC.replace(" ", "\\ ") if word == "SPEC" else word for word in typed.split(" ")]  # as it is typed
    quoted = " ".join(f"'{word}'" for word in words)
    assert set(_asked("bash", "--norc", "-c", BASH % (quoted, len(words) - 1))) == expected
    if shutil.which("fish"):
        assert set(_asked("fish", "--no-config", "-c", FISH % " ".join(words))) >= expected


@pytest.mark.usefixtures("shell")
@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_takes_the_script(tmp_path: Path) -> None:
    """Zsh defines the function without an error."""
    assert _asked("zsh", "-f", "-c", ZSH % (tmp_path / "dump"))[-1] == "function"
