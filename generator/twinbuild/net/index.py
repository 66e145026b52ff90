"""A package index: a web server with the simple API, the same as files, or a plain directory of wheels."""

from __future__ import annotations

import os
from pathlib import Path

from twinbuild.errors import FetchError, TwinbuildError
from twinbuild.net.address import is_web, join, redact
from twinbuild.net.opener import Opener, local_path
from twinbuild.net.simple import ACCEPT, IndexFile, normalise, parse_page, project_of

__all__ = ["IndexFile", "files"]

_LARGEST_PAGE = 64 << 20  # bytes


def files(opener: Opener, index: str, project: str) -> tuple[IndexFile, ...]:
    """All files that an index has of a project, in its order.

    ``index`` is the base address of the simple API (``https://…/simple``, ``file:///…/simple``) or a directory with
    wheels in it. A directory's files are sorted and have no ``sha256``. Raises FetchError TB3040 (page), TB3041 (no
    such project), and what ``Opener.get`` raises.
    """
    name = normalise(project)
    try:
        if is_web(index):
            allow_http = index.lower().startswith("http:")  # the setting itself says http
            page = opener.get(join(index, name) + "/", limit=_LARGEST_PAGE, accept=ACCEPT, allow_http=allow_http)
            return parse_page(page.body, content_type=page.content_type, url=page.url)
        return _local(opener, local_path(index), name)
    except FetchError as error:
        if error.findings[0].code != "TB3015":
            raise
        raise no_project(index, name) from None


def _local(opener: Opener, directory: str, name: str) -> tuple[IndexFile, ...]:
    below = join(directory, name)
    for page, media in (("index.json", "application/json"), ("index.html", "text/html")):
        if Path(below, page).is_file():
            content = opener.get(join(below, page), limit=_LARGEST_PAGE)
            return parse_page(content.body, content_type=media, url=content.url)
    found = []
    for place in (below, directory):
        try:
            with os.scandir(place) as entries:
                found += [
                    IndexFile(filename=entry.name, url=Path(entry.path).as_uri(), size=entry.stat().st_size)
                    for entry in entries
                    if project_of(entry.name) == name and entry.is_file()
                ]
        except FileNotFoundError:
            continue
        except OSError as error:
            raise FetchError.of(
                "TB3010",
                f"the index's directory cannot be read: {os.strerror(error.errno or 0).lower()}",
                hint="correct the index's address or the directory's rights",
                where=place,
            ) from None
    if not found:
        raise no_project(directory, name)
    return tuple(sorted(found, key=lambda file: file.filename))


def no_project(index: str, name: str) -> TwinbuildError:
    """The error of an index that has nothing of a project."""
    return FetchError.of(
        "TB3041",
        f"the index has no project {name!r}",
        hint="check the name, and which index the spec names for it",
        where=redact(index),
    )
