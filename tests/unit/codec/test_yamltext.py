from __future__ import annotations

import pytest
import yaml

from twinbuild.codec.yamltext import as_yaml, as_yaml_stream


def test_no_value_becomes_structure() -> None:
    """Whatever a text looks like, it comes back as that text."""
    nasty = ["a: b", "- x", "{{ x }}", "---\nkind: Pod", "&a", "*a", "!!int 3", "\u2028", "yes", "'", '"', "\ta"]
    assert yaml.safe_load(as_yaml({"values": list(nasty)})) == {"values": nasty}


def test_stream() -> None:
    """Several documents are parted by three hyphens; one stands alone."""
    assert as_yaml_stream({"a": 1}) == b"a: 1\n"
    assert list(yaml.safe_load_all(as_yaml_stream({"a": 1}, {"b": "---"}))) == [{"a": 1}, {"b": "---"}]


@pytest.mark.parametrize(
    "text",
    [
        "y",
        "N",
        "1e3",
        "1E-3",
        "08",
        "0089",
        "1_000",
        ".5",
        "5.",
        "0o17",
        "0x1f",
        "0b1",
        "+1",
        "-.5e1",
        "12",
        "1.5",
        "2001-1-1",
        "yes",
    ],
)
def test_what_other_readers_take_for_no_text(text: str) -> None:
    """Go's YAML reads y as true and 1e3 and 08 as numbers, and YAML 1.2 0o17: they are quoted."""
    assert as_yaml({"key": text}) == f"key: '{text}'\n"


@pytest.mark.parametrize("text", ["1.0.0", "10m", "sha256:12", "yet", "1e3x", "a1"])
def test_plain(text: str) -> None:
    """What nobody mistakes stays as it is."""
    assert as_yaml({"key": text}) == f"key: {text}\n"
