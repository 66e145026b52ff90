"""Templates of families: no value is ever anything but a value, whatever their author forgot."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fakes.families import family_of
from twinbuild.codec.yaml import SourceText, all_shows, parse_yaml
from twinbuild.errors import Location, SpecError
from twinbuild.model.family import Family
from twinbuild.render.family import instantiate

NASTY = (
    *("a: b", "x, y: 1}", "- a", "# no", "'", '"', "\\", "]", "&a", "*a", "!!python/object:x", "null", "yes", "3.10"),
    *("1e3", "{{ name }}", "%", "@", "`", "| ", "> ", "---", "é ß 💡", "twinbuild", " lead", "trail ", "<<", "?", ": "),
)
FLOW = "a: {b: {{ value }}, c: [{{ value }}, 1]}\nd:\n  - {{ value }}\n  - e: {{ value }}\n"


def _family(template: str, *, path: str = "files/x.yaml.j2", type_: str = "string", more: str = "") -> Family:
    sheet = f"variables:\n  - {{name: value, type: {type_}, description: Any.}}\n{more}"
    return family_of({path: template}, sheet=sheet)


def _made(template: str, value: str, **options: str) -> bytes:
    (written,) = instantiate(_family(template, **options), {"value": value}, {"name": "n"})
    return written.content


def _read(content: bytes) -> object:
    root, findings = parse_yaml(SourceText(name="x", content=content))
    assert root is not None, findings
    assert not findings
    return root.to_python()


@pytest.mark.parametrize("value", NASTY)
def test_a_value_is_one_scalar(value: str) -> None:
    """In blocks and in brackets, whatever it looks like, it is read back as that text."""
    assert _read(_made(FLOW, value)) == {"a": {"b": value, "c": [value, 1]}, "d": [value, {"e": value}]}


@given(st.text(st.characters(blacklist_categories=("C", "Z")) | st.just(" "), min_size=1, max_size=40))
def test_any_printable_text(value: str) -> None:
    """The same for any text that a variable takes."""
    assume(all_shows(value))
    assert _read(_made(FLOW, value)) == {"a": {"b": value, "c": [value, 1]}, "d": [value, {"e": value}]}


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [("int", "8", 8), ("bool", "true", True), ("float", "0.5", 0.5), ("float", "1e-7", 1e-7), ("float", "2", 2.0)],
)
def test_types_stay(type_: str, value: str, expected: object) -> None:
    """Numbers and truth values are such, in YAML and in JSON."""
    assert _read(_made("a: {{ value }}\n", value, type_=type_)) == {"a": expected}
    text = _made('{"a": {{ value }}}', value, type_=type_, path="files/x.json.j2")
    assert json.loads(text) == {"a": expected}


def test_expressions_filters_and_loops() -> None:
    """What an expression makes is one value; a loop over texts gives one for each."""
    template = (
        "a: {{ 'v-' ~ value | upper }}\nb: {{ value ~ '' }}\n"
        "c:\n{% for each in value.split('-') %}\n  - {{ each }}\n{% endfor %}\n"
    )
    assert _read(_made(template, "x-y")) == {"a": "v-X-Y", "b": "x-y", "c": ["x", "y"]}


def test_blocks_of_another_family() -> None:
    """A family overrides a block, keeps what was there by super(), and its values are values there, too."""
    base = family_of(
        {"files/x.yaml.j2": "a:\n{% block items %}\n  - {{ value }}\n{% endblock %}\nb: 1\n", "files/y": "old"},
        sheet="variables:\n  - {name: value, description: Any.}\n",
    )
    over = '{% extends "plain/files/x.yaml.j2" %}\n{% block items %}\n  - {{ more }}\n{{ super() }}{% endblock %}\n'
    family = family_of(
        {"files/x.yaml.j2": over, "files/y": "new"},
        sheet="extends: plain@1.0.0\nvariables:\n  - {name: more, description: Any., default: '- z: {'}\n",
        name="over",
        base=base,
    )
    written = {file.path: file.content for file in instantiate(family, {"value": "#"}, {})}
    assert _read(written["x.yaml"]) == {"a": ["- z: {", "#"], "b": 1}
    assert written["y"] == b"new"


def test_macros_give_text_and_values() -> None:
    """What a macro makes is the template's own text; values in it are values."""
    template = "{% macro entry(x) %}\n- n: {{ x }}\n{% endmacro %}\n{{ entry(value) }}{{ entry('b') }}"
    assert _read(_made(template, "a: 1")) == [{"n": "a: 1"}, {"n": "b"}]


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("a: 1\nb: x{{ value }}\n", 2),
        ("a: [x{{ value }}, 1]\n", 1),
        ("a: '{{ value }}'\n", 1),
        ("# {{ value }}\na: 1\n", 1),
        ("{{ value }}: 1\n", 1),
        ("a: |\n  {{ value }}\n", 2),
        ("a: {{ value }} # {{ value }}\n", 1),
        ("a: >-\n  x\n  {{ value }}\n", 3),
    ],
)
def test_a_value_that_is_no_scalar_is_refused(template: str, line: int) -> None:
    """Within words, quotes, block scalars, comments and keys: TB7511 at the line of the template."""
    with pytest.raises(SpecError) as error:
        _made(template, "v")
    (finding,) = error.value.findings
    assert (finding.code, finding.where) == ("TB7511", Location(file="plain/files/x.yaml.j2", line=line))


def test_a_value_in_double_quotes_is_refused() -> None:
    """The quotes of the author end the scalar early; that is no YAML."""
    with pytest.raises(SpecError, match="TB7511"):
        _made('a: "{{ value }}"\n', "v")


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("a: 1\nb: {{ missing }}\n", 2, "'missing' is undefined"),
        ("a: {{ value\n", 1, "TemplateSyntaxError"),
        ("a: 1\n\n{% filter replace('x', value) %}x{% endfilter %}\n", 3, "filter and autoescape"),
        ("{% autoescape true %}a: {{ value }}{% endautoescape %}", 1, "filter and autoescape"),
        ("a: {{ value.__class__.__mro__ }}\n", 1, "SecurityError"),
        ("a: {{ [1] }}\n", 1, "got list to print"),
        ("a: {{ value.split(',') }}\n", 1, "got list to print"),
        ("{% include 'other' %}\n", 1, "TemplateNotFound"),
        ("{% set x %}{{ value }}{% endset %}a: {{ x ~ 'b' }}\n", 1, "inside of another"),
        ("a: {{ lipsum() }}\n", 1, "undefined"),
    ],
)
def test_faults_of_templates(template: str, line: int, what: str) -> None:
    """TB7510 with the template's own line."""
    with pytest.raises(SpecError) as error:
        _made(template, "v")
    (finding,) = error.value.findings
    assert (finding.code, finding.where) == ("TB7510", Location(file="plain/files/x.yaml.j2", line=line))
    assert what in finding.message


def test_a_filter_cannot_smuggle_text() -> None:
    """A block's text that a filter changed is a value from then on."""
    template = "{% set x %}a{% endset %}\nb: {{ x | replace('a', value) }}\nc: {{ x ~ value }}\n"
    assert _read(_made(template, "1, d: 2")) == {"b": "1, d: 2", "c": "a1, d: 2"}


def test_text_files_and_others() -> None:
    """Markdown takes values as they are; what programs read is quoted, or no template."""
    assert _made("# {{ value }}\n", "*x*", path="files/README.md.j2") == b"# *x*\n"
    for path in ("files/app/main.py.j2", "files/requirements.txt.j2"):
        with pytest.raises(SpecError) as error:
            _made("x = {{ value }}\n", "1", path=path)
        assert error.value.findings[0].code == "TB7513"


@pytest.mark.parametrize(
    "text", ["{a: {{ value }}}", '{"a": {{ value }},}', "# x\n[{{ value }}]", '{"a": {{ value }}, "b": Infinity}']
)
def test_json_that_is_none(text: str) -> None:
    """YAML that only looks like JSON: TB7511."""
    assert json.loads(_made('{"a": {{ value }}}', "x", path="files/x.json.j2")) == {"a": "x"}
    with pytest.raises(SpecError, match="no JSON") as error:
        _made(text, "x", path="files/x.json.j2")
    assert error.value.findings[0].code == "TB7511"


def test_what_is_too_large() -> None:
    """More than a million characters: TB7512."""
    with pytest.raises(SpecError) as error:
        _made("{{ value * 3000 }}", "x" * 400, path="files/x.md.j2")
    assert error.value.findings[0].code == "TB7512"


def test_files_that_are_not_wanted() -> None:
    """A file of an optional directory is there where the variable says so; ``without`` leaves out the base's."""
    files = {"files/a/b": "1", "files/ab": "2"}
    family = _family("x: {{ 1 }}\n", type_="bool", more="optional:\n  - {path: a, when: value}\n")
    base = family_of({**{file.path: file.content.decode() for file in family.files}, **files})
    assert [file.path for file in instantiate(base, {"value": "false"}, {})] == ["ab", "x.yaml"]
    assert [file.path for file in instantiate(base, {"value": "true"}, {})] == ["a/b", "ab", "x.yaml"]
    over = family_of({"files/n": ""}, sheet="extends: plain@1.0.0\nwithout: [ab]\n", name="over", base=base)
    assert [file.path for file in instantiate(over, {"value": "true"}, {})] == ["a/b", "n", "x.yaml"]


def test_all_templates_that_are_wrong() -> None:
    """The faults of several files come at once."""
    family = family_of({"files/a.yaml.j2": "a: {{ b }}\n", "files/c.yaml.j2": "a: x{{ 1 }}\n"})
    with pytest.raises(SpecError) as error:
        instantiate(family, {}, {})
    assert [finding.code for finding in error.value.findings] == ["TB7510", "TB7511"]
