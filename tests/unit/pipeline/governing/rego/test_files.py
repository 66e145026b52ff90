"""``pipeline.governing.rego.files``: the files of a policy, and no others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.rego import rego_policy
from twinbuild.codec.policyfile import load_policy
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import PolicyRefused
from twinbuild.pipeline.governing.rego.files import name_in_trust, read_sources

DENY = 'package main\n\ndeny contains "a"\n'
LIB = "package lib\n\nx := 1\n"


def test_read(tmp_path: Path) -> None:
    """Beside the policy, or in a trust root under its number."""
    policy = rego_policy(tmp_path, {"x.rego": DENY, "lib.rego": LIB}, ("lib.rego",))
    rules = policy.value.rego[0]
    found = read_sources(policy, rules, 0, tmp_path)
    assert [(each.file, each.package, each.decides) for each in found] == [
        ("x.rego", ("main",), True),
        ("lib.rego", ("lib",), False),
    ]
    for name in ("x.rego", "lib.rego"):
        (tmp_path / name).rename(tmp_path / name_in_trust("12.policy.yaml", name))
    trusted = read_sources(policy, rules, 0, tmp_path, beside="12.policy.yaml")
    assert [each.path.name for each in trusted] == ["12.x.rego", "12.lib.rego"]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.write_text(DENY + "\n"), "has sha256:"),
        (lambda path: path.unlink(), "is missing"),
        (lambda path: (path.rename(path.with_name("y")), path.symlink_to("y")), "is a link"),
        (lambda path: (path.unlink(), path.mkdir()), "is no file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is no file"),
        (lambda path: path.write_bytes(b"#" * (257 << 10)), "has more than"),
    ],
)
def test_another(spoil: Callable[[Path], object], why: str, tmp_path: Path) -> None:
    """Changed, missing, a link, no file, too large: at the place of its digest in the policy."""
    policy = rego_policy(tmp_path, {"x.rego": DENY})
    spoil(tmp_path / "x.rego")
    with pytest.raises(PolicyRefused) as raised:
        read_sources(policy, policy.value.rego[0], 0, tmp_path)
    (finding,) = raised.value.findings
    assert (finding.code, finding.where.line) == ("TB8897", 14)
    assert why in finding.message


@pytest.mark.parametrize("text", ["deny := 1", "", "# package main\n", 'package a["b"]\n'])
def test_no_package(text: str, tmp_path: Path) -> None:
    """It does not begin as Rego does."""
    policy = rego_policy(tmp_path, {"x.rego": text, "y.rego": text})
    with pytest.raises(PolicyRefused) as raised:
        read_sources(policy, policy.value.rego[0], 0, tmp_path)
    assert [each.code for each in raised.value.findings] == ["TB8892", "TB8892"]


def test_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8."""
    policy = rego_policy(tmp_path, {"x.rego": DENY})
    content = b"package main\n# \xff"
    (tmp_path / "x.rego").write_bytes(content)
    text = (tmp_path / "policy.yaml").read_text()
    digest = hashlib.sha256(DENY.encode()).hexdigest()
    (tmp_path / "policy.yaml").write_text(text.replace(digest, hashlib.sha256(content).hexdigest()))
    policy = load_policy(SourceText(name="policy.yaml", content=(tmp_path / "policy.yaml").read_bytes()))
    with pytest.raises(PolicyRefused, match="not UTF-8"):
        read_sources(policy, policy.value.rego[0], 0, tmp_path)
