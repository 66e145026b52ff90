"""``tests.changes``: what could show nothing is refused at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.tool import EXAMPLES
from twinbuild.codec.spec import SourceText, load_spec
from twinbuild.errors import SpecError

TEXT = (Path(__file__).resolve().parents[3] / "unit/codec/full.yaml").read_text("utf-8")
CHANGE = (
    "{knob: threshold, value: 0.9, golden: small-payment, expect: {body: {score: 0.02}, tolerance: 1e-6}, within: 2s}"
)


def _refused(old: str, new: str) -> list[tuple[str, str]]:
    assert TEXT.count(old) == 1
    with pytest.raises(SpecError) as caught:
        load_spec((SourceText(name="release.yaml", content=TEXT.replace(old, new).encode()),))
    return [(each.code, each.where.pointer) for each in caught.value.findings]


def test_a_change() -> None:
    """Its value, and how long it may take."""
    assert CHANGE in TEXT
    (change,) = load_spec((SourceText(name="release.yaml", content=TEXT.encode()),)).spec.tests.changes
    assert (change.knob, change.value, change.within) == ("threshold", 0.9, "2s")


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ("{knob: mode, value: slow, golden: small-payment, expect: {status: 503}}", "value"),
        ("{knob: mode, value: exact, golden: small-payment, expect: {status: 200}}", "expect"),
        ("{knob: threshold, value: 0.5, golden: small-payment, expect: {status: 503}}", "value"),
    ],
)
def test_what_is_refused(new: str, found: str) -> None:
    """No value, the same answer, the default. The knob that loses its test is missed, too."""
    refused = _refused(CHANGE, new)
    missed = [("TB1157", "/configuration/parameters/0/runtime_change")] if "mode" in new else []
    assert refused == [*missed, ("TB1156", f"/tests/changes/0/{found}")]


def test_a_rule_holds_for_it_too() -> None:
    """With a value that breaks a rule the service would not start."""
    assert _refused("threshold > 0.1", "threshold < 0.8") == [("TB1156", "/tests/changes/0/value")]


@pytest.mark.parametrize(("form", "codes"), [("json", []), ("logfmt", []), ("text", ["TB1157"])])
def test_a_log_level_that_changes_live(form: str, codes: list[str]) -> None:
    """Its lines show it where they have a form; else a test must."""
    text = (EXAMPLES / "fraud-scorer" / "release.yaml").read_text("utf-8")
    text = text.replace("kind: log_level\n", "kind: log_level\n      runtime_change: true\n")
    start = text.index("  logs: {format: json")
    text = text[:start] + f"  logs: {{format: {form}}}" + text[text.index("\n", start) :]
    found: list[str] = []
    try:
        load_spec((SourceText(name="release.yaml", content=text.encode()),))
    except SpecError as error:
        found = [each.code for each in error.findings]
    assert found == codes
