from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.codec.canonical import canonical
from twinbuild.describe.people import manifest_yaml

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_LOOKALIKES = st.sampled_from(
    ["1.0", "1e3", "0x10", "null", "~", "yes", "2026-11-01", "=", "<<", "0o7", "", "- a", "#"]
)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXT | _LOOKALIKES
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner), max_leaves=12)
_HEAD = {"apiVersion": "twinbuild/manifest/v1", "kind": "ReleaseManifest", "metadata": {"version": "1.0"}}


@settings(max_examples=150, deadline=None)
@given(_VALUES)
def test_reads_back(value: object) -> None:
    """YAML gives the manifest's value back, whatever its texts look like."""
    document = {**_HEAD, "value": value}
    assert yaml.safe_load(manifest_yaml(canonical(document))) == document


def test_numbers() -> None:
    """Small and large numbers stay numbers."""
    document = {**_HEAD, "tolerance": 1e-06, "large": 1.5e300, "zero": 0.0}
    assert yaml.safe_load(manifest_yaml(canonical(document))) == document


def test_for_people() -> None:
    """The head stands first, equal values are written twice rather than referred to, and letters stay letters."""
    shared = {"name": "Zoë"}
    text = manifest_yaml(canonical({"a": shared, "b": shared, **_HEAD})).decode()
    assert text.startswith("apiVersion: twinbuild/manifest/v1\nkind: ReleaseManifest\nmetadata:\n")
    assert text.count("name: Zoë") == 2
    assert "&" not in text
