"""The points of pip and pip-tools that are replaced, numbered as in the package's docstring."""

from __future__ import annotations

import html
import pathlib
import urllib.parse
from typing import Any

import piptools.repositories.local
import piptools.repositories.pypi
from pip._internal.cli.req_command import RequirementCommand
from pip._internal.exceptions import NetworkConnectionError, PipError
from pip._internal.index import collector
from pip._internal.index.package_finder import LinkEvaluator, LinkType, PackageFinder
from pip._internal.models.link import Link
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.target_python import TargetPython
from pip._internal.network.lazy_wheel import HTTPRangeRequestUnsupported
from pip._internal.operations import prepare
from pip._internal.utils.urls import url_to_path
from pip._vendor.packaging import markers, tags
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.requests import RequestException

from .asked import Refusal, Target, cause
from .chosen import candidates, sha256

__all__ = ["patch"]

# ruff: noqa: SLF001  replacing private parts of pip is what this module is for


def patch(target: Target) -> None:
    """Replace all of them."""
    patch_target(target)
    patch_indexes(target)
    patch_metadata()
    patch_files(target)


def patch_target(target: Target) -> None:
    """Replace markers, tags and Python version by the target's (1, 2)."""
    environment = target.request["markers"]
    markers.default_environment = lambda: dict(environment)
    version = tuple(target.request["python"])
    python = TargetPython(py_version_info=version)
    python._valid_tags = [tag for text in target.request["tags"] for tag in tags.parse_tag(text)]

    build_finder = RequirementCommand._build_package_finder

    def finder_for_target(self: Any, options: Any, session: Any, **_: Any) -> Any:
        return build_finder(self, options=options, session=session, target_python=python)

    make_resolver = RequirementCommand.make_resolver.__func__

    def resolver_for_target(*positional: Any, **named: Any) -> Any:
        named["py_version_info"] = version
        resolver = make_resolver(RequirementCommand, *positional, **named)
        target.resolvers.append(resolver)
        return resolver

    RequirementCommand._build_package_finder = finder_for_target
    RequirementCommand.make_resolver = staticmethod(resolver_for_target)


def patch_indexes(target: Target) -> None:
    """Look for each project on its one index (3)."""

    def one_location(_: Any, project_name: str) -> list[str]:
        return [location(target, canonicalize_name(project_name))]

    def fetch_response(self: Any, link: Any, package_name: str | None = None) -> Any:
        return fetch_page(target, canonicalize_name(package_name or ""), link, self.session)

    SearchScope.get_index_urls_locations = one_location
    collector.LinkCollector.fetch_response = fetch_response


def location(target: Target, project: str) -> str:
    """The address of a project's page."""
    page, addresses = target.page(project), target.request["indexes"]
    if page["index"] not in addresses:
        raise Refusal("no-address", project=project, index=page["index"])
    address = f"{addresses[page['index']].rstrip('/')}/{urllib.parse.quote(project)}/"
    if address.startswith("file:"):  # pip passes over directories that are not there
        directory = pathlib.Path(url_to_path(address))
        if not directory.parent.is_dir():
            raise Refusal("network", project=project, index=page["index"], status=None, cause="no such directory")
        if not directory.is_dir() and wheels_of(directory.parent, project):
            return f"{addresses[page['index']].rstrip('/')}/"
        page["missing"] = not directory.is_dir()
    return address


def fetch_page(target: Target, project: str, link: Any, session: Any) -> Any:
    """A project's page, None if its index says that there is none, and no third possibility (4)."""
    page = target.page(project)
    index, url = page["index"], link.url.partition("#")[0]
    if url.startswith("file:"):
        directory = pathlib.Path(url_to_path(url))
        if not (directory / "index.html").is_file():  # a plain directory of wheels, flat or one for each project
            return listing(wheels_of(directory, project), url)
        url = urllib.parse.urljoin(url, "index.html")
    try:
        response = collector._get_simple_response(url, session=session, force_revalidate=True)
    except (PipError, RequestException, OSError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status != 404:
            raise Refusal("network", project=project, index=index, status=status, cause=cause(error)) from error
        page["missing"] = True
        return None
    except (collector._NotAPIContent, collector._NotHTTP) as error:
        raise Refusal("not-an-index", project=project, index=index) from error
    asked, answered = urllib.parse.urlsplit(url), urllib.parse.urlsplit(response.url)
    if index != "default" and asked.hostname != answered.hostname:  # it forwards what it lacks: anybody's file
        raise Refusal("redirected", project=project, index=index, host=answered.hostname)
    return collector._make_index_content(response, cache_link_parsing=False)


def wheels_of(directory: pathlib.Path, project: str) -> list[pathlib.Path]:
    """The wheels of a project that lie in a directory, sorted."""
    wheels = sorted(directory.glob("*.whl")) if directory.is_dir() else []
    return [each for each in wheels if canonicalize_name(each.name.partition("-")[0]) == project and each.is_file()]


def listing(wheels: list[pathlib.Path], url: str) -> Any:
    """Files of a directory as the page that an index would have; None where there are none."""
    if not wheels:
        return None
    anchors = "".join(f'<a href="{html.escape(each.as_uri())}">{html.escape(each.name)}</a>' for each in wheels)
    content = f"<!DOCTYPE html><html><body>{anchors}</body></html>".encode()
    return collector.IndexContent(content, "text/html", encoding="utf-8", url=url, cache_link_parsing=False)


def patch_metadata() -> None:
    """A server that answers HEAD badly or by a redirect may still send files: pip then reads the whole one (5)."""
    from_ranges = prepare.dist_from_wheel_url

    def from_ranges_or_whole(*positional: Any, **named: Any) -> Any:
        try:
            return from_ranges(*positional, **named)
        except (NetworkConnectionError, AssertionError, KeyError, ValueError) as error:
            raise HTTPRangeRequestUnsupported from error

    prepare.dist_from_wheel_url = from_ranges_or_whole


def patch_files(target: Target) -> None:
    """Note every file's size and verdict, and hold pinned files still (6, 7)."""
    from_json = Link.from_json.__func__

    def sized(cls: Any, file_data: dict[str, Any], page_url: str) -> Any:
        link = from_json(cls, file_data, page_url)
        size = file_data.get("size")
        if link is not None and isinstance(size, int) and not isinstance(size, bool) and size > 0:
            target.sizes[link.url_without_fragment] = size
        return link

    evaluate = LinkEvaluator.evaluate_link

    def evaluate_and_note(self: Any, link: Any) -> Any:
        verdict, detail = evaluate(self, link)
        note(target, canonicalize_name(self.project_name), link, verdict)
        return verdict, detail

    find_all = PackageFinder.find_all_candidates

    def pinned_file_only(self: Any, project_name: str) -> Any:
        offered = find_all(self, project_name)
        pin = target.request["pins"].get(canonicalize_name(project_name))
        if pin is None or not any(each.link.filename == pin["filename"] for each in offered):
            return offered
        return [each for each in offered if may_stand(target, each, pin)]

    def one_hash(_: Any, ireq: Any) -> set[str]:
        return {f"sha256:{sha256(target, candidates(target)[canonicalize_name(ireq.name)].source_link)}"}

    Link.from_json = classmethod(sized)
    LinkEvaluator.evaluate_link = evaluate_and_note
    PackageFinder.find_all_candidates = pinned_file_only
    piptools.repositories.pypi.PyPIRepository.get_hashes = one_hash
    piptools.repositories.local.LocalRequirementsRepository.get_hashes = one_hash


def note(target: Target, project: str, link: Any, verdict: Any) -> None:
    """Record whether a file may be chosen, or why not."""
    page = target.page(project)
    local = link.is_file and verdict is LinkType.candidate  # to which pip does not apply a cut-off
    if verdict is LinkType.upload_time_missing or (local and target.request["cutoff"]):
        raise Refusal("no-upload-time", project=project, index=page["index"], file=link.filename)
    if link.filename.endswith((".whl", ".tar.gz", ".zip")):
        withdrawn = link.is_yanked and verdict is LinkType.candidate
        page["files"][link.filename] = "yanked" if withdrawn else verdict.name


def may_stand(target: Target, offered: Any, pin: dict[str, str]) -> bool:
    """Whether a candidate is of another version than the pin, or the pinned file with the pinned bytes."""
    if str(offered.version) != pin["version"]:
        return True
    if offered.link.filename != pin["filename"]:
        return False
    stated = offered.link._hashes.get("sha256")
    if stated is not None and stated != pin["sha256"]:
        project = canonicalize_name(offered.name)
        facts = {"file": pin["filename"], "expected": pin["sha256"], "got": stated}
        raise Refusal("changed", project=project, index=target.index_of(project), **facts)
    return True
