"""Any bytes are a spec or findings: no other exception, and nothing is changed on the way."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinbuild.codec.excerpt import findings_json, render_findings
from twinbuild.codec.mask import mask
from twinbuild.codec.spec import LoadedSpec, SourceText, load_spec
from twinbuild.codec.yaml import parse_yaml
from twinbuild.errors import SpecError
from twinbuild.model.spec.frozen import FrozenMapping

FULL = (Path(__file__).parents[1] / "unit" / "codec" / "full.yaml").read_text(encoding="utf-8")
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outcome(*texts: bytes) -> LoadedSpec | SpecError:
    """What loading gives; anything but these two fails the test."""
    try:
        return load_spec(tuple(SourceText(name=f"f{index}", content=text) for index, text in enumerate(texts)))
    except SpecError as error:
        refusal = error
    assert render_findings(refusal.findings)
    json.dumps(findings_json(refusal.findings))
    return refusal


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    """Any bytes end in a spec or in findings."""
    outcome(content)


@QUICK
@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t0123.~<=_xyé\u202e\x00", max_size=120))
def test_any_yaml_like_text(text: str) -> None:
    """Any heap of YAML's own characters ends in a spec or in findings."""
    outcome(text.encode())


@QUICK
@given(st.integers(0, len(FULL)), st.integers(0, 40), st.text(max_size=12))
def test_damaged_spec(start: int, length: int, text: str) -> None:
    """A good spec with any part replaced by any text ends in a spec or in findings."""
    outcome((FULL[:start] + text + FULL[start + length :]).encode("utf-8", "replace"))


@QUICK
@given(st.text(alphabet="abmnop:-[]{}'\" \n$patch~12", max_size=80))
def test_any_overlay(text: str) -> None:
    """Any overlay ends in a spec or in findings."""
    outcome(FULL.encode(), text.encode())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, width=64)
    | st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=8),
    lambda items: (
        st.lists(items, max_size=3) | st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), items, max_size=3)
    ),
    max_leaves=12,
)


def thawed(value: object) -> object:
    """Lists and dicts again."""
    if isinstance(value, FrozenMapping):
        return {key: thawed(item) for key, item in value.items()}
    return [thawed(item) for item in value] if isinstance(value, tuple) else value


@QUICK
@given(JSON)
def test_json_in_a_body_is_kept(value: object) -> None:
    """YAML holds JSON: a body written as JSON comes back as the same value."""
    body = '{amount: 12.5, country: "NO", items: [1, 2], flag: true, note: null}'
    assert body in FULL
    loaded = outcome(FULL.replace(body, json.dumps(value, ensure_ascii=False)).encode())
    if isinstance(loaded, LoadedSpec):
        kept = thawed(loaded.spec.tests.golden[0].request.body)
        assert kept == value
        assert json.dumps(kept) == json.dumps(value) or isinstance(value, float)
    else:
        assert {finding.code for finding in loaded.findings} <= {"TB1014", "TB1015", "TB1016", "TB1111"}


@QUICK
@given(st.text(max_size=200))
def test_mask_keeps_columns(text: str) -> None:
    """Masking never moves a column, and masking twice changes nothing more."""
    once = mask(text)
    assert len(once) == len(text)
    assert mask(once) == once


VISIBLE = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x10FF)


@QUICK
@given(st.text(VISIBLE, max_size=30))
def test_quoted_text_is_kept(text: str) -> None:
    """Any visible text in single quotes is that text."""
    quoted = "'" + text.replace("'", "''") + "'"
    root, findings = parse_yaml(SourceText(name="r", content=f"a: {quoted}".encode()))
    assert findings == ()
    assert root is not None
    assert root.to_python() == {"a": text}
