"""Texts against templates of SPDX: whole, word for word, and nothing beside."""

from __future__ import annotations

import pytest

from twinbuild.codec.licencetext import Template, is_text_of, speaks_of_terms, template, words_of

_XML = b"""<SPDXLicenseCollection xmlns="http://www.spdx.org/license"><license licenseId="Tiny"><text>
<titleText><p>Tiny License</p></titleText><copyrightText><p>Copyright (c) year owner</p></copyrightText>
<p>You may <alt match="use|copy" name="a">use</alt> this <optional>fine</optional> software,</p>
<list><item><bullet>1.</bullet>if <alt match=".+" name="b">the owner</alt> agrees.</item></list>
</text></license></SPDXLicenseCollection>"""


@pytest.fixture
def tiny() -> Template:
    """A licence of a few words, with each kind of part."""
    return template(_XML)


@pytest.mark.parametrize(
    "text",
    [
        "You may use this software, if the owner agrees.",
        "Tiny License\n\nCopyright (c) 2020, A\nAll rights reserved\nYou may copy this fine software\n 1. if B agrees",
        "# You may use\n# this software\n#\n# * if the owner agrees",
        "The MIT License (MIT)\n\n(c) 1999 Jane\nYOU MAY USE THIS SOFTWARE IF jane and joe agrees",
    ],
)
def test_same(tiny: Template, text: str) -> None:
    """Titles, notices, bullets, case and punctuation do not count, and variable parts may be others."""
    assert is_text_of(words_of(text), tiny)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tiny License",
        "You may use this software, if the owner agrees. Never on Sundays.",
        "Not for sale. You may use this software, if the owner agrees.",
        "You may sell this software, if the owner agrees.",
        "You may use this ugly software, if the owner agrees.",
        "You may use this software, if agrees.",
        "You may use this software, if " + "very " * 50 + "agrees.",
        "Commercial License\nYou may use this software, if the owner agrees.",
        "You may use this software,\nCopyright (c) 2020 A. Person; commercial use is not permitted.\nif he agrees.",
        "You may use this software, if the owner agrees.\nAll rights reserved, except for use at home.",
    ],
)
def test_other(tiny: Template, text: str) -> None:
    """One word more or less, also beside a notice of copyright or in the title, and it is no text of the licence."""
    assert not is_text_of(words_of(text), tiny)


def test_terms() -> None:
    """A notice that names people speaks of no terms; one with a word of a licence does."""
    assert not speaks_of_terms(words_of("Requests\nCopyright 2019 Kenneth Reitz"))
    assert speaks_of_terms(words_of("This product bundles a thing under a 2-clause BSD licence."))
