"""``codec.leaks.near``: forms are tried around triggers alone, and nothing is missed for it."""

from __future__ import annotations

import random
import re
from re import _parser as parser  # type: ignore[attr-defined]  # for the widths of forms

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.leaks import leaks
from twinbuild.codec.leaks.near import places_of
from twinbuild.codec.leaks.rule import FAR, Rule
from twinbuild.codec.leaks.rules import RULES

SEED = 20261127
GENERAL = tuple(rule for rule in RULES if rule.files is None)


@pytest.mark.parametrize("rule", GENERAL, ids=lambda rule: rule.kind)
def test_reach(rule: Rule) -> None:
    """No form is longer than its rule's reach; those without an end are cut where windows overlap."""
    _, longest = parser.parse(rule.form.pattern, rule.form.flags & ~re.DEBUG).getwidth()
    assert longest <= rule.reach or rule.reach == FAR


@pytest.mark.parametrize("rule", GENERAL, ids=lambda rule: rule.kind)
def test_trigger(rule: Rule) -> None:
    """Whatever has the form has a trigger in it: a rule whose trigger is misspelt would never find a thing."""

    @settings(max_examples=10, database=None, derandomize=True)
    @given(st.from_regex(rule.form))
    def check(text: bytes) -> None:
        match = rule.form.search(text)
        if match is not None:
            assert any(trigger in match[0].lower() for trigger in rule.triggers)

    check()


def test_as_everywhere() -> None:
    """The same is found as by trying each form on the whole text: every kind of secret, close together and apart."""
    draw = random.Random(SEED)
    texts = [text.encode() for seed in (SEED, SEED + 1) for _, _, text in leaks(seed).values()]
    for gap in (0, 40, 700, 5000):
        draw.shuffle(texts)
        filler = [draw.choice((b"value ", b"pass\n", b"0", b" = ", b"key", b"://", b"\n", b"x")) for _ in range(gap)]
        text = (b"\n" + b"".join(filler) + b"\n").join(texts)
        places = dict(places_of(text, "a"))
        for rule in GENERAL:
            everywhere = [match.span() for match in rule.form.finditer(text)]
            near = [match.span() for span in places.get(rule, []) for match in rule.form.finditer(text, *span)]
            assert near == everywhere, rule.kind


def test_files() -> None:
    """A rule about files of a name is tried on all of such a file, and on no other."""
    (rule,) = (rule for rule in RULES if rule.kind == "pgpass")
    text = b"db.corp:5432:scores:scorer:Zk7!pLq2x\n"
    assert dict(places_of(text, "home/.pgpass"))[rule] == [(0, len(text))]
    assert rule not in dict(places_of(text, "home/pgpass.txt"))
    assert rule not in dict(places_of(text, "home/.pgpass", sure=True))


def test_merged() -> None:
    """Places that touch are one, and each trigger is counted wherever it stands."""
    (rule,) = (rule for rule in RULES if rule.kind == "npm-token")
    text = b"NPM_" + b" " * 600 + b"npm_" + b" " * 4000 + b"npm_"
    assert dict(places_of(text, "a"))[rule] == [(0, 1180), (4032, len(text))]
