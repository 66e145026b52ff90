"""``family.yaml``: every fault at its line; the identity of a family."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from fakes.families import SHEET, family_of
from twinbuild.codec.family import family_digest, load_sheet, stated_pin, with_pin
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import SpecError
from twinbuild.model.family import FamilyFile, FamilySheet

HEAD = "apiVersion: twinbuild/family/v1\nkind: Family\nname: a\nversion: 1.0.0\n"


def _load(text: str) -> FamilySheet:
    return load_sheet(SourceText(name="family.yaml", content=text.encode()))


def test_a_sheet() -> None:
    """A small one loads."""
    assert _load(HEAD).reference == "a@1.0.0"


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("- a\n", "TB1013", 1, "no mapping"),
        ("a: [\n", "TB1005", 2, ""),
        (HEAD.replace("family/v1", "family/v2"), "TB1113", 1, "newer than this tool, which knows twinbuild/family/v1"),
        (HEAD.replace("family/v1", "v1"), "TB1113", 1, "expected 'twinbuild/family/v1'"),
        (HEAD.replace("kind: Family", "kind: Release"), "TB1114", 2, "expected 'Family'"),
        (HEAD.replace("name: a", "name: A"), "TB1104", 3, "name: got 'A'"),
        (HEAD.replace("version: 1.0.0\n", ""), "TB1102", 1, "the key 'version' is missing"),
        (HEAD + "variable: []\n", "TB1101", 5, "the key 'variable' is unknown"),
        (HEAD + "extends: b\n", "TB1180", 5, "expected FAMILY@VERSION"),
        (HEAD + "sha256: " + "a" * 64 + "\n", "TB1183", 5, "which is missing"),
        (HEAD + "variables:\n  - {name: name}\n", "TB1181", 6, "is one that every family has"),
        (HEAD + "variables:\n  - {name: X}\n", "TB1104", 6, ""),
        (HEAD + "variables:\n  - {name: x}\n  - {name: x}\n", "TB1115", 7, "given more than once"),
        (HEAD + "variables:\n  - {name: x, type: enum}\n", "TB1182", 6, "an enum has values"),
        (HEAD + "variables:\n  - {name: x, values: [a]}\n", "TB1182", 6, "an enum has values"),
        (HEAD + "variables:\n  - {name: x, type: int, pattern: a}\n", "TB1182", 6, "a pattern is for strings"),
        (HEAD + "variables:\n  - {name: x, minimum: 1}\n", "TB1182", 6, "a minimum is for numbers"),
        (HEAD + "variables:\n  - {name: x, type: text}\n", "TB1106", 6, "expected"),
        (HEAD + "without: [../x]\n", "TB1108", 5, "leaves its directory"),
        (HEAD + "optional:\n  - {path: /x, when: yes_}\n", "TB1108", 6, "is absolute"),
    ],
)
def test_faults(text: str, code: str, line: int, message: str) -> None:
    """Code, line and what was got."""
    with pytest.raises(SpecError) as error:
        _load(text)
    finding = error.value.findings[0]
    assert (finding.code, finding.where.line) == (code, line)
    assert message in finding.message


def test_the_digest_is_of_all_that_counts() -> None:
    """Bytes, paths, who may run the project's files, and the family below change it; order does not."""
    one = FamilyFile(path="a", content=b"1", executable=False)
    two = FamilyFile(path="files/b", content=b"2", executable=False)
    digests = {
        family_digest(files, base)
        for files, base in (
            ((one, two), None),
            ((two, one), None),
            ((one,), None),
            ((one, FamilyFile(path="c", content=b"2", executable=False)), None),
            ((one, FamilyFile(path="files/b", content=b"3", executable=False)), None),
            ((one, FamilyFile(path="files/b", content=b"2", executable=True)), None),
            ((replace(one, executable=True), two), None),  # nobody runs what is no file of the project
            ((one, two), family_of({}).digest),
        )
    }
    assert len(digests) == 6


def test_a_digest_that_is_none() -> None:
    """The remedy names the verb that prints it: no file has that digest."""
    text = f"{SHEET.format(name='plain')}extends: other@1.0.0\nsha256: DIGEST\n"
    with pytest.raises(SpecError) as error:
        load_sheet(SourceText(name="family.yaml", content=text.encode()))
    (finding,) = error.value.findings
    assert (finding.code, finding.where.line) == ("TB1109", 7)
    assert "twinbuild family show" in finding.hint


@pytest.mark.parametrize("prefix", ["", "sha256:"])
def test_a_digest_as_it_is_printed(prefix: str) -> None:
    """`family show` prints the algorithm before it; both spellings are one value."""
    text = f"{SHEET.format(name='plain')}extends: other@1.0.0\nsha256: '{prefix}{'a' * 64}'\n"
    assert load_sheet(SourceText(name="family.yaml", content=text.encode())).sha256 == "a" * 64


def test_a_spec_and_its_pin() -> None:
    """The digest that a text states is that of what follows it; without its line there is none."""
    text = with_pin("What it is.", b"a: 1\n")
    stated, rest = stated_pin(text)
    assert (stated, rest) == (hashlib.sha256(b"a: 1\n").hexdigest(), b"a: 1\n")
    assert stated_pin(b"# note\n" + rest) == ("", b"# note\n" + rest)
    assert stated_pin(text.replace(b"a: 1", b"a: 2"))[0] == stated
