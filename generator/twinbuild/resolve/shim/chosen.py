"""What pip chose, file by file; or why it could not choose."""

from __future__ import annotations

import concurrent.futures
import hashlib
import pathlib
from typing import Any, Final

from pip._internal.exceptions import NetworkConnectionError, PipError, ResolutionTooDeepError
from pip._internal.resolution.resolvelib.candidates import ExtrasCandidate, LinkCandidate
from pip._vendor.packaging import markers
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.requests import RequestException

from .asked import Refusal, Target, cause

__all__ = ["candidates", "explain", "sha256", "wheels"]

# ruff: noqa: SLF001  pip has no public way to say what it resolved

UNKNOWABLE: Final = frozenset({"platform_release", "platform_version"})  # of the kernel that will run the image
_NETWORK: Final = ("Connection", "SSL", "RetryError", "IncompleteDownload")


def candidates(target: Target) -> dict[str, Any]:
    """The chosen candidate of each project."""
    mapping = target.resolvers[-1]._result.mapping
    return {str(each.project_name): each for each in mapping.values() if isinstance(each, LinkCandidate)}


def sha256(target: Target, link: Any) -> str:
    """What the index states for a file, else what is known of it from before; a file on this disk is hashed."""
    stated = link._hashes.get("sha256") or target.known(link)
    if stated is None and link.is_file:
        with pathlib.Path(link.file_path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    if not isinstance(stated, str) or len(stated) != 64:
        raise Refusal("no-sha256", file=link.filename, files=unhashed(target))
    return stated.lower()


def unhashed(target: Target) -> list[dict[str, Any]]:
    """The chosen files whose index states no SHA-256 and that nobody read before: where each is, for who reads it."""
    session = target.resolvers[-1].factory.preparer._session
    found = []
    for project, candidate in sorted(candidates(target).items()):
        link = candidate.source_link
        if not (link._hashes.get("sha256") or link.is_file or target.known(link)):
            where = {"index": target.index_of(project), "file": link.filename, "url": link.url_without_fragment}
            found.append({**where, "size": size(target, link, session)})
    return found


def size(target: Target, link: Any, session: Any) -> int:
    """The index's word (PEP 700), else the file's, else the file server's."""
    known = target.sizes.get(link.url_without_fragment)
    if known:
        return known
    if link.is_file:
        return pathlib.Path(link.file_path).stat().st_size
    plain = {"Accept-Encoding": "identity"}
    try:
        response = session.head(link.url_without_fragment, headers=plain, allow_redirects=True)
        length = response.headers.get("Content-Length", "") if response.ok else ""
        if not length.isdecimal():  # some servers answer HEAD badly: ask for one byte
            ranged = {**plain, "Range": "bytes=0-0"}
            with session.get(link.url_without_fragment, headers=ranged, stream=True) as response:
                whole = response.headers.get("Content-Length", "") if response.status_code == 200 else ""
                length = whole or response.headers.get("Content-Range", "").rpartition("/")[2]
    except (PipError, RequestException, OSError) as error:
        raise Refusal("network", file=link.filename, status=None, cause=cause(error)) from error
    if not length.isdecimal() or int(length) == 0:
        raise Refusal("no-size", file=link.filename)
    return int(length)


def undecided(parsed: Any, environment: dict[str, str]) -> bool | None:
    """A marker's value where the kernel's keys may hold anything; None where it depends on them."""
    if isinstance(parsed, tuple):
        if UNKNOWABLE & {str(parsed[0]), str(parsed[2])}:
            return None
        marker = markers.Marker(" ".join(part.serialize() for part in parsed))
        return bool(marker.evaluate(environment))
    alternatives: list[list[bool | None]] = [[]]
    for part in parsed:
        if part == "or":
            alternatives.append([])
        elif part != "and":
            alternatives[-1].append(undecided(part, environment))
    values = [False if False in terms else None if None in terms else True for terms in alternatives]
    return True if True in values else None if None in values else False


def requires(project: str, candidate: Any, extras: set[str], chosen: dict[str, Any]) -> list[str]:
    """The projects that a distribution requires on this target with these extras."""
    for text in candidate.dist.metadata.get_all("Requires-Dist", []):
        if not any(key in text for key in UNKNOWABLE):
            continue
        marker = markers.Marker(text.partition(";")[2].strip())
        for extra in extras or {""}:
            if undecided(marker._markers, {"extra": extra}) is None:
                raise Refusal("kernel-marker", project=project, requirement=text)
    names = {str(canonicalize_name(each.name)) for each in candidate.dist.iter_dependencies(extras)} - {project}
    if not names <= chosen.keys():
        raise Refusal("incomplete", project=project, absent=sorted(names - chosen.keys()))
    return sorted(names)


def wheels(target: Target) -> list[dict[str, Any]]:
    """What was chosen, one file of one index for each project."""
    chosen = candidates(target)
    extras: dict[str, set[str]] = {}
    resolver = target.resolvers[-1]
    for each in resolver._result.mapping.values():
        if isinstance(each, ExtrasCandidate):
            extras.setdefault(str(each.project_name), set()).update(str(canonicalize_name(x)) for x in each.extras)
    links = {project: candidate.source_link for project, candidate in chosen.items()}
    session = resolver.factory.preparer._session
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        sizes = dict(zip(links, pool.map(lambda link: size(target, link, session), links.values()), strict=True))
    return [
        {
            "name": project,
            "version": str(candidate.version),
            "filename": links[project].filename,
            "sha256": sha256(target, links[project]),
            "size": sizes[project],
            "index": target.index_of(project),
            "yanked": links[project].yanked_reason,
            "extras": sorted(extras.get(project, ())),
            "requires": requires(project, candidate, extras.get(project, set()), chosen),
        }
        for project, candidate in sorted(chosen.items())
    ]


def explain(error: Exception, target: Target) -> dict[str, Any]:
    """Why nothing satisfies everything: the causes that pip names, and what their projects' pages offer."""
    impossible = error.__cause__
    for each in (error, impossible or error.__context__):
        if isinstance(each, NetworkConnectionError) or any(word in type(each).__name__ for word in _NETWORK):
            status = getattr(getattr(each, "response", None), "status_code", None)
            return {"kind": "network", "status": status, "cause": cause(error)}
    causes = []
    for requirement, parent in getattr(impossible, "causes", ()):
        ireq = requirement.get_candidate_lookup()[1]
        python = not hasattr(requirement, "_ireq") and hasattr(requirement, "specifier")
        causes.append(
            {
                "project": str(requirement.project_name),
                "requirement": str(requirement.specifier if python else ireq.req if ireq else requirement),
                "python": python,
                "parent": None if parent is None else {"name": str(parent.name), "version": str(parent.version)},
            }
        )
    if not causes:
        kind = "too-deep" if isinstance(error, ResolutionTooDeepError) else "pip"
        return {"kind": kind, "cause": type(error).__name__, "text": str(error)}
    projects = {each["project"] for each in causes}
    pages = {project: page for project, page in target.pages.items() if project in projects}
    return {"kind": "impossible", "causes": causes, "pages": pages}
