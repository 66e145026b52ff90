from __future__ import annotations

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
