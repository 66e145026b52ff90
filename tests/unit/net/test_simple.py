"""Pages of the simple API, JSON and HTML, honest and not."""

from __future__ import annotations

import json

import pytest

from twinbuild.errors import FetchError
from twinbuild.model.digest import Digest
from twinbuild.net.simple import IndexFile, normalise, parse_page, project_of

JSON = "application/vnd.pypi.simple.v1+json"
URL = "https://index.example/simple/pkg/"
A = "a" * 64


def document(*files: object, version: object = "1.1") -> bytes:
    """A JSON page."""
    return json.dumps({"meta": {"api-version": version}, "name": "pkg", "files": files}).encode()


def test_json() -> None:
    """Every field of a file that PEP 691, 592, 658 and 700 name is read; links are relative to the page."""
    full = {
        "filename": "pkg-1.0-py3-none-any.whl", "url": "../../files/p.whl#sha256=x",
        "hashes": {"sha256": A, "md5": "1"},
        "size": 5, "requires-python": ">=3.9", "yanked": "broken", "upload-time": "2026-01-01T00:00:00Z",
        "core-metadata": {"sha256": A},
    }  # fmt: skip
    least = {"filename": "pkg-2.0.tar.gz", "url": "https://files.example/2", "hashes": {}}
    assert parse_page(document(full, least), content_type=JSON, url=URL) == (
        IndexFile(
            filename="pkg-1.0-py3-none-any.whl", url="https://index.example/files/p.whl", sha256=Digest(A), size=5,
            requires_python=">=3.9", yanked=True, yanked_reason="broken", upload_time="2026-01-01T00:00:00Z",
            metadata=True, metadata_sha256=Digest(A),
        ),
        IndexFile(filename="pkg-2.0.tar.gz", url="https://files.example/2"),
    )  # fmt: skip


def test_html() -> None:
    """Anchors of PEP 503 with their attributes, entities and base."""
    body = f"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0"><base href="/f/"></head>
    <body><a href="p%2B1.whl#sha256={A}" data-requires-python="&gt;=3.9" data-yanked data-core-metadata="sha256={A}">
    pkg-1+1-py3-none-any.whl</a> <A HREF='q.whl'>q-1-py3-none-any.whl</A></body></html>""".encode()
    for media in ("text/html", "application/vnd.pypi.simple.v1+html", ""):
        assert parse_page(body, content_type=media, url=URL) == (
            IndexFile(
                filename="pkg-1+1-py3-none-any.whl", url="https://index.example/f/p%2B1.whl", sha256=Digest(A),
                requires_python=">=3.9", yanked=True, metadata=True, metadata_sha256=Digest(A),
            ),
            IndexFile(filename="q-1-py3-none-any.whl", url="https://index.example/f/q.whl"),
        )  # fmt: skip


@pytest.mark.parametrize(
    "entry",
    [
        {"filename": "../x.whl", "url": "x"},
        {"filename": "a/b.whl", "url": "x"},
        {"filename": "-rf.whl", "url": "x"},
        {"filename": "a\nb.whl", "url": "x"},
        {"filename": "", "url": "x"},
        {"filename": "x.whl", "url": "file:///etc/passwd"},
        {"filename": "x.whl", "url": "javascript:x"},
        {"filename": "x.whl", "url": "http://[x"},
        {"filename": "x.whl", "url": ""},
        {"filename": 5, "url": "x"},
        "text",
    ],
)
def test_unsafe_entries_are_left_out(entry: object) -> None:
    """Entries whose name or link is unsafe do not exist; the page's others do."""
    good = {"filename": "pkg-1.whl", "url": "g"}
    found = parse_page(document(entry, good), content_type=JSON, url=URL)
    assert [file.filename for file in found] == ["pkg-1.whl"]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"", JSON),
        (b"[]", JSON),
        (b"{}", JSON),
        (b"[" * 100_000, JSON),
        (document(version="2.0"), JSON),
        (document(version=1), JSON),
        (document({"filename": "x.whl", "url": "x", "hashes": {"sha256": "../"}}), JSON),
        (b"\xff", "text/html"),
        (b'<meta name="pypi:repository-version" content="2.0">', "text/html"),
        (b'<base href="file:///etc/"><a href="passwd">x.whl</a>', "text/html"),
        (b'<a href="x.whl#sha256=zz">x.whl</a>', "text/html"),
        (b"PNG", "image/png"),
    ],
)
def test_malformed_pages(body: bytes, media: str) -> None:
    """What is no page of the simple API 1.x is refused as that."""
    with pytest.raises(FetchError) as caught:
        parse_page(body, content_type=media, url=URL)
    assert caught.value.findings[0].code == "TB3040"


def test_names() -> None:
    """Names are normalised as PEP 503 says; a wheel's file name states its project."""
    assert normalise("Foo.Bar__baz--q") == "foo-bar-baz-q"
    assert project_of("Foo_Bar-1.0-py3-none-any.whl") == "foo-bar"
    assert project_of("foo_bar-1.0.tar.gz") == project_of("foo-bar-1.0.zip") == "foo-bar"
    assert project_of("readme.whl") == project_of("readme.txt") == ""
