"""``wheel.licence``: nothing is guessed."""

from __future__ import annotations

import io

import pytest

from twinbuild.model.digest import Digest
from twinbuild.wheel.contents import open_wheel
from twinbuild.wheel.licence import stated_authors, stated_licences, wheel_licensing
from twinbuild.wheel.metadata import Metadata, parse_metadata

from .making import METADATA, NAME, STEM, wheel


def metadata(*lines: str) -> Metadata:
    """METADATA with further lines."""
    return parse_metadata(METADATA + "\n".join([*lines, ""]).encode(), archive="demo", member="METADATA")


MIT = "Classifier: License :: OSI Approved :: MIT License"
BSD = "Classifier: License :: OSI Approved :: BSD License"
MPL = "Classifier: License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"
OSI = "Classifier: License :: OSI Approved"
TEXT = "License: Copyright (c) 2001 Somebody\n        Redistribution is permitted\n        for all."


@pytest.mark.parametrize(
    ("lines", "expressions", "names"),
    [
        (["License-Expression: mit AND (apache-2.0 or ISC)"], ("MIT AND (Apache-2.0 OR ISC)",), ()),
        (["License-Expression: MIT", BSD], ("MIT",), ()),
        (["License-Expression: Own licence"], (), ("Own licence",)),
        ([MIT], ("MIT",), ()),
        ([MIT, OSI], ("MIT",), ()),
        ([BSD], (), ("BSD License",)),
        ([MIT, MPL], (), ("MIT License", "Mozilla Public License 2.0 (MPL 2.0)")),
        ([MIT, BSD], (), ("BSD License", "MIT License")),
        (["License: BSD-3-Clause", BSD], ("BSD-3-Clause",), ()),
        (["License: Apache 2.0"], ("Apache-2.0",), ()),
        (["License: MPL-2.0 AND MIT", MIT, MPL], ("MPL-2.0 AND MIT",), ()),
        (["License: MIT", MPL], (), ("MIT", "Mozilla Public License 2.0 (MPL 2.0)")),
        (["License: BSD", MIT], (), ("BSD", "MIT License")),
        (["License: GPL"], (), ("GPL",)),
        (["License: UNKNOWN", MIT], ("MIT",), ()),
        ([TEXT, BSD], (), ("BSD License",)),
        ([TEXT, MIT], (), ("MIT License",)),
        ([TEXT], (), ()),
        ([OSI], (), ()),
        ([], (), ()),
    ],
)
def test_licences(lines: list[str], expressions: tuple[str, ...], names: tuple[str, ...]) -> None:
    """An expression only where one reading is left; contradictions and families of licences keep their names."""
    assert stated_licences(metadata(*lines)) == (expressions, names)


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (["Author: Ada", "Author-email: Bob <b@x.example>"], ("Ada",)),
        (["Author-email: Ada <a@x.example>, Bob <b@x.example>, Ada <c@x.example>"], ("Ada", "Bob")),
        (["Author-email: team@x.example"], ("team@x.example",)),
        (["Maintainer-email: Zoë <z@x.example>"], ("Zoë",)),
        (['Author-email: "Rossum, Guido \\"G\\"" <g@x.example>, b@x.example'], ('Rossum, Guido "G"', "b@x.example")),
        (['Author-email: Ada a@x.example, Bob <b@x, "C'], ("Ada a@x.example", "Bob", "b@x", "C")),
        (["Author-email: <a@x.example>,, <>"], ("a@x.example",)),
        (["Author-email: "], ()),
        ([], ()),
    ],
)
def test_authors(lines: list[str], authors: tuple[str, ...]) -> None:
    """Names as METADATA states them, in its order; addresses only where there is no name."""
    assert stated_authors(metadata(*lines)) == authors


def test_files() -> None:
    """Licence texts are what dist-info has of them, by PEP 639's directory and by the names used before it."""
    names = ("licenses/LICENSE", "licenses/vendored/x/COPYING", "LICENCE.rst", "NOTICE", "other.txt", "sub/LICENSE")
    files = {f"{STEM}.dist-info/{name}": b"text" for name in names}
    content = wheel({"demo/LICENSE": b"text", **files})
    found = wheel_licensing(open_wheel(io.BytesIO(content), NAME), Digest.of(content))
    assert found.files == ("LICENCE.rst", "NOTICE", "licenses/LICENSE", "licenses/vendored/x/COPYING")
    assert (found.filename, found.sha256, found.notice, found.same_as) == (NAME, Digest.of(content), None, "")
