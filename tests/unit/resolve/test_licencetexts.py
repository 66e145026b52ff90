"""Texts of licences as packages ship them, against SPDX's own templates."""

from __future__ import annotations

import hashlib
import io
import time

import pytest
from tests.unit.wheel.making import project_wheel

from twinbuild.model.inspection import LicenceText
from twinbuild.resolve.licencetexts import licence_texts, other_licence_texts, recognise
from twinbuild.wheel.contents import open_wheel

_MIT = """The MIT License (MIT)

Copyright (c) 2016 Somebody <somebody@x.example> and other contributors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def test_known() -> None:
    """A text is that of one licence, in either line ending and with a mark of UTF-8."""
    assert recognise(_MIT.encode()) == ("MIT",)
    assert recognise(b"\xef\xbb\xbf" + _MIT.replace("\n", "\r\n").encode()) == ("MIT",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe" + _MIT.encode("utf-16-le"),
        _MIT.encode() * 2,
        _MIT.replace("sell", "share").encode(),
        _MIT.encode() + b"The Software shall be used for Good, not Evil.\n",
        _MIT.encode() + b" " * (256 << 10),
        _MIT.encode() + "本软件不得用于商业用途。\n".encode(),
        _MIT.encode() + "Никакого коммерческого использования.\n".encode(),
        _MIT.encode() + "Ｎｏ ｃｏｍｍｅｒｃｉａｌ ｕｓｅ".encode(),  # noqa: RUF001  letters of full width
        _MIT.encode() + "\N{ZERO WIDTH SPACE}".encode(),
        _MIT.replace("contributors\n", "contributors. Selling it is prohibited.\n", 1).encode(),
        _MIT.replace("contributors\n", "contributors; released under AGPL 3.0\n", 1).encode(),
        _MIT.replace("contributors\n", "contributors. GPL v3\n", 1).encode(),
        _MIT.replace("contributors\n", "contributors; everybody pays them ten percent.\n", 1).encode(),
        _MIT.replace("contributors\n", "contributors 禁止商业使用\n", 1).encode(),
        _MIT.replace("THE AUTHORS OR", "THE AUTHORS, WHO FORBID ALL COMMERCIAL USAGE AND DEMAND A FEE, OR").encode(),
        _MIT.replace("THE AUTHORS OR", "禁止商业使用 OR").encode(),
    ],
)
def test_unknown(content: bytes) -> None:
    """Two texts, another word, one sentence more (the JSON licence), another encoding, too large: nothing is said."""
    assert recognise(content) == ()


@pytest.mark.parametrize(
    "line",
    [
        "Copyright (c) 2020-2024, Will McGugan and its affiliates.",
        "Copyright © 2021 Jörg Müller, Łukasz Ångström <j@x.example>. All rights reserved.",
        "Portions Copyright (C) 2001 The Regents of the University of California",
    ],
)
def test_notices(line: str) -> None:
    """Notices that name people are passed over, whatever their Latin letters bear; so are such names in the text."""
    text = _MIT.replace("Copyright (c) 2016", f"{line}\nCopyright (c) 2016")
    assert recognise(text.replace("THE AUTHORS OR", "JÖRG MÜLLER OR").encode()) == ("MIT",)


def test_elsewhere_in_a_wheel() -> None:
    """Terms of what a wheel brings along, of older METADATA, or under a name that hides; copies and code are none."""
    files = {
        "demo-1.dist-info/licenses/LICENSE": _MIT.encode(),
        "demo-1.dist-info/licenses/\u202eEVIL": b"Pay.",
        "demo-1.dist-info/EULA.txt": b"Pay more.",
        "demo/_vendor/x/LICENSE.txt": b"GPL",
        "demo/_vendor/y/LICENSE": _MIT.encode(),
        "demo/_vendor/z/copying": _MIT.replace("Somebody", "Else").encode(),
        "demo/licenses.py": b"",
    }
    name, content = project_wheel("demo", files)
    wheel = open_wheel(io.BytesIO(content), name)
    found = {text.path: text.licences for text in other_licence_texts(wheel)}
    assert found == {
        "demo-1.dist-info/licenses/\u202eEVIL": (),
        "demo-1.dist-info/EULA.txt": (),
        "demo/_vendor/x/LICENSE.txt": (),
        "demo/_vendor/z/copying": ("MIT",),
    }


@pytest.mark.parametrize(
    "text", ["copyright (c) 2020 ", "neither the name of ", "redistribution and use in source ", "x "]
)
def test_bounded(text: str) -> None:
    """A hostile text of the largest size is refused in little time."""
    started = time.monotonic()
    assert recognise((text * (256 << 10))[: 256 << 10].encode()) == ()
    assert time.monotonic() - started < 10


def test_files_of_a_wheel() -> None:
    """Each licence file below dist-info with its digest: known, unknown, too large, a notice, and none else."""
    files = {
        "licenses/LICENSE": _MIT.encode(),
        "licenses/LARGE": b"x " * (200 << 10),
        "licenses/NOTICE": b"A product\nCopyright 2019 A. Person\n",
        "licenses/sub/NOTICE.txt": b"Parts are under another licence.\n",
        "AUTHORS": b"\xff",
        "other.txt": _MIT.encode(),
    }
    name, content = project_wheel("demo", {f"demo-1.dist-info/{path}": text for path, text in files.items()})
    found = licence_texts(open_wheel(io.BytesIO(content), name))
    known = {"licenses/LICENSE": ("MIT",)}
    assert found == tuple(
        LicenceText(
            path=path,
            sha256=hashlib.sha256(files[path]).hexdigest(),
            licences=known.get(path, ()),
            harmless=path == "licenses/NOTICE",
        )
        for path in sorted(set(files) - {"other.txt"})
    )
