"""Pages of a package index's simple API, as values (PEP 503, 592, 629, 658, 691, 700, 714). Pure: bytes in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.net.address import redact

__all__ = ["ACCEPT", "IndexFile", "normalise", "parse_page", "project_of"]

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
_JSON = "application/vnd.pypi.simple.v1+json"
_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._!+-]{0,250}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """One file of a project as its index describes it. ``url`` is absolute; ``sha256`` and ``size`` where stated."""

    filename: str
    url: str
    sha256: Digest | None = None
    size: int | None = None  # bytes
    requires_python: str = ""
    yanked: bool = False
    yanked_reason: str = ""
    upload_time: str = ""  # RFC 3339, as stated
    metadata: bool = False  # whether url + ".metadata" exists
    metadata_sha256: Digest | None = None


def normalise(project: str) -> str:
    """A project's name in its one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", project).lower()


def project_of(filename: str) -> str:
    """The normalised name of the project that a file name states, of a wheel or an sdist; "" for another file."""
    for end in (".tar.gz", ".zip"):
        if filename.endswith(end):
            return normalise(filename.removesuffix(end).rpartition("-")[0])
    return normalise(filename.split("-", 1)[0]) if filename.endswith(".whl") and "-" in filename else ""


def parse_page(body: bytes, *, content_type: str, url: str) -> tuple[IndexFile, ...]:
    """The files of a project's page, in the page's order; entries whose file name is unsafe are left out.

    ``url`` is the page's own address, to which its links are relative. Raises FetchError TB3040.
    """
    if content_type == _JSON or (not content_type and body.lstrip()[:1] == b"{") or content_type == "application/json":
        return _from_json(body, url)
    if content_type in ("application/vnd.pypi.simple.v1+html", "text/html", ""):
        return _from_html(body, url)
    raise _malformed(url, f"has the media type {content_type[:80]!r}, expected JSON or HTML of the simple API")


def _from_json(body: bytes, url: str) -> tuple[IndexFile, ...]:
    try:
        page = json.loads(body)
    except (ValueError, RecursionError):
        raise _malformed(url, "is not JSON") from None
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        raise _malformed(url, "has no list of files")
    meta = page.get("meta")
    version = meta.get("api-version") if isinstance(meta, dict) else None
    _check_version(version if isinstance(version, str) else "", url)
    found = (_entry(entry, url) for entry in page["files"] if isinstance(entry, dict))
    return tuple(entry for entry in found if entry is not None)


def _entry(entry: dict[str, object], url: str) -> IndexFile | None:
    size, yanked = entry.get("size"), entry.get("yanked", False)
    metadata = entry.get("core-metadata", entry.get("dist-info-metadata", False))
    return _file(
        filename=_text(entry.get("filename")),
        url=url,
        link=_text(entry.get("url")),
        sha256=_sha256(entry.get("hashes"), url),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        requires_python=_text(entry.get("requires-python")),
        yanked=yanked if isinstance(yanked, (bool, str)) else False,
        upload_time=_text(entry.get("upload-time")),
        metadata=bool(metadata),
        metadata_sha256=_sha256(metadata, url),
    )


def _file(
    *,
    filename: str,
    url: str,
    link: str,
    sha256: Digest | None,
    yanked: bool | str,
    size: int | None = None,
    requires_python: str = "",
    upload_time: str = "",
    metadata: bool = False,
    metadata_sha256: Digest | None = None,
) -> IndexFile | None:
    try:
        absolute = urljoin(url, link).partition("#")[0]
        scheme = urlsplit(absolute).scheme
    except ValueError:
        return None
    # A page from the web may not point into this machine; a page of this machine may point anywhere.
    schemes = ("http", "https", "file") if url.startswith("file:") else ("http", "https")
    if not link or not _FILENAME.fullmatch(filename) or scheme not in schemes:
        return None
    return IndexFile(
        filename=filename,
        url=absolute,
        sha256=sha256,
        size=size,
        requires_python=requires_python,
        yanked=yanked is not False,
        yanked_reason=yanked if isinstance(yanked, str) else "",
        upload_time=upload_time,
        metadata=metadata,
        metadata_sha256=metadata_sha256,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _sha256(hashes: object, url: str) -> Digest | None:
    value = hashes.get("sha256") if isinstance(hashes, dict) else None
    return None if value is None else _digest(value, url)


def _digest(value: object, url: str) -> Digest:
    try:
        return Digest(_text(value).lower())
    except IntegrityError:
        raise _malformed(url, f"has a malformed sha256: {str(value)[:80]!r}") from None


def _check_version(version: str, url: str) -> None:
    if not re.fullmatch(r"1\.[0-9]+", version):
        raise _malformed(url, f"has API version {version[:20]!r}, expected 1.x")


class _Page(HTMLParser):
    """Anchors of a PEP 503 page with their text, its base and its version."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.version = "1.0"
        self.anchors: list[tuple[dict[str, str | None], list[str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(reversed(attrs))  # the first of several counts, as in HTML
        if tag == "a":
            self.anchors.append((fields, []))
            self._inside = True
        elif tag == "base" and not self.base:
            self.base = fields.get("href") or ""
        elif tag == "meta" and fields.get("name") == "pypi:repository-version":
            self.version = fields.get("content") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.anchors[-1][1].append(data)


def _from_html(body: bytes, url: str) -> tuple[IndexFile, ...]:
    page = _Page()
    try:
        page.feed(body.decode("utf-8"))
        page.close()
        base = urljoin(url, page.base)
    except (ValueError, AssertionError, RecursionError):  # what html.parser raises for hopeless input
        raise _malformed(url, "is not an HTML page in UTF-8") from None
    _check_version(page.version, url)
    if urlsplit(base).scheme == "file" and not url.startswith("file:"):
        raise _malformed(url, "has a base on this machine")
    files = []
    for fields, words in page.anchors:
        link = fields.get("href") or ""
        fragment = link.partition("#")[2]
        metadata = fields.get("data-core-metadata", fields.get("data-dist-info-metadata", "false")) or "true"
        sha256 = _digest(fragment.removeprefix("sha256="), url) if fragment.startswith("sha256=") else None
        named = metadata.startswith("sha256=")
        files.append(
            _file(
                filename="".join(words).strip() or unquote(link.partition("#")[0].rpartition("/")[2]),
                url=base,
                link=link,
                sha256=sha256,
                requires_python=fields.get("data-requires-python") or "",
                yanked=(fields["data-yanked"] or True) if "data-yanked" in fields else False,
                metadata=metadata != "false",
                metadata_sha256=_digest(metadata.removeprefix("sha256="), url) if named else None,
            )
        )
    return tuple(entry for entry in files if entry is not None)


def _malformed(url: str, reason: str) -> FetchError:
    return FetchError.of(
        "TB3040",
        f"the index's page {reason}",
        hint="check that the address is the simple API of a package index (it often ends in /simple)",
        where=redact(url),
    )
