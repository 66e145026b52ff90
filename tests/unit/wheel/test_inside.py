"""``wheel.inside``: bundled libraries by their bytes, shipped bills of materials, addresses of makers."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from dataclasses import replace

import pytest
from tests.unit.wheel.making import project_wheel

from fakes.binaries import shared_object
from twinbuild.errors import IntegrityError
from twinbuild.model.inspection import ShippedPart
from twinbuild.wheel.contents import Wheel, open_wheel
from twinbuild.wheel.inside import bundled_libraries, contact_of, shipped_boms

_SBOMS = "demo-1.dist-info/sboms"


def wheel(files: dict[str, bytes]) -> Wheel:
    """A wheel of these files."""
    name, content = project_wheel("demo", files)
    return open_wheel(io.BytesIO(content), name)


def cyclonedx(version: str, *components: dict[str, object], **more: object) -> bytes:
    """A document."""
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": version, "components": components, **more}).encode()


def test_libraries() -> None:
    """lib*.so* are libraries; extension modules and texts are none. A repair's digest is no part of the name."""
    found = bundled_libraries(
        wheel(
            {
                "demo.libs/libfoo-0123abcd-89abcdef.so.5.0.1": shared_object(
                    "libbar.so", "libc.so.6", soname="libfoo.so.5"
                ),
                "demo/libbar.so": shared_object(soname="libbar.so"),
                "demo/_native.cpython-311-x86_64-linux-gnu.so": shared_object("libfoo.so.5"),
                "demo/libmodule.abi3.so": shared_object(),
                "demo/libtext.so": b"GROUP ( libbar.so )" * 10,
                "demo/plain.py": b"pass\n",
            }
        )
    )
    assert [(each.path, each.name, each.version, each.soname, each.needed) for each in found] == [
        ("demo.libs/libfoo-0123abcd-89abcdef.so.5.0.1", "libfoo", "5.0.1", "libfoo.so.5", ("libbar.so", "libc.so.6")),
        ("demo/libbar.so", "libbar", "", "libbar.so", ()),
    ]
    content = shared_object(soname="libbar.so")
    assert (found[1].sha256, found[1].sha512) == (
        hashlib.sha256(content).hexdigest(),
        hashlib.sha512(content).hexdigest(),
    )


def test_a_record_of_other_hashes() -> None:
    """The digests are those of the bytes, whichever hash RECORD states; where it states another, nothing is told."""
    content = shared_object(soname="libbar.so")
    made = wheel({"demo/libbar.so": content})

    def stating(digest: bytes) -> Wheel:
        value = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        (file,) = (each for each in made.files if each.path == "demo/libbar.so")
        return replace(made, files=(replace(file, row=replace(file.row, hash=f"sha512={value}")),))

    (found,) = bundled_libraries(stating(hashlib.sha512(content).digest()))
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.sha512 == hashlib.sha512(content).hexdigest()
    with pytest.raises(IntegrityError, match="TB4107"):
        bundled_libraries(stating(bytes(64)))


@pytest.mark.parametrize("version", ["1.3", "1.4", "1.5", "1.6", "1.7"])
def test_shipped_bom(version: str) -> None:
    """Components with what the document states of them, whichever version wheels ship."""
    part = {"type": "library", "bom-ref": "a", "name": "ahash", "version": "0.8", "purl": "pkg:cargo/ahash@0.8"}
    part |= {"licenses": [{"expression": "MIT OR Apache-2.0"}], "group": "g"}
    other = {"type": "library", "bom-ref": "b", "name": "b"}
    content = cyclonedx(version, part, other, dependencies=[{"ref": "a", "dependsOn": ["b"]}])
    (found,) = shipped_boms(wheel({f"{_SBOMS}/a.cdx.json": content}))
    assert (found.path, found.sha256) == (f"{_SBOMS}/a.cdx.json", hashlib.sha256(content).hexdigest())
    assert found.parts[0] == ShippedPart(
        reference="a",
        type="library",
        name="g/ahash",
        version="0.8",
        purl="pkg:cargo/ahash@0.8",
        hashes=(),
        licences=(("expression", "MIT OR Apache-2.0"),),
        makers=(),
        needs=("b",),
    )
    assert [each.name for each in found.parts] == ["g/ahash", "b"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"spdxVersion": "SPDX-2.3"}',
        b"<bom/>",
        b"\xff",
        b"[" * 100_000,
        cyclonedx("9.9"),
        cyclonedx("1.5", {"name": ["x"]}),
        cyclonedx("1.5", *({"name": f"n{number}"} for number in range(5001))),
    ],
)
def test_documents_that_are_not_merged(content: bytes) -> None:
    """They are named with their digest, and nothing of them is believed."""
    (found,) = shipped_boms(wheel({f"{_SBOMS}/a.json": content}))
    assert (found.sha256, found.parts) == (hashlib.sha256(content).hexdigest(), ())


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ("Author-email: Ada <ada@demo.example>\nHome-page: https://demo.example", "ada@demo.example"),
        ("Maintainer-email: none\nProject-URL: Home, https://demo.example/x", "https://demo.example/x"),
        ("Home-page: javascript:alert(1)", ""),
        ("Home-page: https://demo.example/\u00e9 x", ""),
        ("Summary: no address", ""),
    ],
)
def test_contact(fields: str, address: str) -> None:
    """A mail address first; only web addresses of plain signs."""
    from twinbuild.wheel.metadata import parse_metadata

    content = f"Metadata-Version: 2.1\nName: demo\nVersion: 1\n{fields}\n".encode()
    assert contact_of(parse_metadata(content, archive="a", member="b")) == address
