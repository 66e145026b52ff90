"""``debian.copyright``: SPDX where the two lists mean the same, the package's own word everywhere else."""

from __future__ import annotations

import io

import pytest

from fakes.debs import deb
from twinbuild.codec.spdx import spdx_expression
from twinbuild.debian.copyright import copyright_licences, deb_licensing
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import LockedDeb

HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: demo\n\n"


def stanzas(*licences: str) -> bytes:
    """A machine-readable file with a stanza of files for each licence."""
    files = "\n".join(
        f"Files: {number}/*\nCopyright: 2020 Somebody\nLicense: {text}\n" for number, text in enumerate(licences)
    )
    return (HEAD + files + "\nLicense: MPL-2.0\n The text of a licence that files of other stanzas name.\n").encode()


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("Expat", "MIT"),
        ("GPL-2", "GPL-2.0-only"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-3.0-or-later", "GPL-3.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("LGPL-2", "LGPL-2.0-only"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("BSD-3-clause", "BSD-3-Clause"),
        ("apache-2.0", "Apache-2.0"),
        ("zlib", "Zlib"),
        ("CC0-1.0", "CC0-1.0"),
        ("GPL-1+ or BSD-2-clause", "GPL-1.0-or-later OR BSD-2-Clause"),
        ("GPL-2+ or Expat and ISC", "GPL-2.0-or-later OR (MIT AND ISC)"),
        ("GPL-2+ or Expat, and ISC", "(GPL-2.0-or-later OR MIT) AND ISC"),
    ],
)
def test_certain(name: str, expression: str) -> None:
    """Short names of the format with a counterpart in SPDX; ``or``, ``and`` and the comma as the format binds them."""
    expressions, names = copyright_licences(stanzas(name))
    assert names == ()
    assert expressions == (expression,)
    assert spdx_expression(expression) == expression


@pytest.mark.parametrize(
    "name",
    [
        "MIT",
        "GPL",
        "GPL-4",
        "LGPL-1",
        "GPL-NIV-2",
        "Artistic",
        "public-domain",
        "GPL-2+ or Artistic",
        "GPL-3+ with Bison exception",
        "BSD-3-clause and/or GPL-2",
        "A, or B, and C",
        "BSD-variant",
        "LicenseRef-Own",
    ],
)
def test_uncertain(name: str) -> None:
    """A family of texts, an exception in prose, an unknown word: it stays as it is."""
    assert copyright_licences(stanzas(name)) == ((), (name,))


def test_all_apply() -> None:
    """Each licence once, sorted; those of stanzas without files only explain."""
    found = copyright_licences(stanzas("GPL-2+", "Expat", "Expat and ISC", "public-domain", "GPL-2+"))
    assert found == (("GPL-2.0-or-later", "ISC", "MIT"), ("public-domain",))


@pytest.mark.parametrize(
    "content",
    [
        b"This package was debianized by somebody.\n\nLicense: GPL-2\n",
        b"",
        b"\xff\xfe" + HEAD.encode(),
        HEAD.encode() + b"Comment: no files\n",
        stanzas("\n The text itself, without a short name.\n"),
        stanzas("Expat", "\n The text itself, without a short name.\n"),
        HEAD.encode(),
    ],
)
def test_free_form(content: bytes) -> None:
    """A file in prose says nothing but its digest."""
    assert copyright_licences(content) == ((), ())


def _locked(content: bytes, name: str) -> LockedDeb:
    return LockedDeb(
        name=name,
        version="1.0-1",
        architecture="all",
        archive="debian",
        suite="bookworm",
        component="main",
        path=f"pool/main/d/demo/{name}_1.0-1_all.deb",
        size=len(content),
        sha256=Digest.of(content),
        source="demo",
        source_version="1.0-1",
        depends=(),
        pre_depends=(),
        essential=False,
        requested=True,
    )


def test_package() -> None:
    """The file, its digest and the maintainer's name come from the package's own bytes."""
    text = stanzas("Expat")
    content = deb(
        "demo", files={"usr/share/doc/demo/copyright": text}, fields="Maintainer: Ada Example <ada@x.example>\n"
    )
    found = deb_licensing(io.BytesIO(content), _locked(content, "demo"))
    assert found.filename == "demo_1.0-1_all.deb"
    assert found.expressions == ("MIT",)
    assert (found.files, found.notice) == (("usr/share/doc/demo/copyright",), Digest.of(text))
    assert found.authors == ("Ada Example",)


@pytest.mark.parametrize(
    ("path", "target", "package"),
    [
        ("usr/share/doc/demo", "demo-common", "demo-common"),
        ("usr/share/doc/demo", "../doc/demo-common", "demo-common"),
        ("usr/share/doc/demo", "/usr/share/doc/demo-common", "demo-common"),
        ("usr/share/doc/demo/copyright", "../demo-common/copyright", "demo-common"),
        ("usr/share/doc/demo/copyright", "../../common-licenses/GPL", ""),
        ("usr/share/doc/demo", "../../../../../etc", ""),
        ("usr/share/doc/demo", ".", ""),
        ("usr/share/doc/demo/copyright", "../demo/copyright", ""),
        ("usr/share/doc/other/copyright", "../demo-common/copyright", ""),
    ],
)
def test_link(path: str, target: str, package: str) -> None:
    """A documentation directory may be that of another package (Policy, 12.5), and of nothing else."""
    content = deb("demo", files={path: target})
    found = deb_licensing(io.BytesIO(content), _locked(content, "demo"))
    assert (found.same_as, found.files, found.notice) == (package, (), None)


def test_too_large() -> None:
    """A copyright file beyond all measure is refused."""
    content = deb("demo", files={"usr/share/doc/demo/copyright": bytes((8 << 20) + 1)})
    with pytest.raises(IntegrityError) as caught:
        deb_licensing(io.BytesIO(content), _locked(content, "demo"))
    assert caught.value.findings[0].code == "TB4208"
